//! Scheduled jobs, and queries `FROM devices.jobs`.

use std::time::Duration;

use azure_iot_emulator::{MethodScript, Tier};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{Hub, Response, build, with_header};

fn run(hub: &Hub) {
    block_on(hub.engine.run_due_jobs());
}

fn put(hub: &Hub, id: &str, body: &Value) -> Response {
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

/// Returns the device counts of a job: total, succeeded, failed.
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

/// HUB-JOB-6, HUB-JOB-7, HUB-JOB-8, HUB-JOB-22.
#[test]
fn duplicate_job_conflicts_and_second_active_job_is_throttled() {
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

/// HUB-JOB-11, HUB-JOB-13.
#[test]
fn unknown_job_has_status_unknown_and_ended_job_cannot_be_canceled() {
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

/// HUB-JOB-10, HUB-JOB-12.
#[test]
fn waiting_job_can_be_canceled() {
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

/// HUB-JOB-5, HUB-JOB-10, HUB-JOB-17, HUB-JOB-18, HUB-JOB-23.
#[test]
fn twin_job_runs_on_matching_devices_at_its_start_time() {
    let hub = hub_with(&["a", "b", "c"]);
    let mut body = twin_job("deviceId IN ['a', 'b']");
    // A time without an offset, one hour from now.
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

/// HUB-JOB-14, HUB-JOB-15, HUB-QUERY-34.
#[test]
fn method_job_counts_offline_devices_as_failed() {
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

/// HUB-JOB-21.
#[test]
fn job_with_a_condition_from_modules_runs_on_modules() {
    let hub = hub_with(&["a"]);
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    put(&hub, "j", &twin_job("FROM devices.modules WHERE moduleId = 'm'")).ok();
    run(&hub);
    assert_eq!(counts(&get(&hub, "j")), (Some(1), Some(1), Some(0)));
    assert_eq!(hub.get("/twins/a/modules/m").ok()["tags"], json!({"done": true}));
    assert_eq!(hub.get("/twins/a").ok()["tags"], json!(null));
}

/// HUB-JOB-9.
#[test]
fn job_with_bad_condition_is_accepted_and_fails() {
    let hub = hub_with(&["a"]);
    put(&hub, "j", &twin_job("tags.floor =")).ok();
    run(&hub);
    let job = get(&hub, "j");
    assert_eq!(job["status"], "failed");
    assert!(job["failureReason"].is_string(), "{job}");
}

/// HUB-JOB-1, HUB-JOB-2, HUB-JOB-3, HUB-JOB-4, HUB-JOB-5, HUB-JOB-24.
#[test]
fn job_bodies_and_ids_are_checked() {
    let hub = Hub::new();
    let with = |change: fn(&mut Value)| {
        let mut body = twin_job("*");
        change(&mut body);
        body
    };
    let method = |method: Value| json!({"type": "scheduleDeviceMethod", "queryCondition": "*", "cloudToDeviceMethod": method});
    for bad in [
        with(|body| body["updateTwin"]["etag"] = json!("AAAAAAAAAAE=")),
        with(|body| body["updateTwin"]["tags"] = json!({"a.b": 1})),
        with(|body| body["updateTwin"] = json!(null)),
        with(|body| body["startTime"] = json!("tomorrow")),
        // The start is more than 168 hours from now.
        with(|body| body["startTime"] = json!("2026-03-08T12:30:00Z")),
        with(|body| body["jobId"] = json!("other")),
        with(|body| body["queryCondition"] = json!(null)),
        method(json!({})),
        method(json!({"methodName": ""})),
        method(json!({"methodName": "go", "responseTimeoutInSeconds": 3})),
        method(json!({"methodName": "go", "responseTimeoutInSeconds": 3000})),
        method(json!({"methodName": "go", "responseTimeoutInSeconds": 5, "connectTimeoutInSeconds": 6})),
    ] {
        put(&hub, "j", &bad).error(400, "ArgumentInvalid");
    }
    let unknown = with(|body| body["type"] = json!("somethingElse"));
    put(&hub, "j", &unknown).error(400, "GenericBadRequest");
    for bad_id in ["Capital", "under_score", &"x".repeat(65)] {
        put(&hub, bad_id, &twin_job("*")).error(400, "ArgumentInvalid");
    }
}

/// HUB-JOB-20.
#[test]
fn job_fails_at_its_maximum_execution_time() {
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

/// HUB-JOB-10.
#[test]
fn interrupted_job_continues_after_loading_state() {
    let hub = hub_with(&["a", "b"]);
    put(&hub, "j", &twin_job("*")).ok();
    run(&hub);
    let mut state = hub.engine.dump();
    // Edits the state to match the one that a process leaves behind if it ends while the job is running.
    state["jobs"]["j"]["status"] = json!("running");
    state["jobs"]["j"]["devices"][1]["status"] = json!("running");
    state["devices"]["b"]["identity"]["twin"]["tags"] = json!({});
    let other = Hub::new();
    other.engine.load(&state).unwrap();
    run(&other);
    assert_eq!(counts(&get(&other, "j")), (Some(2), Some(2), Some(0)));
    assert_eq!(other.get("/twins/b").ok()["tags"], json!({"done": true}));
}

fn query(hub: &Hub, text: &str) -> Response {
    hub.send("POST", "/devices/query", None, Some(&json!({ "query": text })))
}

/// HUB-QUERY-2, HUB-QUERY-4, HUB-QUERY-33, HUB-QUERY-34.
#[test]
fn job_rows_are_queried_page_by_page() {
    let hub = hub_with(&["a", "b", "c"]);
    for id in ["one", "two"] {
        put(&hub, id, &twin_job("*")).ok();
        run(&hub);
    }
    let response = query(
        &hub,
        "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'two' AND deviceId != 'b'",
    );
    assert_eq!(response.header("x-ms-item-type"), Some("DeviceJob"));
    let rows = response.ok();
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

/// HUB-JOB-16, HUB-QUERY-3.
#[test]
fn job_list_is_an_array_in_pages() {
    let hub = hub_with(&["a"]);
    for id in ["c", "a", "b"] {
        put(&hub, id, &twin_job("*")).ok();
        run(&hub);
    }
    put(&hub, "waiting", &method_job("*", &json!(1))).ok();
    let list = |path: &str| {
        let response = hub.get(path);
        assert_eq!(response.header("x-ms-item-type"), Some("JobResponse"));
        let jobs = response.ok();
        let ids = jobs
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["jobId"].as_str().unwrap());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list("/jobs/v2/query"), "a b c waiting");
    // The .NET client sends types and statuses in Pascal case.
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

/// HUB-JOB-19.
#[test]
fn job_condition_of_more_than_8192_characters_fails_a_precondition() {
    let hub = hub_with(&["a"]);
    let condition = |length: usize| {
        let frame = "deviceId = ''".len();
        format!("deviceId = '{}'", "x".repeat(length - frame))
    };
    let text = put(&hub, "long", &twin_job(&condition(8193))).error(412, "PreconditionFailed");
    assert!(text.contains("etag"), "{text}");
    put(&hub, "long", &twin_job(&condition(8192))).ok();
}

/// HUB-TWIN-29.
#[test]
fn job_fails_on_the_twins_of_system_modules() {
    let hub = Hub::new();
    hub.create_edge("e");
    hub.put("/devices/e/modules/m", &json!({"deviceId": "e", "moduleId": "m"}))
        .ok();
    let condition = "FROM devices.modules WHERE devices.deviceId = 'e'";
    put(&hub, "j", &twin_job(condition)).ok();
    run(&hub);
    assert_eq!(counts(&get(&hub, "j")), (Some(3), Some(1), Some(2)));
    let rows = query(&hub, "SELECT * FROM devices.jobs WHERE status = 'failed'").ok();
    assert_eq!(rows[0]["error"]["code"], 401_100);
    assert_eq!(hub.get("/twins/e/modules/$edgeHub").ok()["version"], 2);
}

/// HUB-METHOD-15.
#[test]
fn job_takes_numbers_written_as_strings() {
    let hub = hub_with(&["a"]);
    let mut body = method_job("*", &json!(null));
    body["cloudToDeviceMethod"]["responseTimeoutInSeconds"] = json!("20");
    body["maxExecutionTimeInSeconds"] = json!("300");
    let job = put(&hub, "j", &body).ok();
    assert_eq!(job["cloudToDeviceMethod"]["responseTimeoutInSeconds"], 20);
    assert_eq!(job["maxExecutionTimeInSeconds"], 300);
}
