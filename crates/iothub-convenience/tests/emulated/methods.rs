//! Direct methods.

use std::time::Duration;

use azure_iot_emulator::{Fault, MethodScript};
use iothub_convenience::*;
use serde_json::{Value, json};

use crate::hub;

#[tokio::test]
async fn each_outcome_is_distinguished() {
    let (emulator, hub) = hub(&["d"]).await;
    let devices = emulator.iothub().unwrap();
    let call = |id: &'static str, method: &str| {
        let method = DirectMethod::new(method).with_response_timeout(Duration::from_secs(5));
        let hub = hub.clone();
        async move { hub.invoke_device_method(id, &method).await.unwrap() }
    };
    assert_eq!(call("missing", "m").await, DirectMethodOutcome::NotFound);
    assert_eq!(call("d", "m").await, DirectMethodOutcome::Offline);
    devices.set_connected("d", None, true).unwrap();
    devices
        .on_method("d", None, "m", MethodScript::reply(503, Value::Null))
        .unwrap();
    let outcome = call("d", "m").await;
    let response = outcome.response().unwrap();
    assert_eq!(
        (response.status, response.payload.as_ref()),
        (503, Some(&Value::Null))
    );
    devices.on_method("d", None, "m", MethodScript::Silent).unwrap();
    let silence = call("d", "m");
    let passing = async {
        // The emulator's clock runs a hundred times faster than real time.
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            emulator.clock().advance(Duration::from_secs(1));
        }
    };
    tokio::select! {
        outcome = silence => assert_eq!(outcome, DirectMethodOutcome::NoResponse),
        () = passing => {}
    }
}

#[tokio::test]
async fn payloads_are_delivered_unchanged() {
    let (emulator, hub) = hub(&["d"]).await;
    let devices = emulator.iothub().unwrap();
    hub.create_module_with_sas("d", "m", SymmetricKey::assigned_by_service(), None)
        .await
        .unwrap();
    devices.set_connected("d", Some("m"), true).unwrap();
    devices
        .on_method("d", Some("m"), "echo", MethodScript::Echo { status: 200 })
        .unwrap();
    for payload in [
        json!(null),
        json!(0),
        json!(false),
        json!(""),
        json!([]),
        json!({"a": [1.0, null]}),
    ] {
        let method = DirectMethod::new("echo").with_payload(payload.clone());
        let outcome = hub.invoke_device_module_method("d", "m", &method).await.unwrap();
        assert_eq!(outcome.response().unwrap().payload, Some(payload));
    }
}

#[tokio::test]
async fn outcome_is_unknown_after_a_broken_connection_and_the_call_is_not_retried() {
    let (emulator, hub) = hub(&["d"]).await;
    emulator
        .faults()
        .add(Fault::reset().on("POST", "/twins/d/methods").times(1))
        .unwrap();
    let error = hub
        .invoke_device_method("d", &DirectMethod::new("m"))
        .await
        .unwrap_err();
    assert!(error.is_unknown_outcome(), "{error:?}");
    assert_eq!(error.attempts(), 1);
    emulator
        .faults()
        .add(
            Fault::status(429)
                .retry_after(1)
                .on("POST", "/twins/d/methods")
                .times(1),
        )
        .unwrap();
    assert_eq!(
        hub.invoke_device_method("d", &DirectMethod::new("m"))
            .await
            .unwrap(),
        DirectMethodOutcome::Offline
    );
}
