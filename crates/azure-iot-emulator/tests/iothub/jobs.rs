//! Section 6.2: scheduled jobs, and section 3.2 as far as it is about `FROM devices.jobs`.

use std::time::Duration;

use azure_iot_emulator::{MethodScript, Tier};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{Answer, Hub, build, with_header};

fn run(hub: &Hub) {
    block_on(hub.engine.run_due_jobs());
}

fn put(hub: &Hub, id: &str, body: &Value) -> Answer {
    hub.put(&format!("/jobs/v2/{id}"), body)
}

fn get(hub: &Hub, id: &str) -> Value {
    hub.get(&format!("/jobs/v2/{id}")).ok()
}

fn twin_job(condition: &str) -> Value {
    json!({
        "type": "scheduleUpdateTwin",
        "queryCondition": condition,
        "updateTwin": {"etag": "*", "tags": {"done": true}, "properties": {"desired": {"n": 1}}},
        "maxExecutionTimeInSeconds": 300,
    })
}

fn method_job(condition: &str, payload: &Value) -> Value {
    json!({
        "type": "scheduleDeviceMethod",
        "queryCondition": condition,
        "cloudToDeviceMethod": {"methodName": "go", "payload": payload, "responseTimeoutInSeconds": 10},
    })
}

/// The numbers of devices: all, succeeded, failed.
fn counts(job: &Value) -> (Option<u64>, Option<u64>, Option<u64>) {
    let count = |name: &str| job["deviceJobStatistics"][name].as_u64();
    (
        count("deviceCount"),
        count("succeededCount"),
        count("failedCount"),
    )
}

fn hub_with(ids: &[&str]) -> Hub {
    let hub = Hub::new();
    for id in ids {
        hub.create(id);
    }
    hub
}

#[test]
fn case_58_create_duplicate_and_second_job() {
    let hub = hub_with(&["a"]);
    let created = put(&hub, "first", &twin_job("*")).ok();
    assert_eq!(
        (&created["status"], &created["jobId"]),
        (&json!("queued"), &json!("first"))
    );
    put(&hub, "first", &twin_job("*")).error(409, "JobAlreadyExists");
    put(&hub, "second", &twin_job("*")).error(429, "ThrottlingMaxActiveJobCountExceeded");
    hub.engine.set_tier(Tier::S2);
    put(&hub, "second", &twin_job("*")).ok();
    run(&hub);
    hub.engine.set_tier(Tier::S1);
    put(&hub, "third", &twin_job("*")).ok();
    put(&hub, "first", &twin_job("*")).error(409, "JobAlreadyExists");
}

#[test]
fn case_59_unknown_jobs_and_jobs_that_are_over() {
    let hub = hub_with(&["a"]);
    let unknown = get(&hub, "missing");
    assert_eq!(
        (&unknown["type"], &unknown["status"]),
        (&json!("unknown"), &json!("unknown"))
    );
    put(&hub, "j", &twin_job("*")).ok();
    run(&hub);
    hub.send("POST", "/jobs/v2/j/cancel", None, None)
        .error(405, "OperationNotAllowedInCurrentState");
    hub.send("POST", "/jobs/v2/missing/cancel", None, None)
        .error(404, "JobNotFound");
}

#[test]
fn case_60_a_scheduled_job_is_cancelled() {
    let hub = hub_with(&["a"]);
    let mut body = twin_job("*");
    body["startTime"] = json!("2026-03-01T13:00:00.000Z");
    put(&hub, "later", &body).ok();
    run(&hub);
    assert_eq!(get(&hub, "later")["status"], "scheduled");
    let cancelled = hub.send("POST", "/jobs/v2/later/cancel", None, None).ok();
    assert_eq!(cancelled["status"], "cancelled");
    hub.clock.advance(Duration::from_secs(7200));
    run(&hub);
    assert_eq!(get(&hub, "later")["status"], "cancelled");
    assert_eq!(hub.get("/twins/a").ok()["tags"], json!(null));
}

