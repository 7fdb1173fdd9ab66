//! Plug and Play.

use azure_iot_emulator::MethodScript;
use iothub_convenience::*;
use serde_json::json;

use crate::hub;

#[tokio::test]
async fn device_without_a_model_has_a_digital_twin() {
    let (_emulator, hub) = hub(&["d"]).await;
    let response = hub.get_digital_twin("d").await.unwrap();
    assert!(response.etag().is_some());
    let twin = response.into_model().unwrap();
    assert_eq!(
        (&twin["$dtId"], &twin["$metadata"]["$model"]),
        (&json!("d"), &json!(""))
    );
    assert!(hub.get_digital_twin("missing").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn writable_property_becomes_a_desired_property() {
    let (_emulator, hub) = hub(&["d"]).await;
    let etag = hub.get_digital_twin("d").await.unwrap().etag().unwrap();
    let patch = PlugAndPlayPatch::new().add("/targetTemperature", 21.5).unwrap();
    let response = hub.update_digital_twin("d", &patch, &etag).await.unwrap();
    assert!(response.etag().is_some_and(|new| new != etag));
    let twin = hub.get_twin("d").await.unwrap().into_model().unwrap();
    assert_eq!(
        twin.properties.desired.get("targetTemperature"),
        Some(&json!(21.5))
    );
    let stale = hub.update_digital_twin("d", &patch, etag).await.unwrap_err();
    assert!(stale.is_precondition_failed());
}

#[tokio::test]
async fn commands_are_delivered_as_direct_methods() {
    let (emulator, hub) = hub(&["d"]).await;
    let devices = emulator.iothub().unwrap();
    let command = DirectMethod::new("getMaxMin").with_payload("2024-01-01T00:00:00Z");
    assert_eq!(
        hub.invoke_command("d", &command).await.unwrap(),
        DirectMethodOutcome::Offline
    );
    devices.set_connected("d", None, true).unwrap();
    devices
        .on_method("d", None, "getMaxMin", MethodScript::Echo { status: 207 })
        .unwrap();
    devices
        .on_method(
            "d",
            None,
            "thermostat1*getMaxMin",
            MethodScript::reply(200, json!({"max": 30})),
        )
        .unwrap();
    let outcome = hub.invoke_command("d", &command).await.unwrap();
    let response = outcome.response().unwrap();
    assert_eq!(
        (response.status, response.payload.as_ref()),
        (207, Some(&json!("2024-01-01T00:00:00Z")))
    );
    assert!(response.request_id.is_some());
    let outcome = hub
        .invoke_component_command("d", "thermostat1", &command)
        .await
        .unwrap();
    assert_eq!(outcome.response().unwrap().payload, Some(json!({"max": 30})));
}
