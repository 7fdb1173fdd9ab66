//! The service's error messages. They are compared completely, because clients and users depend on them.

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, Reply, building, model};

#[track_caller]
fn assert_message(reply: &Reply, code: &str, text: &str) {
    assert_eq!((reply.code(), reply.message()), (code, text));
}

const TWIN: &str = "There is no digital twin instance that exists with the ID none. Please verify that the twin id is valid and ensure that the twin is not deleted. See section on querying the twins https://aka.ms/adtv2query.";

/// ADT-TWIN-15, ADT-TWIN-19, ADT-TWIN-20, ADT-COMPONENT-2, ADT-ETAG-2, ADT-ETAG-3, ADT-ETAG-4.
#[test]
fn twin_error_messages() {
    let instance = Instance::with_building();
    assert_message(&instance.get("/digitaltwins/none"), "DigitalTwinNotFound", TWIN);
    assert_message(
        &instance.delete("/digitaltwins/floor-1"),
        "RelationshipsNotDeleted",
        "Twin floor-1 has active relationships. Cannot delete a twin unless all the relationships are deleted. Please ensure that the active relationships on the twin are deleted. See section on retrieving relationships https://aka.ms/adtv2twins.",
    );
    assert_message(
        &instance.get("/digitaltwins/room-1/components/none"),
        "ComponentNotFound",
        "room-1 does not have component none Please verify that the component path is correct. You can get components by getting the twin, See example https://aka.ms/TwinGetSwSmpl.",
    );
    let put = |headers: &[(&str, &str)]| {
        let body = json!({"$metadata": {"$model": "dtmi:x;2"}});
        instance.send(Method::PUT, "/digitaltwins/room-1", Some(&body), headers)
    };
    let reply = put(&[]);
    assert_message(&reply, "ValidationFailed", "Invalid twin specified");
    assert_eq!(
        reply.details(),
        "dtmi:x;2 or one of its dependencies does not exist."
    );
    assert_message(
        &put(&[("if-none-match", "*")]),
        "PreconditionFailed",
        "If-None-Match: * header was specified but a twin with the id room-1 was found. Please specify a different twin id.",
    );
    let delete = |path: &str, etag: &str| instance.send(Method::DELETE, path, None, &[("if-match", etag)]);
    for path in ["/digitaltwins/room-1", "/digitaltwins/floor-1/relationships/r1"] {
        assert_message(
            &delete(path, "W/\"old\""),
            "PreconditionFailed",
            "The provided etag W/\"old\" doesn't match the current etag for the resource. Please obtain and provide the latest etag by getting the resource. See section on get apis in the documentation https://aka.ms/adtv2twins.",
        );
        assert_message(
            &delete(path, "XXX"),
            "InvalidArgument",
            "Invalid If-Match header value. Allowed value(s): If-Match: {etag} or If-Match: *",
        );
    }
}

/// ADT-PATCH-4, ADT-PATCH-7, ADT-PATCH-15, ADT-PATCH-16, ADT-PATCH-21, ADT-TWIN-18, ADT-REL-14, ADT-REL-16,
/// ADT-ERROR-8.
#[test]
fn patch_and_body_error_messages() {
    let instance = Instance::with_building();
    let tail = " Please provide a valid patch document. See section on update apis in the documentation https://aka.ms/adtv2twins.";
    for path in ["/digitaltwins/room-1", "/digitaltwins/floor-1/relationships/r1"] {
        for (patch, text) in [
            (
                json!({"op": "move", "path": "/a", "from": "/b"}),
                "Unsupported operation type move.",
            ),
            (json!({}), "Parameter op must not be empty."),
            (
                json!({"op": "remove", "path": "/X"}),
                "The target location specified by path segment 'X' was not found.",
            ),
            (
                json!({"op": "add", "path": "/Component2/ComponentProp1", "value": 1}),
                "Could not resolve path /Component2/ComponentProp1.",
            ),
        ] {
            assert_message(
                &instance.patch(path, &json!([patch])),
                "JsonPatchInvalid",
                &format!("{text}{tail}"),
            );
        }
    }
    let put = |path: &str, body: &str| instance.send_text(Method::PUT, path, body, &[]);
    assert_message(
        &put("/digitaltwins/x", "[{}]"),
        "InvalidArgument",
        "Payload is invalid.",
    );
    assert_message(
        &put("/digitaltwins/room-1/relationships/x", "{}"),
        "InvalidArgument",
        "Could not deserialize relationship create body.",
    );
    assert_message(
        &put("/digitaltwins/x", ""),
        "BadRequest",
        "A non-empty request body is required.",
    );
}

