//! State that is on disk when the program is killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azure_iot_emulator::{Emulator, StartError};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};

use crate::program::{Program, start};

/// A client of a running program.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) ready: Value,
}

impl Caller {
    pub(crate) fn of(ready: Value) -> Self {
        let pem = std::fs::read(ready["caFile"].as_str().unwrap()).unwrap();
        let certificate = Certificate::from_pem(&pem).unwrap();
        Self {
            client: Client::builder().tls_certs_only([certificate]).build().unwrap(),
            ready,
        }
    }

    pub(crate) fn url(&self, service: &str, path: &str, version: &str) -> String {
        let endpoint = self.ready[service]["endpoint"].as_str().unwrap();
        format!("{endpoint}{path}?api-version={version}")
    }

    /// Returns the status and the body; `None` if the program has been killed.
    pub(crate) async fn hub(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        self.send(method, self.url("iothub", path, "2021-04-12"), body)
            .await
    }

    pub(crate) async fn twins(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        self.send(method, self.url("digitaltwins", path, "2023-10-31"), body)
            .await
    }

    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        url: String,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let token = self.ready["bearerToken"].as_str().unwrap();
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or_default()))
    }
}

pub(crate) fn start_with(file: &Path, arguments: &[&str]) -> (Program, Caller) {
    let mut all = vec!["--log", "warn", "--data-file", file.to_str().unwrap()];
    all.extend(arguments);
    let (program, ready) = start(&all);
    (program, Caller::of(ready))
}

/// The number of writes that the program has acknowledged, over all connections. Tests kill the program after a
/// number of writes rather than a time, so that slow machines test as many writes.
#[derive(Clone, Default)]
pub(crate) struct WriteCount(Arc<AtomicUsize>);

impl WriteCount {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for a number of writes. The timeout keeps a failing test from hanging.
    pub(crate) async fn reach(&self, wanted: usize) {
        let reached = async {
            while self.0.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(120), reached).await;
        reached.expect("the program acknowledges writes");
    }
}

/// Creates devices and twins until the program is killed. Returns the acknowledged bodies by the path at which they
/// can be read.
async fn write_until_killed(caller: Caller, prefix: String, count: WriteCount) -> BTreeMap<String, Value> {
    let mut acknowledged = BTreeMap::new();
    for number in 0_u32.. {
        let id = format!("{prefix}-{number}");
        let device = format!("/devices/{id}");
        let created = caller
            .hub(reqwest::Method::PUT, &device, Some(json!({ "deviceId": id })))
            .await;
        let Some((status, body)) = created else { break };
        assert_eq!(status, 200, "{body}");
        acknowledged.insert(device, body);
        count.add_one();
        let twin = format!("/twins/{id}");
        let tags = json!({"tags": {"number": number}});
        let Some((status, body)) = caller.hub(reqwest::Method::PATCH, &twin, Some(tags)).await else {
            break;
        };
        assert_eq!(status, 200, "{body}");
        acknowledged.insert(twin, body);
        let twin = format!("/digitaltwins/{id}");
        let body = json!({"$metadata": {"$model": "dtmi:com:example:room;1"}, "number": number});
        let Some((status, body)) = caller.twins(reqwest::Method::PUT, &twin, Some(body)).await else {
            break;
        };
        assert_eq!(status, 200, "{body}");
        acknowledged.insert(twin, body);
    }
    acknowledged
}

