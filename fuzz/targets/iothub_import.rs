//! Reads bytes as the file of a hub import job and as the body of a bulk request. A dump of the result loads again.

#![no_main]

use std::sync::LazyLock;

use azure_iot_emulator::{Clock, IotHub};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::executor::block_on;
use fuzz_targets::{assert_handled, request};
use http::Method;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const JOB: &[u8] = br#"{"type":"import","inputBlobContainerUri":"https://localhost:1/c","outputBlobContainerUri":"https://localhost:1/log"}"#;

/// The state of a hub with an edge device and a module.
static STATE: LazyLock<Value> = LazyLock::new(|| {
    let hub = IotHub::new(Clock::new());
    for (path, body) in [
        (
            "/devices/edge",
            json!({"deviceId": "edge", "capabilities": {"iotEdge": true}}),
        ),
        ("/devices/d", json!({"deviceId": "d"})),
        ("/devices/d/modules/m", json!({"deviceId": "d", "moduleId": "m"})),
    ] {
        let put = request(
            Method::PUT,
            &format!("{path}?api-version=2021-04-12"),
            body.to_string().as_bytes(),
        );
        assert_eq!(block_on(hub.handle(put)).status, 200);
    }
    hub.dump()
});

fuzz_target!(|bytes: &[u8]| {
    let mut state = STATE.clone();
    state["containers"]["c"]["devices.txt"] =
        json!({"contentType": "text/plain", "bytes": STANDARD.encode(bytes)});
    let hub = IotHub::new(Clock::new());
    hub.load(&state).expect("the state is valid");
    let created = block_on(hub.handle(request(Method::POST, "/jobs/create?api-version=2021-04-12", JOB)));
    assert_eq!(created.status, 200);
    block_on(hub.run_due_jobs());
    let id = created.body_json().expect("a job is JSON")["jobId"].clone();
    let path = format!("/jobs/{}?api-version=2021-04-12", id.as_str().expect("an id"));
    let job = block_on(hub.handle(request(Method::GET, &path, b"")));
    assert_eq!(job.body_json().expect("a job is JSON")["status"], "completed");

    let bulk = request(Method::POST, "/devices?api-version=2021-04-12", bytes);
    assert_handled(&block_on(hub.handle(bulk)));
    let dump = hub.dump();
    let again = IotHub::new(Clock::new());
    again.load(&dump).expect("dumped state loads");
    assert_eq!(again.dump(), dump);
});
