//! Client construction.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::TryStreamExt;
use iothub_convenience::*;

use serde_json::{Value, json};

use crate::support::{FixedToken, KEY, MockTransport, hub_with};

#[tokio::test]
async fn entra_token_is_requested_for_the_scope_of_the_hub() {
    let transport = MockTransport::new();
    let credential = Arc::new(FixedToken(Mutex::default()));
    let hub = IotHubRegistryManager::from_token_credential(
        "hub.example:8443",
        credential.clone(),
        Some(transport.options()),
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
fn invalid_connection_strings_and_hosts_are_refused_without_showing_the_key() {
    for text in [
        "",
        "HostName=h;SharedAccessKeyName=n",
        "HostName=h;SharedAccessKey=secret!;SharedAccessKeyName=n",
    ] {
        let error = IotHubRegistryManager::from_connection_string(text, None).unwrap_err();
        assert!(
            error.is_invalid_input() && !format!("{error} {error:?}").contains("secret!"),
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

/// The futures of all calls are `Send`; checked at compile time.
#[tokio::test]
async fn calls_can_be_spawned() {
    let transport = MockTransport::new();
    transport.respond_with(200, &[], "[]");
    let hub = transport.hub();
    let rows = tokio::spawn({
        let hub = hub.clone();
        async move { hub.query_iot_hub_rows("q", None)?.try_collect::<Vec<_>>().await }
    });
    assert_eq!(rows.await.unwrap().unwrap(), []);
    let any = Precondition::Unconditional;
    let patch = TwinPatch::new().set_tag("a", 1);
    let results = tokio::spawn(async move {
        let entries = ["a", "b"].map(RegistryEntry::create);
        let bulk = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
        let updates = [TwinUpdate::new("d", patch.clone(), any.clone())];
        let twins = hub.update_twins(updates, None).await.unwrap();
        let keys = hub
            .regenerate_keys(["d".to_owned()], KeyPolicy::Both, None)
            .await
            .unwrap();
        let _ = hub.modify_twin("d", |twin| twin.tags.set("a", 1)).await;
        let _ = hub.update_twin("d", &patch, any).await;
        let _ = hub.invoke_device_method("d", &DirectMethod::new("m")).await;
        let request = ScheduledJobRequest::update_twin("j", "*", patch);
        let _ = hub.begin_scheduled_job(&request, None).unwrap().try_next().await;
        (bulk.results.len(), twins.results.len(), keys.results.len())
    });
    assert_eq!(results.await.unwrap(), (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn call_timeout_is_extended_by_the_timeout_of_a_direct_method() {
    for (call_timeout, seconds) in [(None, 90), (Some(Duration::from_secs(7)), 7)] {
        let transport = MockTransport::new();
        let options = IotHubClientOptions {
            call_timeout,
            ..transport.options()
        };
        let hub = hub_with(options);
        let begin = tokio::time::Instant::now();
        transport.hang().hang();
        let error = hub.get_device("d").await.unwrap_err();
        assert!(error.is_timeout() && error.is_unknown_outcome(), "{error}");
        assert_eq!(begin.elapsed().as_secs(), seconds, "{error}");

        transport.take_times();
        transport.hang();
        let begin = tokio::time::Instant::now();
        let method = DirectMethod::new("m").with_response_timeout(Duration::from_secs(200));
        let error = hub.invoke_device_method("d", &method).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!(begin.elapsed().as_secs() >= 200, "{error}");
    }
}

#[tokio::test]
async fn response_above_the_limit_of_the_options_is_an_error_on_calls_and_pages() {
    let transport = MockTransport::new();
    for (max_response_size, is_too_large) in [(None, false), (Some(20), true)] {
        let options = IotHubClientOptions {
            max_response_size,
            ..transport.options()
        };
        let hub = hub_with(options);
        transport.respond(200, &json!({"deviceId": "d", "etag": "AAAA"}));
        let error = hub.get_device("d").await.err();
        assert_eq!(
            error.is_some_and(|error| error.is_response_too_large()),
            is_too_large
        );
        transport.respond(200, &json!([{"deviceId": "d", "etag": "AAAA"}]));
        let mut rows = hub.query_iot_hub::<Value>("SELECT * FROM devices", None).unwrap();
        let page = rows.try_next().await;
        assert_eq!(
            page.is_err_and(|error| error.is_response_too_large()),
            is_too_large
        );
    }
}
