//! Responses.

use serde_json::json;

use super::{assert_has, code, get, refused};

#[test]
fn a_body_that_another_success_lacks_is_an_option() {
    let code = code(|d| get(d)["responses"]["202"] = json!({ "description": "" }));
    assert_has(
        &code,
        &[
            "Result<TypedRequest<Option<types::Loom>>, Error<()>>",
            "200u16 => ResponseValue::from_response(response).await",
            "202u16 => ResponseValue::empty(response).map(|()| None)",
            "success: &[200, 202]",
        ],
    );
}

#[test]
fn a_single_default_response_is_successful() {
    let code = code(|d| {
        let response = get(d)["responses"]["200"].take();
        get(d)["responses"] = json!({ "default": response });
    });
    assert_has(
        &code,
        &["Result<TypedRequest<types::Loom>", "200..=299 =>", "success: &[]"],
    );
}

#[test]
fn an_xml_response_is_a_stream() {
    let code = code(|d| get(d)["produces"] = json!(["application/xml"]));
    assert_has(&code, &["Result<TypedRequest<ByteStream>"]);
}

#[test]
fn a_file_is_a_stream_even_if_json_is_declared() {
    let code = code(|d| get(d)["responses"]["200"]["schema"] = json!({ "type": "file" }));
    assert_has(&code, &["Result<TypedRequest<ByteStream>"]);
}

#[test]
fn a_description_without_operations_says_so() {
    refused(
        |d| d["paths"] = json!({}),
        "looms.json#/paths: unsupported description without operations",
    );
}

#[test]
fn a_version_that_is_not_a_valid_file_name_is_refused() {
    refused(
        |d| d["info"]["version"] = json!("v1/beta"),
        "looms.json#/info/version: unsupported version `v1/beta`",
    );
}