#[test]
fn section_6_2_a_twin_job_runs_on_the_devices_of_its_condition_when_its_time_comes() {
    let hub = hub_with(&["a", "b", "c"]);
    let mut body = twin_job("deviceId IN ['a', 'b']");
    // Without a zone, and an hour from now.
    body["startTime"] = json!("2026-03-01T13:00:00");
    put(&hub, "j", &body).ok();
    run(&hub);
    assert_eq!(counts(&get(&hub, "j")), (Some(0), Some(0), Some(0)));
    hub.clock.advance(Duration::from_secs(3600));
    run(&hub);
    let job = get(&hub, "j");
    assert_eq!(job["status"], "completed");
    assert_eq!(counts(&job), (Some(2), Some(2), Some(0)));
    assert_eq!(job["updateTwin"]["deviceId"], json!(null));
    assert_eq!(job["updateTwin"]["etag"], "*");
    for (id, expected) in [("a", json!(true)), ("b", json!(true)), ("c", json!(null))] {
        let twin = hub.get(&format!("/twins/{id}")).ok();
        assert_eq!(twin["tags"]["done"], expected, "{id}");
    }
    assert_eq!(hub.get("/twins/a").ok()["properties"]["desired"]["n"], 1);
}

#[test]
fn section_6_2_a_method_job_counts_devices_that_are_offline_as_failed() {
    let hub = hub_with(&["on", "off"]);
    hub.engine.set_connected("on", None, true).unwrap();
    let script = MethodScript::Echo { status: 202 };
    hub.engine.on_method("on", None, "go", script).unwrap();
    put(&hub, "j", &method_job("*", &json!({"x": 1}))).ok();
    run(&hub);
    let job = get(&hub, "j");
    assert_eq!(
        (&job["status"], counts(&job)),
        (&json!("completed"), (Some(2), Some(1), Some(1)))
    );
    let payload: Vec<u8> = serde_json::from_value(job["cloudToDeviceMethod"]["payload"].clone()).unwrap();
    assert_eq!(payload, br#"{"x":1}"#);
    let rows = query(&hub, "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j'").ok();
    assert_eq!(rows[0]["status"], "failed");
    assert_eq!(rows[0]["error"]["code"], 404_103);
    assert_eq!(
        rows[1]["outcome"],
        json!({"deviceMethodResponse": {"status": 202, "payload": {"x": 1}}})
    );
}

#[test]
fn section_6_2_modules_can_be_meant() {
    let hub = hub_with(&["a"]);
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    put(&hub, "j", &twin_job("FROM devices.modules WHERE moduleId = 'm'")).ok();
    run(&hub);
    assert_eq!(counts(&get(&hub, "j")), (Some(1), Some(1), Some(0)));
    assert_eq!(hub.get("/twins/a/modules/m").ok()["tags"], json!({"done": true}));
    assert_eq!(hub.get("/twins/a").ok()["tags"], json!(null));
}

#[test]
fn section_6_2_a_bad_condition_is_taken_and_the_job_fails() {
    let hub = hub_with(&["a"]);
    put(&hub, "j", &twin_job("tags.floor =")).ok();
    run(&hub);
    let job = get(&hub, "j");
    assert_eq!(job["status"], "failed");
    assert!(job["failureReason"].is_string(), "{job}");
}

#[test]
fn section_6_2_bodies_are_checked() {
    let hub = Hub::new();
    let with = |change: fn(&mut Value)| {
        let mut body = twin_job("*");
        change(&mut body);
        body
    };
    for bad in [
        with(|body| body["updateTwin"]["etag"] = json!("AAAAAAAAAAE=")),
        with(|body| body["updateTwin"]["tags"] = json!({"a.b": 1})),
        with(|body| body["updateTwin"] = json!(null)),
        with(|body| body["type"] = json!("somethingElse")),
        with(|body| body["startTime"] = json!("tomorrow")),
        // More than 168 hours ahead.
        with(|body| body["startTime"] = json!("2026-03-08T12:30:00Z")),
        with(|body| body["jobId"] = json!("other")),
        with(|body| body["queryCondition"] = json!(null)),
        json!({"type": "scheduleDeviceMethod", "queryCondition": "*", "cloudToDeviceMethod": {}}),
    ] {
        put(&hub, "j", &bad).error(400, "ArgumentInvalid");
    }
    for bad_id in ["Capital", "under_score", &"x".repeat(65)] {
        put(&hub, bad_id, &twin_job("*")).error(400, "ArgumentInvalid");
    }
}

#[test]
fn section_6_2_time_runs_out() {
    let hub = hub_with(&["a", "b"]);
    for id in ["a", "b"] {
        hub.engine.set_connected(id, None, true).unwrap();
    }
    let mut body = method_job("*", &json!(null));
    body["maxExecutionTimeInSeconds"] = json!(60);
    put(&hub, "j", &body).ok();
    hub.clock.advance(Duration::from_secs(61));
    run(&hub);
    let job = get(&hub, "j");
    assert_eq!(
        (&job["status"], counts(&job)),
        (&json!("failed"), (Some(2), Some(0), Some(2)))
    );
}

#[test]
fn section_6_2_a_loaded_state_goes_on() {
    let hub = hub_with(&["a", "b"]);
    put(&hub, "j", &twin_job("*")).ok();
    run(&hub);
    let mut state = hub.engine.dump();
    // As if the program had ended in the middle.
    state["jobs"]["j"]["status"] = json!("running");
    state["jobs"]["j"]["devices"][1]["status"] = json!("running");
    state["devices"]["b"]["identity"]["twin"]["tags"] = json!({});
    let other = Hub::new();
    other.engine.load(&state).unwrap();
    run(&other);
    assert_eq!(counts(&get(&other, "j")), (Some(2), Some(2), Some(0)));
    assert_eq!(other.get("/twins/b").ok()["tags"], json!({"done": true}));
}

fn query(hub: &Hub, text: &str) -> Answer {
    hub.send("POST", "/devices/query", None, Some(&json!({ "query": text })))
}

#[test]
fn case_36_rows_of_jobs() {
    let hub = hub_with(&["a", "b", "c"]);
    for id in ["one", "two"] {
        put(&hub, id, &twin_job("*")).ok();
        run(&hub);
    }
    let answer = query(
        &hub,
        "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'two' AND deviceId != 'b'",
    );
    assert_eq!(answer.header("x-ms-item-type"), Some("DeviceJob"));
    let rows = answer.ok();
    let ids: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["deviceId"])
        .collect();
    assert_eq!(ids, ["a", "c"]);
    assert_eq!(rows[0]["jobType"], "scheduleUpdateTwin");
    assert_eq!(rows[0]["status"], "completed");
    assert_eq!(rows[0]["outcome"], json!({"deviceMethodResponse": null}));
    // Page by page.
    let text = json!({"query": "SELECT * FROM devices.jobs"});
    let mut request = build("POST", "/devices/query", None, Some(&text));
    request = with_header(request, "x-ms-max-item-count", "4");
    let first = hub.request(request.clone());
    let token = first.header("x-ms-continuation").unwrap().to_owned();
    let second = hub.request(with_header(request, "x-ms-continuation", &token));
    assert_eq!(second.header("x-ms-continuation"), None);
    let (first, second) = (first.ok(), second.ok());
    assert_eq!(
        (first.as_array().unwrap().len(), second.as_array().unwrap().len()),
        (4, 2)
    );
    assert_eq!(second[1]["jobId"], "two");
}

