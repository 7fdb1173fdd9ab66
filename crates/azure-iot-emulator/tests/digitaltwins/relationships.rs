//! The operations on relationships, and their lists.

use http::Method;
use serde_json::{Value, json};

use crate::fixture::Instance;

fn adjacent(target: &str) -> Value {
    json!({"$relationshipName": "adjacent", "$targetId": target})
}

/// ADT-REL-1, ADT-REL-2, ADT-REL-4: the ids in the URL override those in the body.
#[test]
fn new_relationship_is_returned_as_stored() {
    let instance = Instance::with_building();
    let body = json!({
        "$relationshipId": null, "$sourceId": "another", "$etag": null,
        "door": "glass", "$targetId": "room-2", "$relationshipName": "adjacent",
    });
    let reply = instance.put("/digitaltwins/room-1/relationships/n", &body);
    assert_eq!(reply.status, 200);
    let expected = json!({
        "$relationshipId": "n", "$etag": reply.etag(), "$sourceId": "room-1",
        "$relationshipName": "adjacent", "$targetId": "room-2", "door": "glass",
    });
    assert_eq!(reply.body.to_string(), expected.to_string());
    let read = instance.get("/digitaltwins/room-1/relationships/n");
    assert_eq!(
        (read.body.to_string(), read.etag()),
        (expected.to_string(), reply.etag())
    );
}

/// ADT-REL-3, ADT-ETAG-7: ids are unique per source; a second PUT may change target and name.
#[test]
fn put_replaces_an_existing_relationship() {
    let instance = Instance::with_building();
    let path = "/digitaltwins/room-1/relationships/r1";
    let first = instance.put(path, &adjacent("room-2")).ok().etag();
    let second = instance.put(path, &adjacent("floor-2")).ok();
    assert_ne!(first, second.etag());
    assert_eq!(
        instance
            .get("/digitaltwins/room-2/incomingrelationships")
            .column("$sourceId"),
        ["floor-1"]
    );
    assert_eq!(
        instance
            .get("/digitaltwins/floor-2/incomingrelationships")
            .column("$sourceId"),
        ["room-1"]
    );
    let contains = json!({"$relationshipName": "contains", "$targetId": "floor-2"});
    instance.put(path, &contains).ok();
    assert_eq!(
        instance
            .query("SELECT * FROM RELATIONSHIPS WHERE $relationshipName = 'adjacent'")
            .len(),
        0
    );
    let only_new = instance.send(Method::PUT, path, Some(&contains), &[("if-none-match", "*")]);
    only_new.is_error(
        412,
        "PreconditionFailed",
        "If-None-Match: * header was specified but a relationship with the id r1 was found. Please specify a different relationship id.",
    );
}

/// ADT-REL-11, ADT-REL-12.
#[test]
fn source_and_target_must_exist() {
    let instance = Instance::with_building();
    let reply = instance.put("/digitaltwins/none/relationships/x", &adjacent("room-1"));
    reply.is_error(404, "DigitalTwinNotFound", "with the ID none.");
    let reply = instance.put("/digitaltwins/room-1/relationships/x", &adjacent("none"));
    reply.is_error(
        404,
        "TargetDigitalTwinNotFound",
        "The target digital twin is invalid or does not exist. Please validate that the target twin is valid and ensure that the target twin is not deleted. See section on querying the twins https://aka.ms/adtv2query .",
    );
}

/// ADT-REL-5, ADT-REL-6, ADT-REL-7.
#[test]
fn model_must_declare_the_relationship() {
    let instance = Instance::with_building();
    let put = |name: &str, target: &str| {
        let body = json!({"$relationshipName": name, "$targetId": target});
        instance.put("/digitaltwins/floor-1/relationships/x", &body)
    };
    let text = "Twin relationship does not align with the model. Please ensure that the relationship is in alignment with the model. See section on listing models http://aka.ms/adtv2models.";
    put("owns", "room-1").is_error(400, "InvalidRelationship", text);
    put("name", "room-1").is_error(400, "InvalidRelationship", text);
    put("cleans", "room-1").is_error(400, "InvalidRelationship", text);
    // The base model of the floor's model declares this relationship, and is also its target.
    assert_eq!(put("contains", "room-1").status, 200);
    // This relationship is declared without a target, so any twin is allowed.
    assert_eq!(put("adjacent", "room-1").status, 200);
}

