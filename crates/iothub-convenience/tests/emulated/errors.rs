//! Failures to connect, told apart.

use azure_iot_emulator::Emulator;
use iothub_convenience::*;

async fn failure(connection_string: &str, options: IotHubClientOptions) -> Error {
    let hub = IotHubRegistryManager::from_connection_string(connection_string, Some(options)).unwrap();
    let hub = hub.with_call_options(CallOptions {
        retry: Some(RetryOptions::none()),
        ..CallOptions::default()
    });
    hub.get_device("d").await.unwrap_err()
}

#[tokio::test]
async fn a_closed_port_an_unknown_host_and_an_untrusted_certificate_are_told_apart() {
    let string = |host: &str| {
        format!("HostName={host};SharedAccessKeyName=n;SharedAccessKey=AAECAwQFBgcICQoLDA0ODw==")
    };
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let error = failure(
        &string(&format!("localhost:{port}")),
        IotHubClientOptions::default(),
    )
    .await;
    assert_eq!(
        error.to_string(),
        format!("cannot connect to localhost:{port}: connection refused (get_device)")
    );
    assert!(error.is_connection() && !error.is_certificate() && error.is_retryable());

    let error = failure(&string("no-such-hub.invalid"), IotHubClientOptions::default()).await;
    assert_eq!(
        error.connection_failure(),
        Some(&ConnectionFailure::UnknownHost),
        "{error}"
    );

    let emulator = Emulator::start().await.unwrap();
    let error = failure(
        &emulator.iothub_connection_string(),
        IotHubClientOptions::default(),
    )
    .await;
    assert!(
        error.is_connection() && error.is_certificate() && !error.is_retryable(),
        "{error}"
    );
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_timeout_of_a_nanosecond_fails_on_a_real_connection_too() {
    let (_emulator, hub) = crate::hub(&["d"]).await;
    let hub = hub.with_call_options(CallOptions {
        attempt_timeout: Some(std::time::Duration::from_nanos(1)),
        ..CallOptions::default()
    });
    assert!(hub.get_device("d").await.unwrap_err().is_timeout());
}
