//! Import and export jobs in the engine. The containers are read from dumped state; `https/containers.rs` tests them
//! over HTTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{Hub, Response};

fn run(hub: &Hub) {
    block_on(hub.engine.run_due_jobs());
}

fn start(hub: &Hub, body: &Value) -> Response {
    hub.send("POST", "/jobs/create", None, Some(body))
}

fn export(hub: &Hub, container: &str, exclude_keys: bool) -> Response {
    let uri = format!("https://localhost:1234/{container}?sv=2022-11-02&sig=x");
    let body = json!({"type": "export", "outputBlobContainerUri": uri, "excludeKeysInExport": exclude_keys});
    start(hub, &body)
}

fn import(hub: &Hub, container: &str) -> Response {
    start(
        hub,
        &json!({
            "type": "import",
            "inputBlobContainerUri": format!("https://localhost:1234/{container}"),
            "outputBlobContainerUri": "https://localhost:1234/log/",
        }),
    )
}

fn finished(hub: &Hub, job: Response) -> Value {
    let id = job.ok()["jobId"].as_str().unwrap().to_owned();
    run(hub);
    hub.get(&format!("/jobs/{id}")).ok()
}

fn blob(hub: &Hub, container: &str, name: &str) -> Option<String> {
    let state = hub.engine.dump();
    let bytes = state["containers"][container][name]["bytes"].as_str()?;
    Some(String::from_utf8(STANDARD.decode(bytes).unwrap()).unwrap())
}

fn put_blob(hub: &Hub, container: &str, name: &str, text: &str) {
    let mut state = hub.engine.dump();
    state["containers"][container][name] =
        json!({"contentType": "text/plain", "bytes": STANDARD.encode(text)});
    hub.engine.load(&state).unwrap();
}

/// HUB-TRANSFER-1, HUB-TRANSFER-6, HUB-TRANSFER-8, HUB-TRANSFER-10, HUB-TRANSFER-17.
#[test]
fn export_can_be_imported_again() {
    let hub = Hub::new();
    hub.create_edge("edge");
    let identity = hub.create("a");
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    let patch = json!({"tags": {"t": 1}, "properties": {"desired": {"d": {"x": [1]}}}});
    hub.patch("/twins/a", &patch).ok();
    let job = export(&hub, "c", false).ok();
    assert_eq!(
        (&job["status"], &job["type"]),
        (&json!("enqueued"), &json!("export"))
    );
    assert_eq!(job["startTimeUtc"], "2026-03-01T12:00:00+00:00");
    // Container URIs contain secrets, so they are not returned.
    assert_eq!(job["outputBlobContainerUri"], "");
    run(&hub);
    let done = hub.get(&format!("/jobs/{}", job["jobId"].as_str().unwrap())).ok();
    assert_eq!(
        (&done["status"], &done["progress"]),
        (&json!("completed"), &json!(100))
    );
    assert_eq!(done["failureReason"], json!(null));
    let text = blob(&hub, "c", "devices.txt").unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // Modules have lines of their own after the line of their device.
    let ids: Vec<_> = lines
        .iter()
        .map(|line| (line["id"].as_str(), line["moduleId"].as_str()))
        .collect();
    let expected = [
        (Some("a"), None),
        (Some("a"), Some("m")),
        (Some("edge"), None),
        (Some("edge"), Some("$edgeAgent")),
        (Some("edge"), Some("$edgeHub")),
    ];
    assert_eq!(ids, expected);
    assert_eq!(lines[0]["tags"], json!({"t": 1}));

    for id in ["a", "edge"] {
        hub.delete(&format!("/devices/{id}"), "*");
    }
    let done = finished(&hub, import(&hub, "c"));
    assert_eq!(done["status"], "completed");
    assert_eq!(blob(&hub, "log", "importErrors.log"), None);
    assert_eq!(
        hub.get("/devices/a").ok()["authentication"],
        identity["authentication"]
    );
    let twin = hub.get("/twins/a").ok();
    assert_eq!(
        (&twin["tags"], &twin["properties"]["desired"]["d"]),
        (&json!({"t": 1}), &json!({"x": [1]}))
    );
    hub.get("/devices/a/modules/m").ok();
    assert_eq!(hub.get("/devices/edge/modules").ok().as_array().unwrap().len(), 2);
}

/// HUB-TRANSFER-9.
#[test]
fn export_without_keys_begins_with_a_warning() {
    let hub = Hub::new();
    let keys = hub.create("a")["authentication"]["symmetricKey"]["primaryKey"].clone();
    finished(&hub, export(&hub, "c", true));
    let text = blob(&hub, "c", "devices.txt").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(serde_json::from_str::<Value>(lines[0]).is_err());
    assert!(!text.contains(keys.as_str().unwrap()));
    hub.delete("/devices/a", "*");
    assert_eq!(finished(&hub, import(&hub, "c"))["status"], "completed");
    assert_ne!(
        hub.get("/devices/a").ok()["authentication"]["symmetricKey"]["primaryKey"],
        keys
    );
}

