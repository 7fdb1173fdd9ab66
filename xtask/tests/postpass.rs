//! Every correction detects when the generator's output changes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use xtask::lower::{Lowered, lower};
use xtask::{check, codegen, convert, postpass};

fn lowered() -> Lowered {
    let document = convert::convert(&support::pottery()).unwrap();
    check::check(&document).unwrap();
    lower(&document).unwrap()
}

/// Corrects generated code in which every `old` is replaced by `new`.
fn corrected(old: &str, new: &str) -> Result<Vec<String>, String> {
    let lowered = lowered();
    let code = prettyplease::unparse(&codegen::generate(&lowered.document).unwrap());
    assert!(code.contains(old), "{old} is not in the generated code");
    let mut code = syn::parse_file(&code.replace(old, new)).unwrap();
    postpass::correct(&mut code, &lowered).map_err(|e| format!("#{}: {}", e.pointer, e.fault))
}

#[track_caller]
fn assert_detected(old: &str, new: &str, expected: &str) {
    let message = corrected(old, new).unwrap_err();
    assert!(
        message.contains(expected),
        "expected {expected}\n     got {message}"
    );
}

#[test]
fn current_generator_output_is_corrected() {
    let methods = corrected("Kiln", "Kiln").unwrap();
    assert_eq!(methods.len(), lowered().operations.len());
    assert_eq!(methods[0], "kilns_list");
}

#[test]
fn changed_generator_output_is_detected() {
    assert_detected(
        "from_static(\"api-version\")",
        "from_static(\"x-version\")",
        "#/paths/~1kilns/get: post-pass `api-version header`: expected 1, found 0",
    );
    assert_detected(
        "encode_path(",
        "escape_path(",
        "#/paths/~1kilns~1{kilnId}/get: post-pass `path segments`: expected 1, found 0",
    );
    assert_detected(
        ".json(&body)",
        ".json_body(&body)",
        "#/paths/~1kilns~1{kilnId}/patch: post-pass `content type`: expected 1, found 0",
    );
    assert_detected(
        "::std::fmt::Display for KilnState",
        "::std::fmt::Debug for KilnState",
        "`implementations of enums`: expected 16, found 15",
    );
    assert_detected(
        "pub mod prelude",
        "pub mod preface",
        "#: post-pass `prelude`: expected 1, found 0",
    );
    assert_detected(
        "pub fn new_with_client(",
        "pub fn of_client(",
        "`API version`: expected 3, found 1",
    );
    assert_detected(
        "pub fn new(",
        "pub fn create(",
        "`constructor`: expected 1, found 0",
    );
    assert_detected(
        "pub(crate) baseurl:",
        "pub(crate) base_url:",
        "`base URL`: expected 2, found 1",
    );
    assert_detected(
        "assert_client_hooks",
        "assert_hooks",
        "`hooks`: expected 1, found 0",
    );
    assert_detected(
        "self.post(&result, &info).await?;",
        "",
        "#/paths/~1kilns/get: post-pass `requests`: expected 1, found 0",
    );
    assert_detected(
        "pub secret_key:",
        "pub hidden:",
        "/properties/secretKey: post-pass `secrets`: expected 1, found 0",
    );
    assert_detected(
        ".get(url)",
        ".head(url)",
        "`order of methods`: expected GET {}/kilns, found HEAD {}/kilns",
    );
    assert_detected(
        "{}/kilns/{}/firings/{}",
        "{}/kilns/{}/fires/{}",
        "expected POST {}/kilns/{}/firings/{}, found POST {}/kilns/{}/fires/{}",
    );
    assert_detected(
        "operation_id: \"kilns_get\"",
        "operation_id: \"Kilns_Get\"",
        "`operation id`: expected kilns_get",
    );
}
