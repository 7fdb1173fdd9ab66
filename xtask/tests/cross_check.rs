//! Compares the converter with an independent one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::json;
use xtask::convert::convert;
use xtask::diff::diff;
use xtask::facts::Facts;

#[test]
fn an_independent_converter_yields_the_same_facts() {
    let mut document = support::pottery();
    // The other converter requires `scopes`, which published files omit.
    document["securityDefinitions"]["entra"]["scopes"] = json!({});
    // The other converter does not support responses of type `file`.
    document["paths"]["/pictures/{name}"]
        .as_object_mut()
        .unwrap()
        .remove("get")
        .unwrap();
    // Beside a `$ref`, the other converter supports only a description; published files have other keywords, too.
    document["definitions"]["Kiln"]["properties"]["glaze"]
        .as_object_mut()
        .unwrap()
        .remove("readOnly")
        .unwrap();
    // The other converter does not support Azure's extension for the host.
    document
        .as_object_mut()
        .unwrap()
        .remove("x-ms-parameterized-host")
        .unwrap();
    let ours = convert(&document).unwrap();

    let swagger: roas::v2::spec::Spec = serde_json::from_value(document).unwrap();
    let theirs: roas::v3_0::spec::Spec = swagger.into();
    let mut theirs = serde_json::to_value(theirs).unwrap();

    let report = diff(&Facts::of(&theirs).unwrap(), &Facts::of(&ours).unwrap());
    let differences: Vec<_> = report
        .changes
        .iter()
        .map(|c| c.to_string().replace("BREAKING", "").trim().to_owned())
        .collect();
    let expected = [
        // The other converter writes the default `explode` of paths and headers.
        "removed  constraint GET /glazes/{names} path names explode",
        "removed  constraint GET /kilns header x-marks explode",
        // The other converter drops the default `collectionFormat` csv. Without `explode`, OpenAPI 3.0 explodes query
        // arrays.
        "added    constraint GET /kilns query colours explode",
        "added    constraint GET /kilns query colours style",
        // A form with a required field is required.
        "changed  body POST /orders: optional → required",
        // The other converter adds a type to a schema of any value.
        "changed  type of Box{}: object → any",
        // The other converter drops the discriminator of a base type.
        "added    constraint Kiln discriminator",
    ];
    assert_eq!(differences, expected);
    assert_eq!(ours["servers"][0]["url"], "https://pottery.example/v1");
    assert_eq!(theirs["servers"][0]["url"], "https://pottery.example/v1/");
    // HTTP authentication schemes are case-insensitive.
    theirs["components"]["securitySchemes"]["name"]["scheme"] = json!("basic");
    assert_eq!(
        ours["components"]["securitySchemes"],
        theirs["components"]["securitySchemes"]
    );
}
