//! The converter against another one, written by other people.

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
fn an_independent_converter_states_the_same() {
    let mut document = support::pottery();
    // It insists on `scopes`, which published files leave out.
    document["securityDefinitions"]["entra"]["scopes"] = json!({});
    // And does not know that an answer can be a file.
    document["paths"]["/pictures/{name}"]
        .as_object_mut()
        .unwrap()
        .remove("get")
        .unwrap();
    // Nor that something but words may stand beside a `$ref`, which published files do.
    document["definitions"]["Kiln"]["properties"]["glaze"]
        .as_object_mut()
        .unwrap()
        .remove("readOnly")
        .unwrap();
    // Azure's own way to say where the service is.
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
        // It writes down what is the default in a path and in a header anyway.
        "removed  constraint GET /glazes/{names} path names explode",
        "removed  constraint GET /kilns header x-marks explode",
        // It loses that a list without `collectionFormat` is separated by commas: nothing means `explode` here.
        "added    constraint GET /kilns query colours explode",
        "added    constraint GET /kilns query colours style",
        // A form with a required field cannot be left out.
        "changed  body POST /orders: optional → required",
        // It adds a type where any value may be.
        "changed  type of Box{}: object → any",
        // It drops the discriminator of a type that does not use one itself.
        "added    constraint Kiln discriminator",
    ];
    assert_eq!(differences, expected);
    assert_eq!(ours["servers"][0]["url"], "https://pottery.example/v1");
    assert_eq!(theirs["servers"][0]["url"], "https://pottery.example/v1/");
    // A name from a registry that does not distinguish cases.
    theirs["components"]["securitySchemes"]["name"]["scheme"] = json!("basic");
    assert_eq!(
        ours["components"]["securitySchemes"],
        theirs["components"]["securitySchemes"]
    );
}
