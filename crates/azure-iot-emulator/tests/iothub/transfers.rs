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

/// HUB-REGISTRY-2, HUB-REGISTRY-3, HUB-ATTRIBUTE-1.
#[test]
fn export_of_a_linked_hub_has_the_members_of_the_registry() {
    let hub = Hub::new();
    hub.engine
        .link_device_registry("factory", std::time::Duration::ZERO);
    let authentication = json!({"type": "certificateAuthority", "policyResourceId": "/policies/p"});
    let body = json!({"deviceId": "a", "attributes": {"x": 1}, "authentication": authentication});
    hub.put("/devices/a?api-version=2026-11-01", &body).ok();
    let device = hub.get("/devices/a?api-version=2026-11-01").ok();
    for (version, has_registry) in [("2021-04-12", false), ("2026-11-01", true)] {
        let body = json!({"type": "export", "outputBlobContainerUri": "https://localhost:1234/c"});
        let path = format!("/jobs/create?api-version={version}");
        finished(&hub, hub.send("POST", &path, None, Some(&body)));
        let line: Value = serde_json::from_str(blob(&hub, "c", "devices.txt").unwrap().trim()).unwrap();
        for member in ["adrDeviceProperties", "deviceResourceId"] {
            let expected = has_registry.then_some(&device[member]);
            assert_eq!(line.get(member), expected, "{version} {member}");
        }
        let policy = &line["authentication"]["policyResourceId"];
        assert_eq!(policy.is_string(), has_registry, "{version}");
        assert_eq!(line.get("attributes"), None);
    }
    // An import ignores the members that the registry owns.
    assert_eq!(finished(&hub, import(&hub, "c"))["status"], "completed");
    let imported = hub.get("/devices/a?api-version=2026-11-01").ok();
    assert_eq!(imported["adrDeviceProperties"], device["adrDeviceProperties"]);
    assert_eq!(imported["attributes"], json!({"x": 1}));
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
    // A device's line is followed by the lines of its modules.
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
    // The warning is not valid JSON, so the import log has an entry for it.
    assert_eq!(blob(&hub, "log", "importErrors.log").unwrap().lines().count(), 1);
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

/// HUB-TRANSFER-13, HUB-TRANSFER-14: every line is either imported or reported, including the first line.
#[test]
fn import_skips_a_byte_order_mark_and_reports_a_bad_first_line() {
    let hub = Hub::new();
    let line = |id: &str| json!({"id": id, "importMode": "createOrUpdate"}).to_string();
    let exists = |id: &str| hub.get(&format!("/devices/{id}")).status == 200;
    put_blob(
        &hub,
        "marked",
        "devices.txt",
        &format!("\u{feff}{}\n{}\n", line("a"), line("b")),
    );
    assert_eq!(finished(&hub, import(&hub, "marked"))["status"], "completed");
    assert!(exists("a") && exists("b"));
    assert_eq!(blob(&hub, "log", "importErrors.log"), None);

    put_blob(
        &hub,
        "bad",
        "devices.txt",
        &format!("{{\"id\":\"c\",,}}\r\n\r\n{}", line("d")),
    );
    assert_eq!(finished(&hub, import(&hub, "bad"))["status"], "completed");
    assert!(!exists("c") && exists("d"));
    let log = blob(&hub, "log", "importErrors.log").unwrap();
    let errors: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(errors.len(), 1, "{log}");
    assert_eq!(errors[0]["errorCode"], 400_006);
}

/// HUB-TRANSFER-13.
#[test]
fn line_that_is_not_utf8_is_one_failed_line() {
    let hub = Hub::new();
    let mut state = hub.engine.dump();
    let bytes = b"{\"id\":\"a\"}\n{\"id\":\"\xff\"}\n{\"id\":\"b\"}\n";
    state["containers"]["c"]["devices.txt"] =
        json!({"contentType": "text/plain", "bytes": STANDARD.encode(bytes)});
    hub.engine.load(&state).unwrap();
    assert_eq!(finished(&hub, import(&hub, "c"))["status"], "completed");
    hub.get("/devices/a").ok();
    hub.get("/devices/b").ok();
    assert_eq!(blob(&hub, "log", "importErrors.log").unwrap().lines().count(), 1);
}

/// HUB-TRANSFER-21: the rest of the file is imported.
#[test]
fn line_that_is_too_long_is_one_failed_line() {
    let hub = Hub::new();
    let long = json!({"id": "long", "statusReason": "x".repeat(1024 * 1024)});
    put_blob(&hub, "c", "devices.txt", &format!("{long}\n{{\"id\":\"a\"}}\n"));
    assert_eq!(finished(&hub, import(&hub, "c"))["status"], "completed");
    hub.get("/devices/a").ok();
    hub.get("/devices/long").error(404, "DeviceNotFound");
    let log = blob(&hub, "log", "importErrors.log").unwrap();
    assert!(log.contains("a line has at most 1048576"), "{log}");
    assert_eq!(log.lines().count(), 1);
}

/// HUB-TRANSFER-22: a short invalid line has a long entry in the log.
#[test]
fn import_fails_when_its_error_log_is_too_long() {
    let hub = Hub::new();
    put_blob(&hub, "c", "devices.txt", &"x\n".repeat(400_000));
    let job = finished(&hub, import(&hub, "c"));
    assert_eq!(job["status"], "failed");
    let reason = job["failureReason"].as_str().unwrap();
    assert!(reason.contains("16777216"), "{reason}");
    assert_eq!(blob(&hub, "log", "importErrors.log"), None);
}

/// HUB-TRANSFER-3: devices and configurations are imported in batches, and the job can be canceled between them.
#[test]
fn import_is_canceled_between_batches() {
    let hub = Hub::new();
    put_blob(&hub, "c", "devices.txt", "{\"id\":\"a\"}\n");
    let configuration = |n: usize| {
        let content = json!({"deviceContent": {"properties.desired.x": 1}});
        json!({"id": format!("c{n}"), "targetCondition": "tags.x = 1", "content": content}).to_string()
    };
    let configurations: Vec<String> = (0..150).map(configuration).collect();
    put_blob(&hub, "c", "configurations.txt", &configurations.join("\n"));
    let job = start(
        &hub,
        &json!({
            "type": "import", "includeConfigurations": true,
            "inputBlobContainerUri": "https://localhost:1234/c",
            "outputBlobContainerUri": "https://localhost:1234/log",
        }),
    );
    let path = format!("/jobs/{}", job.ok()["jobId"].as_str().unwrap());
    let mut run = std::pin::pin!(hub.engine.run_due_jobs());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // The first batch contains the device, the second batch the first configurations.
    for _ in 0..2 {
        assert!(run.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(hub.send("DELETE", &path, None, None).status, 204);
    assert_eq!(run.as_mut().poll(&mut context), std::task::Poll::Ready(()));
    assert_eq!(
        hub.get("/configurations?top=100").ok().as_array().unwrap().len(),
        100
    );
}

/// HUB-TRANSFER-11.
#[test]
fn storage_authentication_type_is_key_based_or_identity_based() {
    let hub = Hub::new();
    let job = |kind: Value| {
        let body = json!({
            "type": "export", "outputBlobContainerUri": "https://localhost/c",
            "storageAuthenticationType": kind,
        });
        start(&hub, &body)
    };
    for (sent, shown) in [
        (json!("IdentityBased"), "identityBased"),
        (json!("KeyBased"), "keyBased"),
        (json!(null), "keyBased"),
    ] {
        assert_eq!(job(sent).ok()["storageAuthenticationType"], shown);
        run(&hub);
    }
    job(json!("passwordBased")).error(400, "ArgumentInvalid");
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

/// HUB-TRANSFER-4, HUB-TRANSFER-19.
#[test]
fn second_import_or_export_job_exceeds_the_quota() {
    let hub = Hub::new();
    export(&hub, "c", false).ok();
    let text = export(&hub, "d", false).error(403, "JobQuotaExceeded");
    assert!(
        text.starts_with("Error: 403 ErrorCode: JobQuotaExceeded"),
        "{text}"
    );
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
