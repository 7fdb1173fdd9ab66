//! How a client is made.

use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use iothub_convenience::*;

use crate::support::{FixedToken, KEY, Recorder};

#[tokio::test]
async fn an_entra_identity_is_asked_for_the_hubs_scope() {
    let recorder = Recorder::new();
    let credential = Arc::new(FixedToken(Mutex::default()));
    let hub = IotHubRegistryManager::from_token_credential(
        "hub.example:8443",
        credential.clone(),
        Some(recorder.options()),
    )
    .unwrap();
    hub.get_service_statistics().await.unwrap();
    assert_eq!(
        *credential.0.lock().unwrap(),
        ["https://iothubs.azure.net/.default"]
    );
    assert_eq!(hub.host_name(), "hub.example:8443");
}

#[test]
fn bad_connection_strings_and_hosts_are_refused_without_showing_the_key() {
    for text in [
        "",
        "HostName=h;SharedAccessKeyName=n",
        "HostName=h;SharedAccessKey=geheim!;SharedAccessKeyName=n",
    ] {
        let error = IotHubRegistryManager::from_connection_string(text, None).unwrap_err();
        assert!(
            error.is_invalid_input() && !format!("{error} {error:?}").contains("geheim"),
            "{error:?}"
        );
    }
    let credential = Arc::new(FixedToken(Mutex::default()));
    let error =
        IotHubRegistryManager::from_token_credential("http://hub.example", credential, None).unwrap_err();
    assert!(error.is_invalid_input(), "{error:?}");
    let text = format!("HostName=h;SharedAccessKeyName=n;SharedAccessKey={KEY}");
    let hub = IotHubRegistryManager::from_connection_string(&text, None).unwrap();
    assert!(!format!("{hub:?}").contains(KEY));
}

/// Calls can be handed to a multi-threaded runtime. That it compiles is most of the test.
#[tokio::test]
async fn calls_can_be_spawned() {
    let recorder = Recorder::new();
    recorder.answer_with(200, &[], "[]");
    let hub = recorder.hub();
    let rows = tokio::spawn({
        let hub = hub.clone();
        async move { hub.query_iot_hub_rows("q", None)?.try_collect::<Vec<_>>().await }
    });
    assert_eq!(rows.await.unwrap().unwrap(), []);
    let any = Precondition::Unconditional;
    let patch = TwinPatch::new().set_tag("a", 1);
    let results = tokio::spawn(async move {
        let entries = ["a", "b"].map(RegistryEntry::create);
        let bulk = hub.bulk_create_or_update_devices(entries, None).await;
        let updates = [TwinUpdate::new("d", patch.clone(), any.clone())];
        let twins = hub.update_twins(updates, None).await;
        let keys = hub.regenerate_keys(["d".to_owned()], KeyChange::Both, None).await;
        let _ = hub.modify_twin("d", |twin| twin.tags.set("a", 1)).await;
        let _ = hub.update_twin("d", &patch, any).await;
        let _ = hub.invoke_device_method("d", &DirectMethod::new("m")).await;
        let request = ScheduledJobRequest::update_twin("j", "*", patch);
        let _ = hub.begin_scheduled_job(&request, None).unwrap().try_next().await;
        (bulk.results.len(), twins.results.len(), keys.results.len())
    });
    assert_eq!(results.await.unwrap(), (2, 1, 1));
}