/// ADT-REL-8.
#[test]
fn maximum_multiplicity_is_not_enforced() {
    let instance = Instance::with_building();
    for (id, target) in [("a", "room-2"), ("b", "floor-1"), ("c", "floor-2")] {
        let path = format!("/digitaltwins/room-1/relationships/{id}");
        assert_eq!(instance.put(&path, &adjacent(target)).status, 200);
    }
}

/// ADT-REL-9.
#[test]
fn self_relationship_is_refused() {
    let instance = Instance::with_building();
    let reply = instance.put("/digitaltwins/room-1/relationships/x", &adjacent("room-1"));
    reply.is_error(400, "OperationNotAllowed", "room-1");
}

/// ADT-REL-13.
#[test]
fn missing_relationship_is_not_found() {
    let instance = Instance::with_building();
    let path = "/digitaltwins/room-1/relationships/none";
    let text = "Relationship none not found on twin room-1. Please verify that the relationship id is valid and ensure that the relationship is not deleted. See section on listing relationships in the documentation https://aka.ms/adtv2twins.";
    instance.get(path).is_error(404, "RelationshipNotFound", text);
    instance.delete(path).is_error(404, "RelationshipNotFound", text);
    instance
        .patch(path, &json!([]))
        .is_error(404, "RelationshipNotFound", text);
    instance
        .get("/digitaltwins/none/relationships/x")
        .is_error(404, "DigitalTwinNotFound", "none");
}

/// ADT-REL-15.
#[test]
fn properties_are_validated_against_the_declaration() {
    let instance = Instance::with_building();
    let put = |name: &str, value: Value| {
        let mut body = adjacent("room-2");
        body[name] = value;
        instance.put("/digitaltwins/room-1/relationships/x", &body)
    };
    put("colour", json!("red")).is_error(400, "ValidationFailed", "colour does not appear on the DTDL");
    put("door", json!(1)).is_error(400, "ValidationFailed", "Expected value of type string for door");
    put("since", json!("today")).is_error(400, "ValidationFailed", "since");
    assert_eq!(put("since", json!("2024-02-29")).status, 200);
}

/// ADT-REL-16, ADT-ERROR-8.
#[test]
fn malformed_body_is_refused() {
    let instance = Instance::with_building();
    let put = |body: &str| instance.send_text(Method::PUT, "/digitaltwins/room-1/relationships/x", body, &[]);
    for body in [
        r#"{"$targetId":"room-2"}"#,
        r#"{"$relationshipName":"adjacent"}"#,
        "[]",
        "{",
    ] {
        put(body).is_error(
            400,
            "InvalidArgument",
            "Could not deserialize relationship create body.",
        );
    }
    put("").is_error(400, "BadRequest", "A non-empty request body is required.");
}

