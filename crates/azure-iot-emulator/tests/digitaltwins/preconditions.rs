//! Conditional requests, and the rule that a twin with relationships cannot be deleted.

use http::Method;
use serde_json::{Value, json};

use crate::fixture::Instance;

fn room() -> Value {
    json!({"$metadata": {"$model": "dtmi:test:Room;1"}, "thermostat": {"$metadata": {}}})
}

/// ADT-ETAG-2, ADT-ETAG-6.
#[test]
fn if_none_match_refuses_to_overwrite_a_twin() {
    let instance = Instance::with_models();
    let only_new = |value| {
        instance.send(
            Method::PUT,
            "/digitaltwins/t1",
            Some(&room()),
            &[("if-none-match", value)],
        )
    };
    assert_eq!(only_new("*").status, 200);
    only_new("*").is_error(
        412,
        "PreconditionFailed",
        "If-None-Match: * header was specified but a twin with the id t1 was found. Please specify a different twin id.",
    );
    only_new("W/\"x\"").is_error(400, "InvalidArgument", "If-None-Match");
}

/// ADT-ETAG-3, ADT-ETAG-4, ADT-ETAG-5.
#[test]
fn if_match_guards_updates_and_deletions() {
    let instance = Instance::with_models();
    let old = instance.put("/digitaltwins/t1", &room()).etag();
    let new = instance.put("/digitaltwins/t1", &room()).etag();
    assert_ne!(old, new);
    let patch = json!([{"op": "add", "path": "/name", "value": "n"}]);
    let stale = format!("The provided etag {old} doesn't match the current etag for the resource.");
    for (method, body) in [(Method::PATCH, Some(&patch)), (Method::DELETE, None)] {
        let send =
            |etag: &str| instance.send(method.clone(), "/digitaltwins/t1", body, &[("if-match", etag)]);
        send(&old).is_error(412, "PreconditionFailed", &stale);
        send("XXX").is_error(
            400,
            "InvalidArgument",
            "Invalid If-Match header value. Allowed value(s): If-Match: {etag} or If-Match: *",
        );
    }
    let patched = instance.send(
        Method::PATCH,
        "/digitaltwins/t1",
        Some(&patch),
        &[("if-match", &new)],
    );
    assert_eq!(patched.status, 204);
    let patched = instance.send(
        Method::PATCH,
        "/digitaltwins/t1",
        Some(&patch),
        &[("if-match", "*")],
    );
    assert_eq!(patched.status, 204);
    let deleted = instance.send(
        Method::DELETE,
        "/digitaltwins/t1",
        None,
        &[("if-match", &patched.etag())],
    );
    assert_eq!(deleted.status, 204);
}

/// ADT-ETAG-4, ADT-ETAG-6.
#[test]
fn precondition_that_is_not_ascii_is_not_ignored() {
    let instance = Instance::with_models();
    instance.put("/digitaltwins/t1", &room()).ok();
    let patch = json!([{"op": "add", "path": "/name", "value": "n"}]);
    for (method, body, name) in [
        (Method::PUT, Some(&room()), "if-none-match"),
        (Method::PATCH, Some(&patch), "if-match"),
        (Method::DELETE, None, "if-match"),
    ] {
        let refused = instance.send(method, "/digitaltwins/t1", body, &[(name, "\u{13e}")]);
        assert_eq!(
            (refused.status, refused.code()),
            (400, "InvalidArgument"),
            "{name}"
        );
    }
    let quoted = instance.send(
        Method::DELETE,
        "/digitaltwins/t1",
        None,
        &[("if-match", "\"\u{13e}\"")],
    );
    assert_eq!(quoted.status, 412);
}

/// ADT-TWIN-20: the twin may be at either end of the relationship.
#[test]
fn twin_with_relationships_cannot_be_deleted() {
    let instance = Instance::with_building();
    for id in ["floor-1", "room-1"] {
        let text = format!("Twin {id} has active relationships. Cannot delete a twin");
        instance
            .delete(&format!("/digitaltwins/{id}"))
            .is_error(400, "RelationshipsNotDeleted", &text);
    }
    instance.delete("/digitaltwins/floor-1/relationships/r1").ok();
    assert_eq!(instance.delete("/digitaltwins/room-1").status, 204);
    assert_eq!(instance.get("/digitaltwins/room-1").status, 404);
}
