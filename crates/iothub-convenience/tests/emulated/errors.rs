//! Failures to connect.

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
async fn closed_port_unknown_host_and_untrusted_certificate_are_distinguished() {
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

#[cfg(feature = "amqp")]
#[tokio::test]
async fn error_of_amqp_names_host_and_port() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let emulator = Emulator::start().await.unwrap();
    let mut options =
        IotHubClientOptions::for_emulator(emulator.ca_certificate_pem(), format!("localhost:{port}"))
            .unwrap();
    options.amqp.max_retries = 0;
    let text = emulator.iothub_connection_string();
    let hub = IotHubRegistryManager::from_connection_string(&text, Some(options)).unwrap();
    let error = hub.send_c2d_message("d", "hello").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot connect to localhost:{port}: connection refused (send_c2d_message)")
    );
}

#[tokio::test]
async fn attempt_timeout_applies_to_a_real_connection() {
    let (_emulator, hub) = crate::hub(&["d"]).await;
    let hub = hub.with_call_options(CallOptions {
        attempt_timeout: Some(std::time::Duration::from_nanos(1)),
        ..CallOptions::default()
    });
    assert!(hub.get_device("d").await.unwrap_err().is_timeout());
}
