//! A generator that starts to write other code is noticed by every correction that relied on the old one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;

use xtask::lower::{Lowered, lower};
use xtask::{check, codegen, convert, postpass};

fn lowered() -> Lowered {
    let document = convert::convert(&support::pottery()).unwrap();
    check::check(&document).unwrap();
    lower(&document).unwrap()
}

/// What the post-pass says about generated code in which every `old` is `new`.
fn corrected(old: &str, new: &str) -> Result<Vec<String>, String> {
    let lowered = lowered();
    let file = Path::new("x.json");
    let code = prettyplease::unparse(&codegen::generate(&lowered.document, file).unwrap());
    assert!(code.contains(old), "{old} is not in the generated code");
    let mut code = syn::parse_file(&code.replace(old, new)).unwrap();
    postpass::correct(&mut code, &lowered, file).map_err(|e| e.to_string())
}

#[track_caller]
fn noticed(old: &str, new: &str, expected: &str) {
    let said = corrected(old, new).unwrap_err();
    assert!(said.contains(expected), "expected {expected}\n     got {said}");
}

#[test]
fn what_the_generator_writes_now_passes() {
    let methods = corrected("Kiln", "Kiln").unwrap();
    assert_eq!(methods.len(), lowered().operations.len());
    assert_eq!(methods[0], "kilns_list");
}

#[test]
fn what_it_might_write_one_day_is_noticed() {
    noticed(
        "from_static(\"api-version\")",
        "from_static(\"x-version\")",
        "`api-version header`: expected 11, found 0",
    );
    noticed(
        "encode_path(",
        "escape_path(",
        "`path segments`: expected 9, found 0",
    );
    noticed(
        ".json(&body)",
        ".json_body(&body)",
        "`content type`: expected 1, found 0",
    );
    noticed(
        "::std::fmt::Display for KilnState",
        "::std::fmt::Debug for KilnState",
        "`implementations of enums`: expected 16, found 15",
    );
    noticed(
        "pub mod prelude",
        "pub mod preface",
        "`prelude`: expected 1, found 0",
    );
    noticed(
        "pub fn new(",
        "pub fn create(",
        "`constructor`: expected 1, found 0",
    );
    noticed(
        "assert_client_hooks",
        "assert_hooks",
        "`hooks`: expected 1, found 0",
    );
    noticed(
        "self.post(&result, &info).await?;",
        "",
        "`requests`: expected 11, found 0",
    );
    noticed("pub secret_key:", "pub hidden:", "`secrets`: expected 2, found 0");
    noticed(
        ".get(url)",
        ".head(url)",
        "`order of methods`: expected GET {}/kilns, found HEAD {}/kilns",
    );
    noticed(
        "{}/kilns/{}/firings/{}",
        "{}/kilns/{}/fires/{}",
        "expected POST {}/kilns/{}/firings/{}, found POST {}/kilns/{}/fires/{}",
    );
    noticed(
        "operation_id: \"kilns_get\"",
        "operation_id: \"Kilns_Get\"",
        "`operation id`: expected kilns_get",
    );
}
