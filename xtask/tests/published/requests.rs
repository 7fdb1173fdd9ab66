//! Parameters, bodies and paths.

use serde_json::{Value, json};

use super::{add, assert_has, code, get, put, refused, skipped};

#[test]
fn an_optional_body_is_an_option() {
    let code = code(|d| put(d)["parameters"][0]["required"] = json!(false));
    assert_has(
        &code,
        &[
            "body: Option<&types::Loom>",
            "match body { Some(body) => builder.json(&body), None => builder, }",
        ],
    );
}

#[test]
fn an_optional_body_of_another_type_sets_its_content_type_only_if_present() {
    let code = code(|d| {
        let put = put(d);
        put["consumes"] = json!(["application/merge-patch+json"]);
        put["parameters"][0]["required"] = json!(false);
    });
    let some = code.split("Some(body) =>").nth(1).unwrap();
    assert!(
        some.split("None =>")
            .next()
            .unwrap()
            .contains("application/merge-patch+json"),
        "{code}"
    );
}

#[test]
fn a_stream_keeps_its_content_type() {
    let code = code(|d| {
        let put = put(d);
        put["consumes"] = json!(["image/png"]);
        put["parameters"][0]["schema"] = json!({ "type": "string", "format": "binary" });
    });
    assert_has(
        &code,
        &[
            "from_static(\"image/png\")",
            "request_content_type: Some(\"image/png\")",
            "body: B",
        ],
    );
}

#[test]
fn a_multipart_body_is_skipped() {
    skipped(
        |d| {
            let put = put(d);
            put["consumes"] = json!(["multipart/form-data"]);
            put["parameters"] = json!([{ "name": "pattern", "in": "formData", "type": "file" }]);
        },
        "looms.json#/paths/~1looms/put/consumes/0: unsupported body of type `multipart/form-data`",
    );
}

#[test]
fn a_form_with_several_fields_is_not_sent_as_one_stream() {
    skipped(
        |d| {
            let put = put(d);
            put["consumes"] = json!(["multipart/form-data", "application/octet-stream"]);
            put["parameters"] = json!([
                { "name": "pattern", "in": "formData", "type": "file" },
                { "name": "name", "in": "formData", "type": "string" },
            ]);
        },
        "unsupported body of type `multipart/form-data`",
    );
}

#[test]
fn an_xml_body_is_skipped() {
    skipped(
        |d| put(d)["consumes"] = json!(["application/xml"]),
        "looms.json#/paths/~1looms/put/consumes/0: unsupported body of type `application/xml`",
    );
}

#[test]
fn a_nullable_path_parameter_is_required() {
    let code = code(|d| {
        d["paths"]["/looms/{id}"] = d["paths"]["/looms"].clone();
        let get = &mut d["paths"]["/looms/{id}"]["get"];
        get["operationId"] = json!("Looms_GetOne");
        get["parameters"] = json!([
            { "name": "id", "in": "path", "required": true, "type": "string", "x-nullable": true }
        ]);
    });
    assert_has(&code, &["fn looms_get_one_request( &self, id: &str, )"]);
}

#[test]
fn a_nullable_required_parameter_is_optional() {
    let code = code(|d| {
        get(d)["parameters"] = json!([
            { "name": "room", "in": "query", "required": true, "type": "string", "x-nullable": true },
            { "name": "hall", "in": "header", "required": true, "type": "string", "x-nullable": true },
        ]);
    });
    assert_has(&code, &["room: Option<&str>", "hall: Option<&str>"]);
}

#[test]
fn an_operation_with_a_query_in_its_path_sends_the_query() {
    let code = code(|d| {
        let mut item = d["paths"]["/looms"].clone();
        item["get"]["operationId"] = json!("Looms_List");
        item["get"]["parameters"] = json!([
            { "name": "comp", "in": "query", "required": true, "type": "string", "enum": ["list"] },
            { "name": "kind", "in": "query", "required": true, "type": "string" },
        ]);
        d["x-ms-paths"] = json!({ "/looms?comp=list&kind={kind}": item });
    });
    assert_has(
        &code,
        &[
            "fn looms_list_request( &self, kind: &str, )",
            "self.baseurl.join_with_query(\"/looms\", \"comp=list\")?",
            "QueryParam::new(\"kind\", &kind)",
            "self.baseurl.join(\"/looms\")?",
            "path: \"/looms?comp=list&kind={kind}\"",
        ],
    );
}