/// ADT-REL-7, ADT-REL-11, ADT-REL-12, ADT-REL-13.
#[test]
fn relationship_error_messages() {
    let instance = Instance::with_building();
    let relate = |source: &str, name: &str, target: &str| {
        let body = json!({"$relationshipName": name, "$targetId": target});
        instance.put(&format!("/digitaltwins/{source}/relationships/x"), &body)
    };
    assert_message(&relate("none", "contains", "room-1"), "DigitalTwinNotFound", TWIN);
    assert_message(
        &relate("floor-1", "contains", "none"),
        "TargetDigitalTwinNotFound",
        "The target digital twin is invalid or does not exist. Please validate that the target twin is valid and ensure that the target twin is not deleted. See section on querying the twins https://aka.ms/adtv2query .",
    );
    assert_message(
        &relate("floor-1", "owns", "room-1"),
        "InvalidRelationship",
        "Twin relationship does not align with the model. Please ensure that the relationship is in alignment with the model. See section on listing models http://aka.ms/adtv2models.",
    );
    assert_message(
        &instance.get("/digitaltwins/room-1/relationships/none"),
        "RelationshipNotFound",
        "Relationship none not found on twin room-1. Please verify that the relationship id is valid and ensure that the relationship is not deleted. See section on listing relationships in the documentation https://aka.ms/adtv2twins.",
    );
}

/// ADT-MODEL-13, ADT-MODEL-14, ADT-MODEL-17, ADT-MODEL-18, ADT-MODEL-19, ADT-MODEL-20.
#[test]
fn model_error_messages() {
    let instance = Instance::with_models();
    assert_message(
        &instance.post("/models", &json!([])),
        "InvalidArgument",
        "Operation failed as models provided was empty or of a type that is not supported.. Check that your Model Array contains at least one item and it is of a supported type. See link(https://aka.ms/ADTv2Models) for details.",
    );
    let component = json!([{"@type": "Component", "name": "c", "schema": "dtmi:test:None;1"}]);
    let mut unresolved = model("dtmi:test:A;1", component);
    unresolved[0]["extends"] = json!(["dtmi:test:None;1", "dtmi:test:Nil;1"]);
    assert_message(
        &instance.post("/models", &unresolved),
        "DTDLParserError",
        "None of the models in this request could be created due to a problem with one or more models: DtmiResolverAsync failed to resolve requisite references to element(s): dtmi:test:None;1 (referenced in 2 places), dtmi:test:Nil;1 (referenced in 1 place).. See model documentation(https://aka.ms/ADTv2Models) for supported format.",
    );
    let again = Value::from(&building().as_array().expect("models")[1..3]);
    assert_message(
        &instance.post("/models", &again),
        "ModelIdAlreadyExists",
        "Some of the model ids already exist: dtmi:test:Floor;1, dtmi:test:Space;1. Use Model_List API to view models that already exist. See the Swagger example (https://aka.ms/ModelListSwSmpl).",
    );
    assert_message(
        &instance.get("/models/room"),
        "InvalidArgument",
        "The format of the Model ID room provided is not supported. See model documentation(https://aka.ms/ADTv2Models) for supported format.",
    );
    assert_message(
        &instance.get("/models/dtmi:a;1"),
        "ModelNotFound",
        "There is no Model(s) available that matches the provided id(s) dtmi:a;1. Check that the Model ID provided is valid by doing a Model_List API call.",
    );
    assert_message(
        &instance.delete("/models/dtmi:test:Thermostat;1"),
        "ModelReferencesNotDeleted",
        "This model is currently being referenced by dtmi:test:Room;1. You must delete these references before deleting the Model.. To delete references, do Delete Model on Ids provided above.",
    );
}

/// ADT-QUERY-23, ADT-ROUTE-2, ADT-ROUTE-3, ADT-IMPORT-8, ADT-IMPORT-9, ADT-IMPORT-10.
#[test]
fn query_route_and_job_error_messages() {
    let instance = Instance::new();
    assert_message(
        &instance.refused_query("foo"),
        "SqlQueryError",
        "SQL query parse failed: SQL Parser Error, Line=1, Position=0, Message=missing SELECT at 'foo' See samples in https://aka.ms/adtv2query for the correct syntax.",
    );
    assert_message(
        &instance.get("/eventroutes/none"),
        "EventRouteNotFound",
        "There is no route available that matches the provided input. Check for all valid event routes by calling EventRoute_List. See Swagger example (https://aka.ms/RouteSwSmpl).",
    );
    assert_message(
        &instance.put(
            "/eventroutes/r",
            &json!({"endpointName": "none", "filter": "true"}),
        ),
        "EventRouteEndpointInvalid",
        "The endpoint provided does not exist or is not active. Check that your endpoint is provisioned correctly. See event route documentation (https://aka.ms/ADTv2Routes).",
    );
    assert_message(
        &instance.get("/jobs/imports/none"),
        "JobNotFound",
        "There is no job available that matches the provided id none. Check that the Job ID provided is valid by doing a Jobs_List API call.",
    );
    let put = |input: &str| {
        let body = json!({"inputBlobUri": input, "outputBlobUri": "https://a.blob.core.windows.net/c/out"});
        instance.put("/jobs/imports/j", &body)
    };
    assert_message(
        &put("nowhere"),
        "InvalidArgument",
        "Azure Storage Blob URI 'nowhere' failed validation. Invalid URI: The format of the URI could not be determined. Please check: https://docs.microsoft.com/en-us/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata",
    );
    put("https://a.blob.core.windows.net/c/in").ok();
    assert_message(
        &put("https://a.blob.core.windows.net/c/in"),
        "JobIdAlreadyExists",
        "Provided Job ID already exists: j. Use Jobs_List API to view jobs that already exist.",
    );
}
