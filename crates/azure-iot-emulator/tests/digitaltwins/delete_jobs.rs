//! Delete jobs.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::fixture::Instance;
use crate::import_jobs::finished;

/// ADT-DELETE-1, ADT-DELETE-3, ADT-DELETE-4, ADT-DELETE-6, ADT-DELETE-7, ADT-ID-7.
#[test]
fn job_deletes_everything_except_event_routes() {
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
    // Without an `operation-id`, the service generates one.
    let other = instance.post("/jobs/deletions", &json!({})).ok();
    let id = other.header("operation-id").expect("an id").to_owned();
    assert_eq!(
        finished(&instance, &format!("/jobs/deletions/{id}"))["status"],
        "succeeded"
    );
}

/// ADT-DELETE-2, ADT-DELETE-8: a job that exceeds its timeout fails; elements that it has not deleted yet remain.
#[test]
fn job_fails_at_its_timeout() {
    let instance = Instance::new();
    instance.post("/jobs/deletions", &json!({})).ok();
    let id = instance.get("/jobs/deletions").column("id").remove(0);
    let path = format!("/jobs/deletions/{id}");
    assert_eq!(finished(&instance, &path)["status"], "succeeded");
    let mut state = instance.service.dump();
    let twins = Instance::with_building().service.dump();
    for part in ["models", "twins", "relationships"] {
        assert!(twins.get(part).is_some(), "{part}");
        state[part] = twins[part].clone();
    }
    // Edits the state to match the one that a process leaves behind if it ends while the job is running.
    let job = &mut state["jobs"]["deletions"][&id];
    job["status"] = json!("running");
    job["finished"] = Value::Null;
    assert_eq!(
        job["deadline"], "2025-05-03T02:57:59.4944153Z",
        "720 minutes by default"
    );
    let in_time = Instance::new();
    in_time.clock.advance(Duration::from_secs(720 * 60));
    in_time.service.load(&state).expect("a dumped state");
    assert_eq!(finished(&in_time, &path)["status"], "succeeded");
    assert_eq!(in_time.get("/digitaltwins/room-1").status, 404);
    let late = Instance::new();
    late.clock.advance(Duration::from_secs(720 * 60 + 1));
    late.service.load(&state).expect("a dumped state");
    let job = finished(&late, &path);
    assert_eq!(job["status"], "failed");
    assert_eq!(job["finishedDateTime"], "2025-05-03T02:58:00.4944153Z");
    assert_eq!(late.get("/digitaltwins/room-1").status, 200);
    assert_eq!(late.get("/models/dtmi:test:Room;1").status, 200);
}

/// ADT-DELETE-2: the timeout may be from 15 minutes to one day.
#[test]
fn timeout_sets_the_deadline() {
    let instance = Instance::new();
    for (query, deadline) in [
        ("?timeoutInMinutes=15", "2025-05-02T15:12:59.4944153Z"),
        ("?timeoutInMinutes=1440", "2025-05-03T14:57:59.4944153Z"),
        ("", "2025-05-03T02:57:59.4944153Z"),
    ] {
        let reply = instance.post(&format!("/jobs/deletions{query}"), &json!({})).ok();
        let id = reply.header("operation-id").expect("an id").to_owned();
        finished(&instance, &format!("/jobs/deletions/{id}"));
        assert_eq!(
            instance.service.dump()["jobs"]["deletions"][&id]["deadline"],
            deadline
        );
    }
}

/// ADT-DELETE-11.
#[test]
fn delete_jobs_are_listed_in_pages() {
    let instance = Instance::new();
    for id in ["c", "b", "a"] {
        let header = [("operation-id", id)];
        instance.send(Method::POST, "/jobs/deletions", None, &header).ok();
        finished(&instance, &format!("/jobs/deletions/{id}"));
    }
    let list = |path: &str| {
        let header = [("max-items-per-page", "2")];
        instance.send(Method::GET, path, None, &header).ok()
    };
    let first = list("/jobs/deletions");
    assert_eq!(first.column("id"), ["c", "b"]);
    let link = first.body["nextLink"].as_str().expect("a link");
    let second = list(&link.replace("https://twins.test", ""));
    assert_eq!(
        (second.column("id"), &second.body["nextLink"]),
        (vec!["a".to_owned()], &Value::Null)
    );
}

/// ADT-DELETE-2, ADT-DELETE-5, ADT-ERROR-3, ADT-HTTP-13.
#[test]
fn invalid_timeouts_ids_and_versions_are_refused() {
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

/// ADT-DELETE-5, ADT-DELETE-6, ADT-DELETE-10: an ended job is removed at its `purgeDateTime`, which frees its id.
#[test]
fn ended_job_is_removed_at_its_purge_time() {
    let instance = Instance::new();
    let start = || instance.send(Method::POST, "/jobs/deletions", None, &[("operation-id", "op")]);
    assert_eq!(start().status, 202);
    finished(&instance, "/jobs/deletions/op");
    let kept = Duration::from_secs(30 * 24 * 60 * 60);
    instance.clock.advance(kept - Duration::from_secs(1));
    assert_eq!(instance.get("/jobs/deletions/op").status, 200);
    assert_eq!(start().status, 400);
    instance.clock.advance(Duration::from_secs(1));
    assert_eq!(instance.get("/jobs/deletions").body["value"], json!([]));
    let gone = instance.get("/jobs/deletions/op");
    assert_eq!((gone.status, gone.code()), (404, "DeleteJobNotFound"));
    assert_eq!(start().status, 202);
}
