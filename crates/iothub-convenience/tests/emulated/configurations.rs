//! Configurations.

use iothub_convenience::*;
use serde_json::json;

use crate::{ANY, hub, if_match};

fn configuration() -> Configuration {
    let content = ConfigurationContent::device([("properties.desired.interval", 5)]).unwrap();
    Configuration::new("cfg-1", content)
        .with_target_condition("tags.site = 'oslo'")
        .with_priority(10)
        .with_label("env", "prüfung")
        .with_metric(
            "fast",
            "SELECT deviceId FROM devices WHERE properties.reported.interval = 5",
        )
}

#[tokio::test]
async fn configuration_is_created_updated_and_deleted() {
    let (_emulator, hub) = hub(&[]).await;
    let created = hub
        .create_configuration(&configuration())
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (created.priority, created.labels.as_ref().unwrap()["env"].as_str()),
        (Some(10), "prüfung")
    );
    let again = hub.create_configuration(&configuration()).await.unwrap_err();
    assert_eq!(again.error_code(), Some(ErrorCode::CONFIGURATION_ALREADY_EXISTS));

    // A configuration can be read, changed and written back.
    let read = hub
        .get_configuration("cfg-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let etag = read.etag.clone();
    let changed = read.with_target_condition("*").with_priority(20);
    let updated = hub
        .update_configuration(&changed, if_match(etag.clone()))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (updated.target_condition.as_deref(), updated.priority),
        (Some("*"), Some(20))
    );
    assert_ne!(updated.etag, etag);
    let stale = hub
        .update_configuration(&changed, if_match(etag.clone()))
        .await
        .unwrap_err();
    assert!(stale.is_precondition_failed(), "{stale:?}");
    assert_eq!(
        hub.get_configurations(None)
            .await
            .unwrap()
            .into_model()
            .unwrap()
            .len(),
        1
    );

    assert!(
        hub.delete_configuration("cfg-1", if_match(etag))
            .await
            .unwrap_err()
            .is_precondition_failed()
    );
    hub.delete_configuration("cfg-1", if_match(updated.etag))
        .await
        .unwrap();
    let gone = hub.get_configuration("cfg-1").await.unwrap_err();
    assert_eq!(gone.error_code(), Some(ErrorCode::CONFIGURATION_NOT_FOUND));
}

#[tokio::test]
async fn configuration_is_applied_to_targeted_twins() {
    let (_emulator, hub) = hub(&["in", "out"]).await;
    hub.update_twin("in", &TwinPatch::new().set_tag("site", "oslo"), ANY)
        .await
        .unwrap();
    hub.create_configuration(&configuration()).await.unwrap();
    let read = async |id: &str| hub.get_twin(id).await.unwrap().into_model().unwrap();
    let inside = read("in").await;
    assert_eq!(inside.properties.desired.get("interval"), Some(&json!(5)));
    let info = &inside.configurations.as_ref().unwrap()["cfg-1"];
    assert_eq!(info.status, Some(ConfigurationInfoStatus::Applied));
    assert_eq!(read("out").await.properties.desired.get("interval"), None);
}

#[tokio::test]
async fn errors_in_queries_are_returned() {
    let (_emulator, hub) = hub(&[]).await;
    let queries = [("bad", "SELEC"), ("good", "SELECT deviceId FROM devices")];
    let queries = queries
        .into_iter()
        .map(|(name, query)| (name.to_owned(), query.to_owned()))
        .collect();
    let checked = hub
        .test_configuration_queries("tags.site = 'oslo'", queries)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(checked.target_condition_error.unwrap_or_default(), "");
    let errors = checked.custom_metric_query_errors.unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["bad"]);
}

#[tokio::test]
async fn content_is_applied_to_one_edge_device() {
    let (_emulator, hub) = hub(&["leaf"]).await;
    let edge = CreateOrUpdateDeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    hub.create_device_with_certificate_authority("edge", DeviceStatus::Enabled, Some(edge))
        .await
        .unwrap();
    let desired = json!({"schemaVersion": "1.1", "modules": {}});
    let content = ConfigurationContent::edge_modules([
        ("$edgeAgent", json!({"properties.desired": desired})),
        (
            "$edgeHub",
            json!({"properties.desired": {"schemaVersion": "1.1"}}),
        ),
    ])
    .unwrap();
    hub.apply_configuration_content_on_edge_device("edge", &content)
        .await
        .unwrap();
    let agent = hub
        .get_module_twin("edge", "$edgeAgent")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(agent.properties.desired.get("schemaVersion"), Some(&json!("1.1")));
    let error = hub
        .apply_configuration_content_on_edge_device("leaf", &content)
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(400));
}

/// HUB-CONFIG-21.
#[tokio::test]
async fn deployment_manifest_is_applied() {
    let (_emulator, hub) = hub(&[]).await;
    let edge = CreateOrUpdateDeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    hub.create_device_with_certificate_authority("edge", DeviceStatus::Enabled, Some(edge))
        .await
        .unwrap();
    let manifest = r#"{"$schema-template": "4.0.0", "content": {"moduleContent": {
        "$edgeAgent": {"properties.desired": {"schemaVersion": "1.1", "modules": {}}},
        "$edgeHub": {"properties.desired": {"schemaVersion": "1.1"}}}}}"#;
    let content = ConfigurationContent::from_manifest(manifest).unwrap();
    hub.apply_configuration_content_on_edge_device("edge", &content)
        .await
        .unwrap();
    let agent = hub
        .get_module_twin("edge", "$edgeAgent")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(agent.properties.desired.get("schemaVersion"), Some(&json!("1.1")));
}