/// HUB-TRANSFER-7, HUB-TRANSFER-12, HUB-TRANSFER-13, HUB-TRANSFER-16.
#[test]
fn import_logs_failed_lines_and_completes() {
    let hub = Hub::new();
    let lines = [
        json!({"id": "new"}).to_string(),
        json!({"id": "missing", "importMode": "update"}).to_string(),
        "{".to_owned(),
        json!({"id": "b c"}).to_string(),
    ];
    put_blob(&hub, "c", "devices.txt", &lines.join("\r\n"));
    assert_eq!(finished(&hub, import(&hub, "c"))["status"], "completed");
    hub.get("/devices/new").ok();
    let log = blob(&hub, "log", "importErrors.log").unwrap();
    let errors: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        errors[0],
        json!({"deviceId": "missing", "errorCode": 404_001, "errorStatus": "missing"})
    );
    assert_eq!((errors.len(), &errors[2]["deviceId"]), (3, &json!("b c")));
    // A job without an input file fails.
    let failed = finished(&hub, import(&hub, "empty"));
    assert_eq!(failed["status"], "failed");
    assert!(
        failed["failureReason"].as_str().unwrap().contains("devices.txt"),
        "{failed}"
    );
}

/// HUB-TRANSFER-18.
#[test]
fn configurations_are_exported_on_request() {
    let hub = Hub::new();
    let content = json!({"deviceContent": {"properties.desired.a": 1}});
    hub.put("/configurations/c1", &json!({"content": content, "priority": 3}))
        .ok();
    let uri = "https://localhost/c";
    let body = json!({"type": "export", "outputBlobContainerUri": uri, "includeConfigurations": true});
    finished(&hub, start(&hub, &body));
    hub.delete("/configurations/c1", "*");
    let body = json!({
        "type": "import", "inputBlobContainerUri": uri, "outputBlobContainerUri": uri,
        "includeConfigurations": true,
    });
    assert_eq!(finished(&hub, start(&hub, &body))["status"], "completed");
    let configuration = hub.get("/configurations/c1").ok();
    assert_eq!(
        (&configuration["content"], &configuration["priority"]),
        (&content, &json!(3))
    );
}

/// HUB-TRANSFER-4.
#[test]
fn second_import_or_export_job_exceeds_the_quota() {
    let hub = Hub::new();
    export(&hub, "c", false).ok();
    export(&hub, "d", false).error(403, "JobQuotaExceeded");
    import(&hub, "c").error(403, "JobQuotaExceeded");
    run(&hub);
    export(&hub, "d", false).ok();
}

/// HUB-TRANSFER-1, HUB-TRANSFER-2, HUB-TRANSFER-3, HUB-TRANSFER-15.
#[test]
fn import_and_export_jobs_are_canceled_and_listed() {
    let hub = Hub::new();
    let first = export(&hub, "c", false).ok()["jobId"]
        .as_str()
        .unwrap()
        .to_owned();
    let cancel = |id: &str| hub.send("DELETE", &format!("/jobs/{id}"), None, None);
    assert_eq!(cancel(&first).status, 204);
    run(&hub);
    assert_eq!(hub.get(&format!("/jobs/{first}")).ok()["status"], "cancelled");
    assert_eq!(blob(&hub, "c", "devices.txt"), None);
    hub.tick();
    let second = finished(&hub, export(&hub, "c", false));
    let list = hub.get("/jobs").ok();
    assert_eq!(
        (&list[0]["jobId"], &list[1]["jobId"]),
        (&json!(first), &second["jobId"])
    );
    // Canceling a completed job does not change it.
    assert_eq!(cancel(second["jobId"].as_str().unwrap()).status, 204);
    assert_eq!(hub.get("/jobs").ok()[1]["status"], "completed");
    hub.get("/jobs/unknown").error(404, "JobNotFound");
    cancel("unknown").error(500, "ServerError");
}

/// HUB-TRANSFER-5, HUB-TRANSFER-20.
#[test]
fn bad_container_uri_is_refused_at_once() {
    let hub = Hub::new();
    start(&hub, &json!({"type": "somethingElse"})).error(400, "ArgumentInvalid");
    for uri in [
        json!(null),
        json!("no uri"),
        json!("https://localhost/"),
        json!("https://localhost/a/b"),
    ] {
        start(&hub, &json!({"type": "export", "outputBlobContainerUri": uri}))
            .error(400, "BlobContainerValidationError");
    }
    start(
        &hub,
        &json!({"type": "import", "outputBlobContainerUri": "https://localhost/c"}),
    )
    .error(400, "BlobContainerValidationError");
}