/// ADT-REL-14, ADT-ETAG-3, ADT-ETAG-4, ADT-ETAG-5, ADT-PATCH-19.
#[test]
fn patch_and_delete_check_preconditions() {
    let instance = Instance::with_building();
    let path = "/digitaltwins/room-1/relationships/x";
    let old = instance.put(path, &adjacent("room-2")).etag();
    let reply = instance.patch(path, &json!([{"op": "add", "path": "/door", "value": "oak"}]));
    assert_eq!((reply.status, reply.response.body.len()), (204, 0));
    assert_eq!(instance.get(path).etag(), reply.etag());
    assert_eq!(instance.get(path).body["door"], "oak");
    let patch = json!([{"op": "remove", "path": "/door"}]);
    instance
        .send(Method::PATCH, path, Some(&patch), &[("if-match", &old)])
        .is_error(412, "PreconditionFailed", "doesn't match the current etag");
    instance
        .send(Method::DELETE, path, None, &[("if-match", &old)])
        .is_error(412, "PreconditionFailed", &old);
    instance
        .send(Method::DELETE, path, None, &[("if-match", "XXX")])
        .is_error(400, "InvalidArgument", "If-Match");
    let current = reply.etag();
    let reply = instance
        .send(Method::PATCH, path, Some(&patch), &[("if-match", &current)])
        .ok();
    assert_eq!(instance.get(path).body.get("door"), None);
    instance
        .patch(path, &patch)
        .is_error(400, "JsonPatchInvalid", "path segment 'door' was not found.");
    // ADT-PATCH-19: an empty patch changes the ETag.
    assert_ne!(instance.patch(path, &json!([])).ok().etag(), reply.etag());
    assert_eq!(
        instance
            .send(Method::DELETE, path, None, &[("if-match", "*")])
            .status,
        204
    );
    assert_eq!(instance.get(path).status, 404);
}

/// ADT-REL-10, ADT-REL-15.
#[test]
fn source_target_and_name_cannot_be_patched() {
    let instance = Instance::with_building();
    for path in [
        "/$targetId",
        "/$sourceId",
        "/$relationshipName",
        "/$relationshipId",
        "/$etag",
    ] {
        let patch = json!([{"op": "replace", "path": path, "value": "room-2"}]);
        instance
            .patch("/digitaltwins/floor-1/relationships/r1", &patch)
            .is_error(400, "JsonPatchInvalid", path);
    }
    let patch = json!([{"op": "add", "path": "/door", "value": "oak"}]);
    instance
        .patch("/digitaltwins/floor-1/relationships/r1", &patch)
        .is_error(400, "ValidationFailed", "door does not appear");
}

fn instance_with_many() -> Instance {
    let instance = Instance::with_building();
    for number in 0..23 {
        let id = format!("m{number:02}");
        instance.put_twin(&id, "dtmi:test:Floor;1", json!({}));
        instance.relate("room-1", &format!("out-{number:02}"), "adjacent", &id);
        instance.relate(&id, "in", "contains", "room-2");
    }
    instance.relate("room-1", "a", "contains", "room-2");
    instance
}

/// Follows a list from its first page and returns one member of every item, page by page.
fn pages(instance: &Instance, first: &str, member: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = first.to_owned();
    loop {
        let reply = instance.get(&path).ok();
        pages.push(reply.column(member));
        match reply.body["nextLink"].as_str() {
            None => return pages,
            Some(link) => {
                path = link
                    .strip_prefix("https://twins.test")
                    .expect("same host")
                    .to_owned()
            }
        }
    }
}

/// ADT-REL-17, ADT-REL-18: the list is sorted by relationship id.
#[test]
fn relationships_are_listed_in_pages_of_ten() {
    let instance = instance_with_many();
    let pages = pages(&instance, "/digitaltwins/room-1/relationships", "$relationshipId");
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 4]);
    let all = pages.concat();
    assert!(all.is_sorted() && all[0] == "a" && all[23] == "out-22", "{all:?}");
    let link = instance.get("/digitaltwins/room-1/relationships").body["nextLink"]
        .as_str()
        .map(str::to_owned);
    let link = link.expect("a link");
    assert!(
        link.starts_with("https://twins.test/digitaltwins/room-1/relationships?continuationToken="),
        "{link}"
    );
    assert!(link.ends_with("&api-version=2023-10-31"), "{link}");
}

/// ADT-REL-20, ADT-REL-22: the next link repeats the filter.
#[test]
fn list_can_be_filtered_by_relationship_name() {
    let instance = instance_with_many();
    // In the list, relationships with other names come between and after those that match the filter.
    for id in ["out-05-x", "out-15-x", "z"] {
        instance.relate("room-1", id, "contains", "room-2");
    }
    let first = "/digitaltwins/room-1/relationships?relationshipName=adjacent";
    let pages = pages(&instance, first, "$relationshipName");
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
    assert!(pages.concat().iter().all(|name| name == "adjacent"));
    let none = instance.get("/digitaltwins/room-1/relationships?relationshipName=Adjacent");
    assert_eq!(none.body, json!({"nextLink": null, "value": []}));
}

