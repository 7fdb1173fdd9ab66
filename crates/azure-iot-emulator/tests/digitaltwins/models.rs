//! The operations on models.

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, building, model};

const DECOMMISSION: &str = r#"[{"op":"replace","path":"/decommissioned","value":true}]"#;

fn empty(id: &str) -> Value {
    model(id, json!([]))[0].clone()
}

fn extending(id: &str, base: &str) -> Value {
    let mut model = empty(id);
    model["extends"] = base.into();
    model
}

/// ADT-MODEL-1, ADT-MODEL-2, ADT-HTTP-10: models are returned in the order of the request.
#[test]
fn upload_returns_the_models_without_definitions() {
    let instance = Instance::new();
    let reply = instance.post("/models", &building());
    assert_eq!(reply.status, 201);
    let expected = json!({
        "id": "dtmi:test:Room;1", "description": {"en": "A room"}, "displayName": {"en": "Room", "de": "Raum"},
        "decommissioned": false, "uploadTime": "2025-05-02T14:57:59.4944153+00:00",
    });
    assert_eq!(reply.body[0].to_string(), expected.to_string());
    let ids: Vec<_> = (0..4)
        .map(|at| reply.body[at]["id"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        ids,
        [
            "dtmi:test:Room;1",
            "dtmi:test:Floor;1",
            "dtmi:test:Space;1",
            "dtmi:test:Thermostat;1"
        ]
    );
    assert_eq!(reply.body[2]["displayName"], json!({"en": "Space"}));
    assert_eq!(reply.body[1]["displayName"], json!({}));
}

/// ADT-MODEL-6, ADT-MODEL-33: the definition is returned as uploaded.
#[test]
fn definition_is_included_on_request() {
    let instance = Instance::with_models();
    for (query, has) in [
        ("", false),
        ("?includeModelDefinition=false", false),
        ("?includeModelDefinition=True", true),
    ] {
        let reply = instance.get(&format!("/models/dtmi:test:Room;1{query}")).ok();
        assert_eq!(reply.body["id"], "dtmi:test:Room;1");
        assert_eq!(
            reply.body.get("model").map(Value::to_string),
            has.then(|| building()[0].to_string())
        );
    }
    instance
        .get("/models/dtmi:test:Room;1?includeModelDefinition=perhaps")
        .is_error(400, "InvalidArgument", "includeModelDefinition");
}

/// ADT-MODEL-14, ADT-ERROR-8.
#[test]
fn empty_upload_is_refused() {
    let instance = Instance::new();
    let text = "Operation failed as models provided was empty or of a type that is not supported.. Check that your Model Array contains at least one item and it is of a supported type. See link(https://aka.ms/ADTv2Models) for details.";
    instance
        .post("/models", &json!([]))
        .is_error(400, "InvalidArgument", text);
    instance
        .post("/models", &json!({}))
        .is_error(400, "InvalidArgument", text);
    instance
        .send_text(Method::POST, "/models", "", &[])
        .is_error(400, "BadRequest", "non-empty");
}

/// ADT-MODEL-15.
#[test]
fn upload_of_a_nested_array_is_refused_like_an_empty_upload() {
    let instance = Instance::new();
    let text = "models provided was empty or of a type that is not supported.";
    for nested in [
        json!([[empty("dtmi:test:A;1")]]),
        json!([empty("dtmi:test:A;1"), []]),
    ] {
        instance
            .post("/models", &nested)
            .is_error(400, "InvalidArgument", text);
    }
}

/// ADT-MODEL-30: if two contents have the same name, the first one is used.
#[test]
fn deviations_from_dtdl_version_2_are_accepted() {
    let instance = Instance::new();
    let twice = json!([
        {"@type": "Property", "name": "p", "schema": "string"},
        {"@type": "Property", "name": "p", "schema": "integer"},
        {"@type": "Telemetry", "name": "t", "schema": {"@id": "double"}},
    ]);
    let mut base = model("dtmi:test:Base;1", twice.clone())[0].clone();
    instance.post("/models", &json!([base])).ok();
    instance.put_twin("t", "dtmi:test:Base;1", json!({"p": "text"}));
    let mut derived = empty("dtmi:dtdl:Derived;1");
    derived["extends"] = json!([{"@id": "dtmi:test:Base;1"}]);
    // Parsing the stored base model tolerates the same deviations.
    instance.post("/models", &json!([derived])).ok();
    instance.put_twin("u", "dtmi:dtdl:Derived;1", json!({"p": "text"}));
    // DTDL version 3 does not allow any of these deviations.
    base["@id"] = "dtmi:test:Three;1".into();
    base["@context"] = "dtmi:dtdl:context;3".into();
    for contents in [json!([twice[0], twice[1]]), json!([twice[2]])] {
        base["contents"] = contents;
        instance
            .post("/models", &json!([base]))
            .is_error(400, "DTDLParserError", "");
    }
    derived["@context"] = "dtmi:dtdl:context;3".into();
    instance
        .post("/models", &json!([derived]))
        .is_error(400, "DTDLParserError", "");
}

/// ADT-MODEL-4: a repeated parent is ignored.
#[test]
fn parent_named_twice_is_accepted() {
    let instance = Instance::new();
    let mut child = empty("dtmi:test:C;1");
    child["extends"] = json!(["dtmi:test:A;1", "dtmi:test:B;1", "dtmi:test:A;1"]);
    let batch = json!([empty("dtmi:test:A;1"), empty("dtmi:test:B;1"), child]);
    instance.post("/models", &batch).ok();
    instance.put_twin("t", "dtmi:test:C;1", json!({}));
}

/// ADT-MODEL-31.
#[test]
fn extensions_that_the_service_does_not_list_are_refused() {
    let instance = Instance::new();
    let mut model = empty("dtmi:test:A;1");
    let contexts = [
        (3, "dtmi:dtdl:extension:annotation;1", true),
        (3, "dtmi:dtdl:extension:historization;1", true),
        (3, "dtmi:dtdl:extension:overriding;1", true),
        (3, "dtmi:dtdl:extension:quantitativeTypes;1", true),
        (3, "dtmi:dtdl:extension:quantitativeTypes;2", false),
        (3, "dtmi:dtdl:extension:requirement;1", false),
        (3, "dtmi:dtdl:extension:mqtt;1", false),
        (3, "dtmi:iotcentral:context;2", false),
        (3, "dtmi:com:example:own;1", false),
        (2, "dtmi:iotcentral:context;2", false),
        (2, "dtmi:com:example:own;1", false),
    ];
    for (number, (dtdl, context, listed)) in contexts.into_iter().enumerate() {
        model["@context"] = json!([format!("dtmi:dtdl:context;{dtdl}"), context]);
        model["@id"] = format!("dtmi:test:A{number};1").into();
        let reply = instance.post("/models", &json!([model]));
        if listed {
            assert_eq!(reply.status, 201, "{context}: {}", reply.body);
        } else {
            reply.is_error(400, "DTDLParserError", context);
        }
    }
}

/// ADT-MODEL-32.
#[test]
fn annotation_may_name_content_that_does_not_exist() {
    let instance = Instance::new();
    let mut model = model(
        "dtmi:test:A;1",
        json!([{"@type": ["Property", "ValueAnnotation"], "name": "note", "annotates": "none", "schema": "string"}]),
    );
    model[0]["@context"] = json!(["dtmi:dtdl:context;3", "dtmi:dtdl:extension:annotation;1"]);
    assert_eq!(instance.post("/models", &model).status, 201);
}

/// ADT-MODEL-16: messages must not suggest parser options, because callers of the service cannot set them.
#[test]
fn refusals_do_not_name_options_of_the_parser() {
    let instance = Instance::new();
    for context in [
        json!("dtmi:dtdl:context;4"),
        json!(["dtmi:dtdl:context;4#limitless", "dtmi:dtdl:limits:onvif;1"]),
        json!(["dtmi:dtdl:context;3", "dtmi:com:example:own;1"]),
        json!(["dtmi:dtdl:context;3", "dtmi:dtdl:extension:annotation;9"]),
    ] {
        let mut model = empty("dtmi:test:A;1");
        model["@context"] = context;
        let reply = instance.post("/models", &json!([model]));
        assert_eq!(reply.status, 400);
        let text = reply.message();
        for word in ["option", "parser does not", "Some("] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

/// ADT-MODEL-3, ADT-MODEL-18.
#[test]
fn existing_ids_are_listed_and_nothing_is_stored() {
    let instance = Instance::with_models();
    let batch = json!([
        empty("dtmi:test:New;1"),
        empty("dtmi:test:Space;1"),
        empty("dtmi:test:Floor;1")
    ]);
    instance.post("/models", &batch).is_error(
        409,
        "ModelIdAlreadyExists",
        "Some of the model ids already exist: dtmi:test:Space;1, dtmi:test:Floor;1. Use Model_List API to view models that already exist. See the Swagger example (https://aka.ms/ModelListSwSmpl).",
    );
    assert_eq!(instance.get("/models/dtmi:test:New;1").status, 404);
}

/// ADT-MODEL-16, ADT-DTDL-3.
#[test]
fn all_errors_of_invalid_models_are_reported() {
    let instance = Instance::new();
    let start =
        "None of the models in this request could be created due to a problem with one or more models: ";
    let end = ".. See model documentation(https://aka.ms/ADTv2Models) for supported format.";
    let no_id = json!([{"@type": "Interface", "@context": "dtmi:dtdl:context;2"}]);
    let reply = instance.post("/models", &no_id);
    reply.is_error(400, "DTDLParserError", start);
    assert!(reply.message().ends_with(end));
    let bad_schemas = json!([
        {"@type": "Property", "name": "a", "schema": "XXX"},
        {"@type": "Property", "name": "b", "schema": "YYY"},
    ]);
    let reply = instance.post("/models", &model("dtmi:test:Bad;1", bad_schemas));
    reply.is_error(400, "DTDLParserError", start);
    assert!(
        reply.message().contains(" | ") && reply.message().contains("XXX"),
        "{}",
        reply.message()
    );
    assert_eq!(instance.get("/models/dtmi:test:Bad;1").status, 404);
}

/// ADT-MODEL-4, ADT-MODEL-17: bases and component models must exist.
#[test]
fn unresolved_references_are_refused() {
    let instance = Instance::new();
    let text = "failed to resolve requisite references to element(s): dtmi:test:None;1";
    let batch = json!([extending("dtmi:test:A;1", "dtmi:test:None;1")]);
    instance
        .post("/models", &batch)
        .is_error(400, "DTDLParserError", text);
    let component = json!([{"@type": "Component", "name": "c", "schema": "dtmi:test:None;1"}]);
    instance
        .post("/models", &model("dtmi:test:A;1", component))
        .is_error(400, "DTDLParserError", text);
}

/// ADT-MODEL-5.
#[test]
fn targets_of_relationships_need_not_exist() {
    let instance = Instance::new();
    let contents = json!([{"@type": "Relationship", "name": "r", "target": "dtmi:test:None;1"}]);
    assert_eq!(
        instance.post("/models", &model("dtmi:test:A;1", contents)).status,
        201
    );
}

/// ADT-MODEL-4: dependencies may be in the same upload, in any order, or stored.
#[test]
fn dependencies_may_follow_in_the_same_upload() {
    let instance = Instance::new();
    let batch = json!([
        extending("dtmi:test:B;1", "dtmi:test:A;1"),
        empty("dtmi:test:A;1")
    ]);
    assert_eq!(instance.post("/models", &batch).status, 201);
    let batch = json!([extending("dtmi:test:C;1", "dtmi:test:B;1")]);
    assert_eq!(instance.post("/models", &batch).status, 201);
}

/// ADT-MODEL-19, ADT-MODEL-20.
#[test]
fn invalid_and_unknown_model_ids_are_refused() {
    let instance = Instance::new();
    for method in [Method::GET, Method::DELETE] {
        instance.send(method.clone(), "/models/room", None, &[]).is_error(
            400,
            "InvalidArgument",
            "The format of the Model ID room provided is not supported. See model documentation(https://aka.ms/ADTv2Models) for supported format.",
        );
        instance.send(method, "/models/dtmi:a:b;1", None, &[]).is_error(
            404,
            "ModelNotFound",
            "There is no Model(s) available that matches the provided id(s) dtmi:a:b;1. Check that the Model ID provided is valid by doing a Model_List API call.",
        );
    }
    let patch: Value = serde_json::from_str(DECOMMISSION).expect("JSON");
    assert_eq!(instance.patch("/models/dtmi:a:b;1", &patch).status, 404);
}

/// ADT-MODEL-13.
#[test]
fn referenced_model_cannot_be_deleted() {
    let instance = Instance::with_models();
    instance.delete("/models/dtmi:test:Thermostat;1").is_error(
        409,
        "ModelReferencesNotDeleted",
        "This model is currently being referenced by dtmi:test:Room;1. You must delete these references before deleting the Model.. To delete references, do Delete Model on Ids provided above.",
    );
    instance.delete("/models/dtmi:test:Space;1").is_error(
        409,
        "ModelReferencesNotDeleted",
        "referenced by dtmi:test:Room;1, dtmi:test:Floor;1.",
    );
    for id in ["Room", "Floor", "Thermostat", "Space"] {
        assert_eq!(instance.delete(&format!("/models/dtmi:test:{id};1")).status, 204);
    }
    assert_eq!(instance.get("/models").body["value"], json!([]));
}

/// ADT-MODEL-12: twins and relationship targets are not references.
#[test]
fn model_with_twins_can_be_deleted() {
    let instance = Instance::with_building();
    let contents = json!([{"@type": "Relationship", "name": "r", "target": "dtmi:test:Room;1"}]);
    instance.post("/models", &model("dtmi:test:A;1", contents)).ok();
    assert_eq!(instance.delete("/models/dtmi:test:Room;1").status, 204);
}

/// ADT-MODEL-9: the change is idempotent and reversible.
#[test]
fn model_can_be_decommissioned_and_recommissioned() {
    let instance = Instance::with_models();
    let path = "/models/dtmi:test:Room;1";
    let patch: Value = serde_json::from_str(DECOMMISSION).expect("JSON");
    for _ in 0..2 {
        let reply = instance.patch(path, &patch);
        assert_eq!((reply.status, reply.response.body.len()), (204, 0));
        assert_eq!(instance.get(path).body["decommissioned"], true);
    }
    let back = json!([{"op": "replace", "path": "/decommissioned", "value": false}]);
    assert_eq!(instance.patch(path, &back).status, 204);
    assert_eq!(instance.get(path).body["decommissioned"], false);
}

/// ADT-MODEL-10, ADT-MODEL-29.
#[test]
fn only_decommissioned_can_be_patched() {
    let instance = Instance::with_models();
    for patch in [
        json!([{"op": "replace", "path": "/displayName", "value": {"en": "x"}}]),
        json!([{"op": "remove", "path": "/decommissioned"}]),
        json!([{"op": "replace", "path": "/decommissioned", "value": "true"}]),
        json!([{"op": "replace", "path": "/decommissioned/x", "value": true}]),
        json!([{"op": "move", "path": "/decommissioned", "from": "/x"}]),
    ] {
        let reply = instance.patch("/models/dtmi:test:Room;1", &patch);
        assert_eq!((reply.status, reply.code()), (400, "JsonPatchInvalid"), "{patch}");
    }
}

/// ADT-MODEL-11.
#[test]
fn model_is_decommissioned_after_the_models_that_reference_it() {
    let instance = Instance::with_models();
    let patch: Value = serde_json::from_str(DECOMMISSION).expect("JSON");
    let reply = instance.patch("/models/dtmi:test:Thermostat;1", &patch);
    reply.is_error(409, "ModelReferencesNotDecommissioned", "dtmi:test:Room;1");
    instance.patch("/models/dtmi:test:Room;1", &patch).ok();
    assert_eq!(
        instance.patch("/models/dtmi:test:Thermostat;1", &patch).status,
        204
    );
}

/// ADT-MODEL-21.
#[test]
fn dtdl_versions_other_than_2_and_3_are_refused() {
    let instance = Instance::new();
    let mut model = empty("dtmi:test:A;1");
    for (context, code) in [
        ("dtmi:dtdl:context;4", "ModelVersionNotSupported"),
        ("dtmi:dtdl:context;1", "DTDLParserError"),
    ] {
        model["@context"] = context.into();
        instance
            .post("/models", &json!([model]))
            .is_error(400, code, "ersion");
    }
    model["@context"] = "dtmi:dtdl:context;3".into();
    assert_eq!(instance.post("/models", &json!([model])).status, 201);
}

/// ADT-DTDL-5, ADT-DTDL-6, ADT-DTDL-8, ADT-ID-6.
#[test]
fn invalid_dtmis_are_refused() {
    let instance = Instance::new();
    for id in [
        "dtmi:a:b;0",
        "dtmi:a:b;",
        "dtmi:a:_b;1",
        "urn:a:b;1",
        "dtmi:a::b;1",
    ] {
        instance
            .post("/models", &json!([empty(id)]))
            .is_error(400, "DTDLParserError", "");
    }
}

/// ADT-MODEL-22, ADT-MODEL-24, ADT-MODEL-25, ADT-MODEL-26, ADT-MODEL-28, ADT-MODEL-34, ADT-DTDL-16: rules of the
/// service that are stricter than DTDL.
#[test]
fn service_rules_beyond_dtdl_are_enforced() {
    let instance = Instance::new();
    let version = |mut model: Value, version: u8| {
        model["@context"] = format!("dtmi:dtdl:context;{version}").into();
        model
    };
    instance
        .post(
            "/models",
            &json!([version(empty("dtmi:test:Three;1"), 3), empty("dtmi:test:Two;1")]),
        )
        .ok();
    let refused = |batch: Value| {
        let reply = instance.post("/models", &batch);
        assert_eq!(
            (reply.status, reply.code()),
            (400, "DTDLParserError"),
            "{batch}: {}",
            reply.body
        );
    };
    // A DTDL v2 model cannot use a v3 model; a v3 model can use a v2 model.
    refused(json!([extending("dtmi:test:A;1", "dtmi:test:Three;1")]));
    let component = json!([{"@type": "Component", "name": "c", "schema": "dtmi:test:Three;1"}]);
    refused(model("dtmi:test:A;1", component));
    assert_eq!(
        instance
            .post(
                "/models",
                &json!([version(extending("dtmi:test:A;1", "dtmi:test:Two;1"), 3)])
            )
            .status,
        201
    );
    // Inline interfaces are refused.
    let mut nested = empty("dtmi:test:B;1");
    nested["extends"] = empty("dtmi:test:C;1");
    refused(json!([nested]));
    let component = json!([{"@type": "Component", "name": "c", "schema": empty("dtmi:test:C;1")}]);
    refused(model("dtmi:test:B;1", component));
    // Components within components are refused.
    let inner = json!([{"@type": "Component", "name": "c", "schema": "dtmi:test:Two;1"}]);
    instance.post("/models", &model("dtmi:test:Inner;1", inner)).ok();
    let outer = json!([{"@type": "Component", "name": "c", "schema": "dtmi:test:Inner;1"}]);
    refused(model("dtmi:test:Outer;1", outer));
    // A redefinition of an inherited name is refused.
    let contents = json!([{"@type": "Property", "name": "p", "schema": "string"}]);
    instance
        .post("/models", &model("dtmi:test:P;1", contents.clone()))
        .ok();
    let mut again = model("dtmi:test:Q;1", contents)[0].clone();
    again["extends"] = "dtmi:test:P;1".into();
    refused(json!([again]));
    // A repeated name is refused (ADT-DTDL-16).
    let twice = json!([
        {"@type": "Telemetry", "name": "t", "schema": "double"},
        {"@type": "Telemetry", "name": "t", "schema": "double"},
    ]);
    refused(json!([version(model("dtmi:test:R;1", twice)[0].clone(), 3)]));
    // Elements that are not interfaces are refused.
    refused(json!([1]));
    refused(
        json!([{"@type": "Property", "name": "p", "schema": "string", "@context": "dtmi:dtdl:context;2"}]),
    );
    // An interface without its own `@context` is refused.
    let mut bare = empty("dtmi:test:Bare;1");
    bare.as_object_mut().expect("an object").remove("@context");
    refused(json!([empty("dtmi:test:Dressed;1"), bare]));
    // A repeated id is refused.
    refused(json!([empty("dtmi:test:Twice;1"), empty("dtmi:test:Twice;1")]));
}

/// ADT-MODEL-27, ADT-DTDL-14.
#[test]
fn inheritance_has_at_most_ten_levels() {
    let instance = Instance::new();
    let id = |depth: usize| format!("dtmi:test:Depth{depth};1");
    instance.post("/models", &json!([empty(&id(0))])).ok();
    for depth in 1..=10 {
        let next = extending(&id(depth), &id(depth - 1));
        assert_eq!(instance.post("/models", &json!([next])).status, 201, "{depth}");
    }
    let next = extending(&id(11), &id(10));
    instance
        .post("/models", &json!([next]))
        .is_error(400, "DTDLParserError", "");
}

/// ADT-MODEL-23, ADT-DTDL-17, ADT-DTDL-18, ADT-DTDL-23: only commands and telemetry may have geospatial schemas.
#[test]
fn commands_and_geospatial_telemetry_do_not_affect_twins() {
    let instance = Instance::new();
    let contents = json!([
        {"@type": "Command", "name": "c", "request": {"name": "q", "schema": "point"}},
        {"@type": "Telemetry", "name": "t", "schema": "polygon"},
    ]);
    instance.post("/models", &model("dtmi:test:A;1", contents)).ok();
    instance.put_twin("t", "dtmi:test:A;1", json!({}));
    let contents = json!([{"@type": "Property", "name": "p", "schema": "point"}]);
    instance
        .post("/models", &model("dtmi:test:B;1", contents))
        .is_error(400, "DTDLParserError", "");
}