/// A restarted program has every change that it acknowledged before it was killed.
#[tokio::test]
async fn kill_loses_no_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let mut acknowledged = BTreeMap::new();
    let mut connection_string = None;
    for round in 0..3 {
        let (mut program, caller) = start_with(&file, &[]);
        // The policy keys are part of the state.
        let key = |caller: &Caller| {
            let text = caller.ready["iothub"]["connectionString"].as_str().unwrap();
            text.split_once("SharedAccessKeyName").unwrap().1.to_owned()
        };
        assert_eq!(
            *connection_string.get_or_insert_with(|| key(&caller)),
            key(&caller)
        );
        if round == 0 {
            let model = json!({
                "@id": "dtmi:com:example:room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
                "contents": [{"@type": "Property", "name": "number", "schema": "integer"}],
            });
            let posted = caller
                .twins(reqwest::Method::POST, "/models", Some(json!([model])))
                .await;
            assert_eq!(posted.unwrap().0, 201);
        }
        let writes = WriteCount::default();
        let writers = (0..8).map(|task| {
            let writing = write_until_killed(caller.clone(), format!("r{round}-t{task}"), writes.clone());
            tokio::spawn(writing)
        });
        let writers: Vec<_> = writers.collect();
        // The program is killed while requests are in progress.
        writes.reach(40 + 17 * round).await;
        program.kill();
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
    }
    let (_program, caller) = start_with(&file, &[]);
    for (path, expected) in &acknowledged {
        let found = if path.starts_with("/digitaltwins/") {
            caller.twins(reqwest::Method::GET, path, None).await
        } else {
            caller.hub(reqwest::Method::GET, path, None).await
        };
        let (status, found) = found.unwrap();
        assert_eq!(status, 200, "{path}");
        // Only writes change these members, so they must have the acknowledged values.
        for member in [
            "deviceId",
            "etag",
            "tags",
            "authentication",
            "generationId",
            "number",
            "$etag",
        ] {
            if let Some(expected) = expected.get(member)
                && !(path.starts_with("/devices/") && member == "tags")
            {
                assert_eq!(found.get(member), Some(expected), "{path} {member}");
            }
        }
    }
}

/// Changes through the management API are persisted like changes through the service API.
#[tokio::test]
async fn reported_properties_and_loaded_states_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let (mut program, caller) = start_with(&file, &["--no-digitaltwins"]);
    caller
        .hub(reqwest::Method::PUT, "/devices/a", Some(json!({"deviceId": "a"})))
        .await
        .unwrap();
    let management = caller.ready["management"]["endpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    let report = caller
        .client
        .patch(format!("{management}/iothub/devices/a/reported"));
    let report = report.json(&json!({"temperature": 21})).send().await.unwrap();
    assert_eq!(report.status(), 204);
    program.kill();
    let (mut program, caller) = start_with(&file, &[]);
    let twin = caller
        .hub(reqwest::Method::GET, "/twins/a", None)
        .await
        .unwrap()
        .1;
    assert_eq!(twin["properties"]["reported"]["temperature"], 21);
    // Loading a state replaces the whole state.
    let management = caller.ready["management"]["endpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    let state = json!({"devices": {}, "lastGeneration": 0});
    let load = caller
        .client
        .put(format!("{management}/state?service=iothub"))
        .json(&state);
    assert_eq!(load.send().await.unwrap().status(), 204);
    program.kill();
    let (_program, caller) = start_with(&file, &[]);
    let (status, list) = caller.hub(reqwest::Method::GET, "/devices", None).await.unwrap();
    assert_eq!((status, list), (200, json!([])));
}

#[tokio::test]
async fn preset_hub_is_filled_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, preset) = (folder.path().join("data.json"), folder.path().join("hub.json"));
    let hub = json!({
        "devices": [
            {"id": "gateway", "capabilities": {"iotEdge": true}},
            {"id": "sensor", "tags": {"floor": 1}, "properties": {"desired": {"interval": 5}}},
            {"id": "sensor", "moduleId": "m"},
        ],
        "configurations": [
            {"id": "c", "targetCondition": "tags.floor = 1", "content": {"deviceContent": {"properties.desired.x": 1}}},
        ],
    });
    std::fs::write(&preset, hub.to_string()).unwrap();
    let options = ["--hub", preset.to_str().unwrap()];
    let (mut program, caller) = start_with(&file, &options);
    let twin = caller
        .hub(reqwest::Method::GET, "/twins/sensor", None)
        .await
        .unwrap()
        .1;
    assert_eq!(twin["properties"]["desired"]["x"], 1);
    let mut delete = caller
        .client
        .delete(caller.url("iothub", "/devices/sensor", "2021-04-12"));
    delete = delete
        .header("if-match", "*")
        .bearer_auth(caller.ready["bearerToken"].as_str().unwrap());
    assert_eq!(delete.send().await.unwrap().status(), 204);
    program.kill();
    let (_program, caller) = start_with(&file, &options);
    let (_, list) = caller.hub(reqwest::Method::GET, "/devices", None).await.unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1);

    let bad = Emulator::builder()
        .preset(json!({"devices": [{"id": "a b"}]}))
        .start()
        .await;
    assert!(matches!(bad, Err(StartError::Preset(_))), "{bad:?}");
}
