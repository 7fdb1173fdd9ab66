//! Answers, shaped as the hub gives them.

use iothub_protocol::{Error, types};
use serde_json::{Value, json};

use crate::capture::Capture;
use crate::{body, client, run};

/// A device with everything that can surprise: a zone that is missing, seven digits, the year 1, a null, a status and
/// a member that no description lists.
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
    "colour": { "of": ["the", "future"] }
}"#;

fn device() -> types::Device {
    let capture = Capture::new(200, DEVICE);
    run(client(&capture).devices_get_identity("thermostat-7"))
        .unwrap()
        .into_inner()
}

#[test]
fn dates_are_read_however_they_are_written() {
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
fn a_device_read_and_written_back_is_the_same() {
    let capture = Capture::new(200, DEVICE);
    let read = device();
    run(client(&capture).devices_create_or_update_identity("thermostat-7", Some("\"MTIz\""), &read)).unwrap();
    let written: Value = serde_json::from_str(body(&capture.only())).unwrap();
    let expected: Value = serde_json::from_str(DEVICE).unwrap();
    assert_eq!(
        written["colour"], expected["colour"],
        "an unknown member survives"
    );
    assert_eq!(written["parentScopes"], json!([]), "an empty list stays one");
    // A date comes back in another writing of the same, and a null as nothing.
    assert_eq!(written["statusUpdatedTime"], "0001-01-01T00:00:00Z");
    assert_eq!(written.get("statusReason"), None);
    assert_eq!(
        written["authentication"]["symmetricKey"]["primaryKey"],
        "c2VjcmV0LW9uZQ=="
    );
}

#[test]
fn a_twin_keeps_its_numbers_its_order_and_what_is_unknown() {
    let text = r#"{"deviceId":"d","version":9007199254740993,"status":"enabled","tags":{"z":1,"a":1.0,"m":[null,true]},
        "properties":{"desired":{"$version":3,"b":{"$x":"y"},"a":0.1},"reported":{}},"newThing":1}"#;
    let capture = Capture::new(200, text);
    let twin = run(client(&capture).devices_get_twin("d")).unwrap().into_inner();
    assert_eq!(twin.version, Some(9_007_199_254_740_993));
    assert_eq!(twin.extra["newThing"], json!(1));
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
fn a_device_answers_a_method_with_null_with_nothing_or_with_anything() {
    let payload = |answer: &str| {
        let capture = Capture::new(200, answer);
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
        let answer = json!({ "status": 200, "payload": any }).to_string();
        assert_eq!(payload(&answer), (Some(200), Some(any)));
    }
}

/// HUB-WIRE-2.
#[test]
fn rows_of_a_query_may_have_any_shape() {
    let capture = Capture::new(200, r#"[{"deviceId":"d"},{"n":3},{}]"#);
    let rows =
        run(client(&capture).query_get_twins(None, None, &types::QuerySpecification::default())).unwrap();
    assert_eq!(*rows, [json!({ "deviceId": "d" }), json!({ "n": 3 }), json!({})]);
}

#[test]
fn a_job_of_the_future_can_be_read() {
    let text = r#"{"jobId":"j","type":"teleport","status":"pondering","createdTime":"2030-01-01T00:00:00.0000001Z",
        "startTime":"0001-01-01T00:00:00","endTime":null,"deviceJobStatistics":{"deviceCount":1},"x":[]}"#;
    let capture = Capture::new(200, text);
    let job = run(client(&capture).jobs_get_scheduled_job("j"))
        .unwrap()
        .into_inner();
    assert_eq!(job.type_.unwrap().as_str(), "teleport");
    assert_eq!(job.status.unwrap().to_string(), "pondering");
    assert!(job.start_time.unwrap().is_never());
    assert_eq!(job.end_time, None);
}

#[test]
fn errors_of_the_service_come_unread() {
    let capture = Capture::new(404, r#"{"Message":"ErrorCode:DeviceNotFound;x"}"#);
    let Err(Error::UnexpectedResponse(response)) = run(client(&capture).devices_get_twin("d")) else {
        panic!("it must be an error");
    };
    assert_eq!(response.status(), 404);
    assert!(run(response.text()).unwrap().contains("DeviceNotFound"));
}

#[test]
fn no_key_is_ever_shown() {
    let device = device();
    let shown = format!("{device:?} {device:#?}");
    assert!(!shown.contains("c2VjcmV0"), "{shown}");
    assert!(shown.contains("***"), "{shown}");
}
