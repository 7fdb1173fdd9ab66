//! Sends requests with arbitrary bodies to both services. They may be refused, but no request makes a service fail, and a
//! dump of the result loads again.
//!
//! Each line of the input is a request: a letter that selects the operation, and the body.

#![no_main]

use std::sync::LazyLock;

use azure_iot_emulator::{Clock, DigitalTwins, IotHub};
use futures::executor::block_on;
use fuzz_targets::{assert_handled, request};
use http::Method;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const TWINS: [(Method, &str); 9] = [
    (Method::POST, "/models"),
    (Method::PUT, "/digitaltwins/room"),
    (Method::PATCH, "/digitaltwins/room"),
    (Method::PATCH, "/digitaltwins/room/components/thermostat"),
    (Method::PUT, "/digitaltwins/room/relationships/r"),
    (Method::PATCH, "/digitaltwins/room/relationships/r"),
    (Method::POST, "/query"),
    (Method::PUT, "/eventroutes/e"),
    (Method::POST, "/digitaltwins/room/telemetry"),
];

const HUB: [(Method, &str); 9] = [
    (Method::PUT, "/devices/device"),
    (Method::PATCH, "/twins/device"),
    (Method::PUT, "/twins/device"),
    (Method::PUT, "/devices/device/modules/m"),
    (Method::PUT, "/configurations/c"),
    (Method::POST, "/devices/query"),
    (Method::PUT, "/jobs/v2/j"),
    (Method::POST, "/configurations/testQueries"),
    (Method::POST, "/devices/device/applyConfigurationContent"),
];

/// The state of an instance with a model, two twins and a relationship.
static TWINS_STATE: LazyLock<Value> = LazyLock::new(|| {
    let twins = DigitalTwins::new(Clock::new());
    let model = json!([
        {"@id": "dtmi:a:T;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
            "contents": [{"@type": "Property", "name": "target", "schema": "double"}]},
        {"@id": "dtmi:a:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": [
            {"@type": "Property", "name": "n", "schema": "integer"},
            {"@type": "Property", "name": "map", "schema": {"@type": "Map",
                "mapKey": {"name": "k", "schema": "string"}, "mapValue": {"name": "v", "schema": "string"}}},
            {"@type": "Component", "name": "thermostat", "schema": "dtmi:a:T;1"},
            {"@type": "Relationship", "name": "to",
                "properties": [{"@type": "Property", "name": "w", "schema": "integer"}]},
        ]},
    ]);
    let room = json!({"$metadata": {"$model": "dtmi:a:Room;1"}, "n": 1, "thermostat": {"$metadata": {}}});
    for (method, path, body) in [
        (Method::POST, "/models", model),
        (Method::PUT, "/digitaltwins/room", room.clone()),
        (Method::PUT, "/digitaltwins/other", room),
        (
            Method::PUT,
            "/digitaltwins/room/relationships/r",
            json!({"$relationshipName": "to", "$targetId": "other", "w": 1}),
        ),
    ] {
        let path = format!("{path}?api-version=2023-10-31");
        let response = block_on(twins.handle(request(method, &path, body.to_string().as_bytes())));
        assert!(response.status.is_success(), "{path}");
    }
    twins.dump()
});

static HUB_STATE: LazyLock<Value> = LazyLock::new(|| {
    let hub = IotHub::new(Clock::new());
    let put = request(
        Method::PUT,
        "/devices/device?api-version=2021-04-12",
        br#"{"deviceId":"device"}"#,
    );
    assert_eq!(block_on(hub.handle(put)).status, 200);
    hub.dump()
});

fuzz_target!(|bytes: &[u8]| {
    let twins = DigitalTwins::new(Clock::new());
    twins.load(&TWINS_STATE).expect("the state is valid");
    let hub = IotHub::new(Clock::new());
    hub.load(&HUB_STATE).expect("the state is valid");
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((letter, body)) = line.split_first() else {
            continue;
        };
        let operation = |operations: &'static [(Method, &'static str)], first: u8| {
            operations.get(usize::from(letter.wrapping_sub(first)))
        };
        if let Some((method, path)) = operation(&TWINS, b'a') {
            let path = format!("{path}?api-version=2023-10-31");
            assert_handled(&block_on(twins.handle(request(method.clone(), &path, body))));
        } else if let Some((method, path)) = operation(&HUB, b'A') {
            let path = format!("{path}?api-version=2021-04-12");
            assert_handled(&block_on(hub.handle(request(method.clone(), &path, body))));
        }
    }
    let again = DigitalTwins::new(Clock::new());
    again.load(&twins.dump()).expect("dumped state loads");
    let dump = hub.dump();
    let again = IotHub::new(Clock::new());
    again.load(&dump).expect("dumped state loads");
    assert_eq!(again.dump(), dump);
});