fn scoped(document: &mut Value, location: &str) {
    document["paths"]["/{scope}/looms"] = document["paths"]["/looms"].clone();
    let get = &mut document["paths"]["/{scope}/looms"]["get"];
    get["operationId"] = json!("Looms_Put");
    get["parameters"] = json!([
        { "name": "scope", "in": "path", "required": true, "type": "string", "x-ms-skip-url-encoding": true },
    ]);
    if location == "query" {
        add(
            get,
            json!({ "name": "skip", "in": "query", "type": "string", "x-ms-skip-url-encoding": true }),
        );
    }
}

#[test]
fn an_unencoded_path_parameter_keeps_its_slashes() {
    let code = code(|d| scoped(d, "path"));
    assert_has(
        &code,
        &["::azure_protocol_runtime::path_segments::<()>(\"scope\", scope)?"],
    );
}

#[test]
fn an_unencoded_query_parameter_is_skipped() {
    skipped(
        |d| scoped(d, "query"),
        "unsupported unencoded query parameter `skip`",
    );
}

#[test]
fn the_api_version_is_sent_where_it_is_declared() {
    let version = |location: &'static str| {
        move |d: &mut Value| {
            get(d)["parameters"] =
                json!([{ "name": "api-version", "in": location, "required": true, "type": "string" }]);
        }
    };
    let in_query = code(version("query"));
    assert_has(
        &in_query,
        &["TypedRequest::new(&operations::LOOMS_GET, request, &self.api_version)"],
    );
    let in_header = code(version("header"));
    assert_has(
        &in_header,
        &["TypedRequest::with_version_header( &operations::LOOMS_GET, request, &self.api_version, )"],
    );
    let nowhere = code(|d| get(d)["parameters"] = json!([]));
    assert_has(
        &nowhere,
        &["TypedRequest::unversioned(&operations::LOOMS_GET, request)"],
    );
}

#[test]
fn an_api_version_in_the_path_is_filled_in() {
    let code = code(|d| {
        let mut item = d["paths"]["/looms"].clone();
        item["get"]["parameters"] = json!([
            { "name": "api-version", "in": "path", "required": true, "type": "string" },
            { "name": "room", "in": "path", "required": true, "type": "string" },
        ]);
        d["paths"] = json!({ "/{api-version}/{room}/looms": item });
    });
    assert_has(
        &code,
        &[
            "path_segment::<()>(\"room\", room)?",
            "&format!(\"/2031-02-03/{}/looms\", segment_1)",
            "TypedRequest::unversioned(",
        ],
    );
}

#[test]
fn an_operation_with_its_own_api_version_sends_it() {
    let code = code(|d| get(d)["parameters"][0]["enum"] = json!(["2029-01-01"]));
    assert_has(
        &code,
        &["TypedRequest::new(&operations::LOOMS_GET, request, \"2029-01-01\")"],
    );
}

#[test]
fn a_collection_of_headers_is_skipped() {
    skipped(
        |d| {
            add(
                put(d),
                json!({
                    "name": "x-meta", "in": "header", "type": "string", "x-ms-header-collection-prefix": "x-meta-"
                }),
            );
        },
        "looms.json#/paths/~1looms/put/parameters/1: unsupported collection of headers `x-meta`",
    );
}

#[test]
fn tab_separated_values_are_refused() {
    refused(
        |d| {
            add(
                get(d),
                json!({
                    "name": "sizes", "in": "query", "type": "array", "items": { "type": "string" }, "collectionFormat": "tsv"
                }),
            );
        },
        "looms.json#/paths/~1looms/get/parameters/1/collectionFormat: unsupported collectionFormat `tsv`",
    );
}

#[test]
fn a_base_path_is_not_lost() {
    let document = super::looms(|d| d["basePath"] = json!("/weaving"));
    let stages = super::run(&document, super::Unsupported::Refuse).unwrap();
    assert_eq!(
        stages.description["servers"][0]["url"],
        "https://weaving.example/weaving"
    );
}