#[test]
fn section_6_2_the_jobs_are_an_array_page_by_page() {
    let hub = hub_with(&["a"]);
    for id in ["c", "a", "b"] {
        put(&hub, id, &twin_job("*")).ok();
        run(&hub);
    }
    put(&hub, "waiting", &method_job("*", &json!(1))).ok();
    let list = |path: &str| {
        let answer = hub.get(path);
        assert_eq!(answer.header("x-ms-item-type"), Some("JobResponse"));
        let jobs = answer.ok();
        let ids = jobs
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["jobId"].as_str().unwrap());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list("/jobs/v2/query"), "a b c waiting");
    // .NET writes the names its own way.
    assert_eq!(
        list("/jobs/v2/query?jobType=ScheduleUpdateTwin&jobStatus=Completed"),
        "a b c"
    );
    assert_eq!(list("/jobs/v2/query?jobStatus=queued"), "waiting");
    assert_eq!(
        list("/jobs/v2/query?jobType=scheduleDeviceMethod&jobStatus=completed"),
        ""
    );
    let request = with_header(
        build("GET", "/jobs/v2/query", None, None),
        "x-ms-max-item-count",
        "3",
    );
    let first = hub.request(request.clone());
    let token = first.header("x-ms-continuation").unwrap().to_owned();
    let second = hub.request(with_header(request.clone(), "x-ms-continuation", &token));
    assert_eq!(second.header("x-ms-continuation"), None);
    assert_eq!(second.ok()[0]["jobId"], "waiting");
    hub.request(with_header(request, "x-ms-continuation", "nonsense"))
        .error(400, "ArgumentInvalid");
}
