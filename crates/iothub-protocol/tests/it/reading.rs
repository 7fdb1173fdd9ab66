//! Decoding of responses as the hub sends them.

use iothub_protocol::{Error, types};
use serde_json::{Value, json};

use crate::capture::Capture;
use crate::{body, client, run};

/// A device that has dates without an offset (one with seven fractional digits, one in year 1), a null, an unknown enum
/// value and an unknown member.
const DEVICE: &str = r#"{
    "deviceId": "thermostat-7",
    "generationId": "638000000000000000",
    "etag": "MTIz",
    "connectionState": "Hibernating",
    "status": "enabled",
    "statusReason": null,
    "connectionStateUpdatedTime": "0001-01-01T00:00:00Z",
    "statusUpdatedTime": "0001-01-01T00:00:00",
    "lastActivityTime": "2030-05-06T07:08:09.1234567",
    "cloudToDeviceMessageCount": 0,
    "authentication": {
        "symmetricKey": { "primaryKey": "c2VjcmV0LW9uZQ==", "secondaryKey": null },
        "x509Thumbprint": { "primaryThumbprint": null, "secondaryThumbprint": null },
        "type": "sas"
    },
    "capabilities": { "iotEdge": false },
    "deviceScope": "ms-azure-iot-edge://x-1",
    "parentScopes": [],
    "color": { "primary": ["red"] }
}"#;

fn device() -> types::Device {
    let capture = Capture::new(200, DEVICE);
    run(client(&capture).devices_get_identity("thermostat-7"))
        .unwrap()
        .into_inner()
}

#[test]
fn dates_without_offset_and_of_year_one_are_decoded() {
    let device = device();
    let never = [device.connection_state_updated_time, device.status_updated_time];
    assert!(
        never.iter().all(|time| time.as_ref().unwrap().is_never()),
        "{never:?}"
    );
    assert_eq!(
        device.last_activity_time.unwrap().to_string(),
        "2030-05-06T07:08:09.1234567Z"
    );
}

/// HUB-WIRE-3.
#[test]
fn unknown_values_of_an_enum_are_kept() {
    let device = device();
    let state = device.connection_state.unwrap();
    assert_eq!(
        state,
        types::DeviceConnectionState::UnknownValue("Hibernating".into())
    );
    assert_eq!(serde_json::to_value(&state).unwrap(), json!("Hibernating"));
    assert_eq!(device.status, Some(types::DeviceStatus::Enabled));
    assert_eq!(types::DeviceStatus::from("enabled").as_str(), "enabled");
    assert!(types::DeviceStatus::KNOWN.contains(&"disabled"));
}

#[test]
fn a_device_round_trip_keeps_unknown_members_and_empty_lists() {
    let capture = Capture::new(200, DEVICE);
    let read = device();
    run(client(&capture).devices_create_or_update_identity("thermostat-7", Some("\"MTIz\""), &read)).unwrap();
    let written: Value = serde_json::from_str(body(&capture.only())).unwrap();
    let expected: Value = serde_json::from_str(DEVICE).unwrap();
    assert_eq!(written["color"], expected["color"], "an unknown member is kept");
    assert_eq!(written["parentScopes"], json!([]), "an empty list is kept");
    // A date is normalized, and a null is omitted.
    assert_eq!(written["statusUpdatedTime"], "0001-01-01T00:00:00Z");
    assert_eq!(written.get("statusReason"), None);
    assert_eq!(
        written["authentication"]["symmetricKey"]["primaryKey"],
        "c2VjcmV0LW9uZQ=="
    );
}

#[test]
fn a_twin_keeps_numbers_member_order_and_unknown_members() {
    let text = r#"{"deviceId":"d","version":9007199254740993,"status":"enabled","tags":{"z":1,"a":1.0,"m":[null,true]},
        "properties":{"desired":{"$version":3,"b":{"$x":"y"},"a":0.1},"reported":{}},"newMember":1}"#;
    let capture = Capture::new(200, text);
    let twin = run(client(&capture).devices_get_twin("d")).unwrap().into_inner();
    assert_eq!(twin.version, Some(9_007_199_254_740_993));
    assert_eq!(twin.extra["newMember"], json!(1));
    let written = serde_json::to_string(&twin).unwrap();
    assert!(
        written.contains(r#""tags":{"z":1,"a":1.0,"m":[null,true]}"#),
        "{written}"
    );
    assert!(
        written.contains(r#""desired":{"$version":3,"b":{"$x":"y"},"a":0.1},"reported":{}"#),
        "{written}"
    );
}

/// HUB-WIRE-1.
#[test]
fn a_method_result_distinguishes_null_from_absent() {
    let payload = |body: &str| {
        let capture = Capture::new(200, body);
        let call = types::CloudToDeviceMethod::default();
        let result = run(client(&capture).modules_invoke_method("d", "m", &call))
            .unwrap()
            .into_inner();
        (result.status, result.payload)
    };
    assert_eq!(payload(r#"{"status":501}"#), (Some(501), None));
    assert_eq!(
        payload(r#"{"status":200,"payload":null}"#),
        (Some(200), Some(Value::Null))
    );
    for any in [json!(true), json!("x"), json!(7), json!([]), json!({ "a": null })] {
        let body = json!({ "status": 200, "payload": any }).to_string();
        assert_eq!(payload(&body), (Some(200), Some(any)));
    }
}

/// HUB-WIRE-2.
#[test]
fn query_rows_may_be_any_json_object() {
    let capture = Capture::new(200, r#"[{"deviceId":"d"},{"n":3},{}]"#);
    let rows =
        run(client(&capture).query_get_twins(None, None, &types::QuerySpecification::default())).unwrap();
    assert_eq!(*rows, [json!({ "deviceId": "d" }), json!({ "n": 3 }), json!({})]);
}

#[test]
fn a_job_of_an_unknown_type_is_decoded() {
    let text = r#"{"jobId":"j","type":"teleport","status":"paused","createdTime":"2030-01-01T00:00:00.0000001Z",
        "startTime":"0001-01-01T00:00:00","endTime":null,"deviceJobStatistics":{"deviceCount":1},"x":[]}"#;
    let capture = Capture::new(200, text);
    let job = run(client(&capture).jobs_get_scheduled_job("j"))
        .unwrap()
        .into_inner();
    assert_eq!(job.type_.unwrap().as_str(), "teleport");
    assert_eq!(job.status.unwrap().to_string(), "paused");
    assert!(job.start_time.unwrap().is_never());
    assert_eq!(job.end_time, None);
}

#[test]
fn an_error_response_is_returned_with_its_body_unread() {
    let capture = Capture::new(404, r#"{"Message":"ErrorCode:DeviceNotFound;x"}"#);
    let Err(Error::UnexpectedResponse(response)) = run(client(&capture).devices_get_twin("d")) else {
        panic!("expected an error response");
    };
    assert_eq!(response.status(), 404);
    assert!(run(response.text()).unwrap().contains("DeviceNotFound"));
}

#[test]
fn debug_shows_no_key() {
    let device = device();
    let shown = format!("{device:?} {device:#?}");
    assert!(!shown.contains("c2VjcmV0"), "{shown}");
    assert!(shown.contains("***"), "{shown}");
}
