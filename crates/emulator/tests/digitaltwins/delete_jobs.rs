//! Section 6.3: delete jobs.

use http::Method;
use serde_json::json;

use crate::fixture::Instance;
use crate::import_jobs::finished;

/// Case 75.
#[test]
fn everything_but_routes_is_deleted() {
    let instance = Instance::with_building();
    drop(instance.service.subscribe("ep").expect("an endpoint"));
    instance
        .put("/eventroutes/r", &json!({"endpointName": "ep", "filter": "true"}))
        .ok();
    for number in 0..2500 {
        instance.put_twin(&format!("t{number}"), "dtmi:test:Floor;1", json!({}));
    }
    let reply = instance.send(
        Method::POST,
        "/jobs/deletions?timeoutInMinutes=15",
        None,
        &[("operation-id", "op 1")],
    );
    assert_eq!(reply.status, 202);
    let location = "https://twins.test/jobs/deletions/op%201?api-version=2023-10-31";
    assert_eq!(reply.header("operation-location"), Some(location));
    assert_eq!(reply.header("operation-id"), Some("op 1"));
    assert_eq!(
        reply.body,
        json!({"id": "op 1", "createdDateTime": "2025-05-02T14:57:59.4944153Z", "finishedDateTime": null,
            "purgeDateTime": "2025-06-01T14:57:59.4944153Z", "status": "notstarted"})
    );
    let job = finished(&instance, "/jobs/deletions/op%201");
    assert_eq!(job["status"], "succeeded");
    assert_eq!(job["finishedDateTime"], "2025-05-02T14:57:59.4944153Z");
    for collection in ["DIGITALTWINS", "RELATIONSHIPS"] {
        let count = instance.query(&format!("SELECT COUNT() FROM {collection}"));
        assert_eq!(count, [json!({"COUNT": 0})]);
    }
    assert_eq!(instance.get("/models").body["value"], json!([]));
    assert_eq!(instance.get("/eventroutes/r").status, 200);
    assert_eq!(
        instance.get("/jobs/deletions").body,
        json!({"nextLink": null, "value": [job]})
    );
    let again = instance.send(Method::POST, "/jobs/deletions", None, &[("operation-id", "op 1")]);
    assert_eq!((again.status, again.code()), (400, "ValidationFailed"));
    // Without an id one is made up.
    let other = instance.post("/jobs/deletions", &json!({})).ok();
    let id = other.header("operation-id").expect("an id").to_owned();
    assert_eq!(
        finished(&instance, &format!("/jobs/deletions/{id}"))["status"],
        "succeeded"
    );
}

#[test]
fn refusals() {
    let instance = Instance::new();
    for minutes in ["14", "1441", "x"] {
        let reply = instance.post(&format!("/jobs/deletions?timeoutInMinutes={minutes}"), &json!({}));
        assert_eq!(
            (reply.status, reply.code()),
            (400, "ValidationFailed"),
            "{minutes}"
        );
    }
    let reply = instance.get("/jobs/deletions/none");
    assert_eq!((reply.status, reply.code()), (404, "DeleteJobNotFound"));
    assert_eq!(reply.header("x-ms-error-code"), None);
    assert_eq!(instance.get("/jobs/deletions?api-version=2023-06-30").status, 400);
}
