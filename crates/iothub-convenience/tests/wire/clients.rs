//! How a client is made.

use std::sync::{Arc, Mutex};

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