/// ADT-REL-21, ADT-REL-22.
#[test]
fn incoming_relationships_have_links() {
    let instance = instance_with_many();
    let pages = pages(
        &instance,
        "/digitaltwins/room-2/incomingrelationships",
        "$sourceId",
    );
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    let mut sources = pages.concat();
    sources.sort();
    sources.dedup();
    assert_eq!(sources.len(), 25);
    assert_eq!(
        instance.get("/digitaltwins/room-1/incomingrelationships").body,
        json!({"nextLink": null, "value": [{
            "$relationshipId": "r1", "$sourceId": "floor-1", "$relationshipName": "contains",
            "$relationshipLink":
                "https://twins.test/digitaltwins/floor-1/relationships/r1?api-version=2023-10-31",
        }]})
    );
    let none = instance.get("/digitaltwins/floor-1/incomingrelationships");
    assert_eq!(none.body.to_string(), r#"{"nextLink":null,"value":[]}"#);
}

/// ADT-REL-23, ADT-REL-24.
#[test]
fn list_of_missing_twin_and_invalid_token_are_refused() {
    let instance = Instance::with_building();
    for list in ["relationships", "incomingrelationships"] {
        instance
            .get(&format!("/digitaltwins/none/{list}"))
            .is_error(404, "DigitalTwinNotFound", "none");
        let path = format!("/digitaltwins/room-1/{list}?continuationToken=xyz");
        instance
            .get(&path)
            .is_error(400, "InvalidArgument", "continuation token");
    }
}

/// ADT-REL-24: the token contains the last relationship returned, which may have been deleted
/// since.
#[test]
fn page_continues_after_a_deleted_relationship() {
    let instance = instance_with_many();
    let first = instance.get("/digitaltwins/room-1/relationships");
    instance.delete("/digitaltwins/room-1/relationships/out-08").ok();
    let link = first.body["nextLink"]
        .as_str()
        .expect("a link")
        .replace("https://twins.test", "");
    assert_eq!(instance.get(&link).column("$relationshipId")[0], "out-09");
}

/// ADT-ID-4, ADT-ID-5.
#[test]
fn relationship_ids_of_tutorials_are_accepted_and_encoded_in_links() {
    let instance = Instance::with_building();
    let reply = instance.put(
        "/digitaltwins/room-1/relationships/a%3A%23%3Fb",
        &adjacent("room-2"),
    );
    assert_eq!(reply.ok().body["$relationshipId"], "a:#?b");
    let incoming = instance.get("/digitaltwins/room-2/incomingrelationships");
    let link = &incoming.body["value"][0]["$relationshipLink"];
    assert_eq!(
        link,
        "https://twins.test/digitaltwins/room-1/relationships/a%3A%23%3Fb?api-version=2023-10-31"
    );
    let path = "/digitaltwins/room-1/relationships/room-1-adjacent-%3Eroom-2";
    let made = instance.put(path, &adjacent("room-2")).ok();
    assert_eq!(made.body["$relationshipId"], "room-1-adjacent->room-2");
    assert_eq!(instance.get(path).body, made.body);
    let links = instance.get("/digitaltwins/room-2/incomingrelationships");
    let link = links.body["value"][2]["$relationshipLink"]
        .as_str()
        .expect("a link");
    assert_eq!(
        instance.get(&link.replace("https://twins.test", "")).body,
        made.body
    );
    assert_eq!(instance.delete(path).status, 204);
    let reply = instance.put("/digitaltwins/room-1/relationships/..", &adjacent("room-2"));
    reply.is_error(400, "InvalidArgument", "..");
}
