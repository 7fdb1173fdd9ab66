//! Writes with an ETag that is not the current one. If the client accepts it as a precondition, no service may write.

#![no_main]

use std::sync::LazyLock;

use azure_iot_emulator::{Clock, DigitalTwins, IotHub, ServiceRequest, ServiceResponse};
use azure_service_core::Precondition;
use digitaltwins_convenience::Etag;
use futures::executor::block_on;
use fuzz_targets::{request, with_header};
use http::Method;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use libfuzzer_sys::fuzz_target;

const TWIN: &str = "/digitaltwins/room?api-version=2023-10-31";
const HUB_TWIN: &str = "/twins/device?api-version=2021-04-12";
const HUB_DEVICE: &str = "/devices/device?api-version=2021-04-12";

static TWINS: LazyLock<DigitalTwins> = LazyLock::new(|| {
    let twins = DigitalTwins::new(Clock::new());
    let model = br#"[{"@id":"dtmi:a:Room;1","@type":"Interface","@context":"dtmi:dtdl:context;2",
        "contents":[{"@type":"Property","name":"n","schema":"integer"}]}]"#;
    let models = request(Method::POST, "/models?api-version=2023-10-31", model);
    assert_eq!(block_on(twins.handle(models)).status, 201);
    let twin = br#"{"$metadata":{"$model":"dtmi:a:Room;1"},"n":1}"#;
    assert_eq!(
        block_on(twins.handle(request(Method::PUT, TWIN, twin))).status,
        200
    );
    twins
});

static HUB: LazyLock<IotHub> = LazyLock::new(|| {
    let hub = IotHub::new(Clock::new());
    let device = request(Method::PUT, HUB_DEVICE, br#"{"deviceId":"device"}"#);
    assert_eq!(block_on(hub.handle(device)).status, 200);
    hub
});

/// Returns whether a precondition in a header means any version.
fn is_any(header: &str) -> bool {
    header.trim().trim_matches('"') == "*"
}

fn assert_refused(response: &ServiceResponse, header: &str) {
    let status = response.status.as_u16();
    assert!(
        matches!(status, 400 | 412),
        "{status} for {header:?}: {}",
        String::from_utf8_lossy(&response.body)
    );
}

/// Sends a conditional write to the hub. The ETags of the hub are base64 of its versions.
fn hub(method: Method, path: &str, header: &str, body: &[u8]) {
    let state = HUB.dump();
    let Some(conditional) = with_header(request(method, path, body), IF_MATCH, header) else {
        return;
    };
    let response = block_on(HUB.handle(conditional));
    if response.status.as_u16() < 300 {
        // The ETag was that of the resource; the next input meets the same state.
        HUB.load(&state).expect("dumped state loads");
        let current = block_on(HUB.handle(request(Method::GET, path, b"")));
        let current = current.body_json().expect("JSON")["etag"]
            .as_str()
            .map(str::to_owned);
        let quoted = current.map(|etag| format!("\"{etag}\""));
        assert_eq!(quoted.as_deref(), Some(header.trim()));
    } else {
        assert_refused(&response, header);
    }
}

/// Sends a conditional write to Digital Twins.
fn twins(patch: ServiceRequest, header: &str) {
    let state = TWINS.dump();
    let response = block_on(TWINS.handle(patch));
    if response.status.as_u16() < 300 {
        // The ETag was that of the twin, which the fuzzer finds because it sees comparisons.
        TWINS.load(&state).expect("dumped state loads");
        let current = block_on(TWINS.handle(request(Method::GET, TWIN, b"")));
        let current = current.body_json().expect("JSON");
        assert_eq!(current["$etag"].as_str(), Some(header.trim()));
    } else {
        assert_refused(&response, header);
    }
}

fuzz_target!(|text: &str| {
    let etag = Precondition::IfMatch(Etag::from(text.to_owned()));
    let (verbatim, quoted) = (etag.verbatim(), etag.quoted());
    assert_eq!(verbatim.is_ok(), quoted.is_ok());
    if let Ok(Some(header)) = verbatim
        && !is_any(&header)
    {
        let patch = request(
            Method::PATCH,
            TWIN,
            br#"[{"op":"replace","path":"/n","value":2}]"#,
        );
        if let Some(patch) = with_header(patch, IF_MATCH, &header) {
            twins(patch, &header);
        }
    }
    if let Ok(header) = quoted
        && !is_any(&header)
    {
        hub(Method::PATCH, HUB_TWIN, &header, br#"{"tags":{"n":2}}"#);
        hub(Method::PUT, HUB_DEVICE, &header, br#"{"deviceId":"device"}"#);
    }
    let create = request(Method::PUT, TWIN, br#"{"$metadata":{"$model":"dtmi:a:Room;1"}}"#);
    if let Some(create) = with_header(create, IF_NONE_MATCH, text) {
        assert_refused(&block_on(TWINS.handle(create)), text);
    }
});
