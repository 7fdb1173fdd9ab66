//! Errors and their predicates.

use azure_core::http::Etag;
use azure_iot_emulator::{Emulator, Fault};
use digitaltwins_convenience::{
    ComponentPatch, DigitalTwinPatch, Error, ErrorKind, Precondition, Relationship, Upsert,
    error_code as codes,
};
use serde_json::{Value, json};

use crate::{ANY, building};

fn fault(emulator: &Emulator, fault: Fault) {
    emulator.faults().add(fault).unwrap();
}

#[tokio::test]
async fn every_refusal_has_its_predicate_and_code() {
    let (_emulator, client) = building().await;
    let upsert = async |twin: Value| {
        client
            .upsert_digital_twin("t", &twin, Upsert::CreateOrReplace)
            .await
            .unwrap_err()
    };
    let relate = async |name: &str, target: &str| {
        let relationship = Relationship::new("r", "floor-1", name, target, ());
        client
            .upsert_relationship("floor-1", "r", &relationship, Upsert::CreateOrReplace)
            .await
            .unwrap_err()
    };
    let room = |extra: Value| {
        let mut room =
            json!({"$metadata": {"$model": "dtmi:example:Room;1"}, "thermostat": {"$metadata": {}}});
        room.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        room
    };
    let error = upsert(room(json!({"speed": 3}))).await;
    assert!(error.is_validation_failed(), "{error}");
    assert!(error.details()[0].message.as_deref().unwrap().contains("speed"));
    assert!(
        upsert(room(json!({"temperature": "warm"})))
            .await
            .is_validation_failed()
    );
    let error = upsert(json!({"$metadata": {"$model": "dtmi:example:None;1"}})).await;
    assert!(
        error.is_validation_failed()
            && error.details()[0]
                .message
                .as_deref()
                .unwrap()
                .contains("dtmi:example:None;1")
    );

    assert!(relate("contains", "missing").await.is_target_not_found());
    assert!(relate("lights", "room-1").await.is_validation_failed());
    assert_eq!(
        relate("contains", "floor-1").await.code(),
        Some(codes::OPERATION_NOT_ALLOWED)
    );

    let patch = DigitalTwinPatch::new().remove("brightness").unwrap();
    let error = client
        .update_digital_twin("room-1", &patch, ANY)
        .await
        .unwrap_err();
    assert!(error.is_invalid_patch(), "{error}");
    let patch = ComponentPatch::new().add("target", 1).unwrap();
    let error = client
        .update_component("room-1", "lamp", &patch, ANY)
        .await
        .unwrap_err();
    assert!(error.is_invalid_patch(), "{error}");
    let error = client.get_component::<Value>("room-1", "lamp").await.unwrap_err();
    assert_eq!(
        (error.is_not_found(), error.code()),
        (true, Some(codes::COMPONENT_NOT_FOUND))
    );
    let error = client
        .get_relationship::<Value>("floor-1", "missing")
        .await
        .unwrap_err();
    assert_eq!(
        (error.is_not_found(), error.code()),
        (true, Some(codes::RELATIONSHIP_NOT_FOUND))
    );

    let odd = Precondition::IfMatch(Etag::from("odd"));
    let error = client.delete_digital_twin("room-1", odd).await.unwrap_err();
    assert_eq!(error.code(), Some(codes::INVALID_ARGUMENT));
    assert!(
        error.tracking_id().is_some() || error.request_id().is_some(),
        "{error:?}"
    );
    let error = client.create_models::<Value>(&[]).await.unwrap_err();
    assert!(error.is_invalid_input() && error.attempts() == 0, "{error}");
    let error = client
        .create_models(&[json!({"@type": "Interface"})])
        .await
        .unwrap_err();
    assert!(error.is_invalid_model(), "{error}");
    let error = client.get_model("not a dtmi", None).await.unwrap_err();
    assert!(error.is_invalid_input() && error.attempts() == 0, "{error}");
}

#[tokio::test]
async fn injected_faults_are_retried() {
    let (emulator, client) = building().await;
    for transient in [
        Fault::status(429).retry_after(0),
        Fault::status(503).retry_after(0),
        Fault::reset(),
        Fault::truncate(),
    ] {
        fault(&emulator, transient.on("GET", "/digitaltwins/*").times(1));
        client.get_digital_twin::<Value>("room-1").await.unwrap();
        assert!(emulator.faults().list().is_empty(), "the fault has occurred");
    }
}

#[tokio::test]
async fn a_patch_with_a_lost_response_is_not_repeated() {
    let (emulator, client) = building().await;
    fault(&emulator, Fault::reset().on("PATCH", "/digitaltwins/*").times(1));
    let patch = DigitalTwinPatch::new().add("temperature", 1).unwrap();
    let error = client
        .update_digital_twin("room-1", &patch, ANY)
        .await
        .unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::UnknownOutcome, 1));
}

#[tokio::test]
async fn an_expired_token_is_unauthorized() {
    let (emulator, _) = building().await;
    let options =
        digitaltwins_convenience::DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem()).unwrap();
    let client = digitaltwins_convenience::DigitalTwinsClient::new(
        emulator.digitaltwins_endpoint(),
        digitaltwins_convenience::DelegatedTokenCredential::new(|| EXPIRED),
        Some(options),
    )
    .unwrap();
    let error: Error = client.get_digital_twin::<Value>("room-1").await.unwrap_err();
    assert!(error.is_unauthorized() && error.code().is_none(), "{error}");
    assert_eq!(error.message(), Some("Unauthorized"));
}

/// An expired JWT:
/// `{"alg":"none"}.{"aud":"https://digitaltwins.azure.net","exp":1}`
const EXPIRED: &str =
    "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2RpZ2l0YWx0d2lucy5henVyZS5uZXQiLCJleHAiOjF9.x";
