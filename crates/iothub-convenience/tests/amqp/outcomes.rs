//! Failures to send a message.

use std::time::Duration;

use azure_core::http::{FixedRetryOptions, RetryOptions};
use azure_iot_emulator::AmqpFaultAction;
use futures::StreamExt;
use iothub_convenience::{
    AmqpErrorKind, CallOptions, ConnectionFailure, DeliveryState, ErrorCode, ErrorKind, IotHubRegistryManager,
};

use crate::support::{Hub, amqp_error, options, wait_for_peer};

fn reject(condition: &str, description: Option<&str>) -> AmqpFaultAction {
    AmqpFaultAction::Reject {
        condition: condition.to_owned(),
        description: description.map(str::to_owned),
    }
}

#[tokio::test]
async fn unknown_device_is_rejected_with_the_reason_of_the_service() {
    let hub = Hub::start().await;
    let result = hub.hello().await;
    let error = result.as_ref().unwrap_err();
    assert!(error.is_not_found() && !error.is_unknown_outcome());
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.error_code(), Some(ErrorCode::DEVICE_NOT_FOUND));
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.delivery_state()),
        (AmqpErrorKind::Rejected, DeliveryState::Refused)
    );
    assert_eq!(error.condition(), Some("amqp:not-found"));
    assert_eq!(
        (error.message(), error.attempts()),
        (Some("dev-1"), 1),
        "a rejected message is not retried"
    );
    assert!(error.tracking_id().is_some_and(|id| id.len() == 32));
    assert_eq!(hub.amqp().statistics().messages, 1);
}

#[tokio::test]
async fn fifty_first_message_is_rejected_because_the_queue_is_full() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let sends = (0..50).map(|_| hub.hello());
    for sent in futures::future::join_all(sends).await {
        sent.unwrap();
    }
    let result = hub.hello().await;
    assert!(
        result
            .as_ref()
            .is_err_and(iothub_convenience::Error::is_forbidden)
    );
    let error = amqp_error(result);
    assert!(error.is_queue_full());
    assert_eq!(error.kind(), AmqpErrorKind::Rejected);
    let device = hub
        .client
        .get_device("dev-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(device.cloud_to_device_message_count, Some(50));
    hub.client.purge_command_queue("dev-1").await.unwrap();
    hub.hello().await.unwrap();
    assert_eq!(hub.receive_all("dev-1"), ["hello"]);
}

/// HUB-C2D-5.
#[tokio::test]
async fn each_condition_has_a_predicate() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    hub.fault(reject("amqp:link:message-size-exceeded", Some("too large")));
    let error = amqp_error(hub.hello().await);
    assert!(error.is_too_large() && !error.is_queue_full() && !error.is_not_found());
    assert_eq!(error.message(), Some("too large"));
    hub.amqp().clear_faults();
    hub.fault(reject("amqp:unauthorized-access", None));
    let error = amqp_error(hub.hello().await);
    assert!(error.is_unauthorized());
    assert_eq!(error.kind(), AmqpErrorKind::Rejected);
    hub.amqp().clear_faults();
    // The client retries while the hub is busy. The fault applies twice, so the third attempt succeeds.
    hub.fault_times(2, reject("com.microsoft:server-busy", None));
    assert_eq!(hub.hello().await.unwrap().attempts, 3);
    assert_eq!(hub.receive_all("dev-1"), ["hello"]);
}

#[tokio::test]
async fn released_and_modified_messages_are_retried_and_have_their_own_kinds() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let modify = |undeliverable_here| AmqpFaultAction::Modify {
        delivery_failed: true,
        undeliverable_here,
    };
    hub.fault_times(2, AmqpFaultAction::Release);
    assert_eq!(hub.hello().await.unwrap().attempts, 3);
    hub.fault_times(1, modify(false));
    assert_eq!(hub.hello().await.unwrap().attempts, 2);
    assert_eq!(hub.receive_all("dev-1").len(), 2);

    for (fault, kind, attempts) in [
        (AmqpFaultAction::Release, AmqpErrorKind::Released, 4),
        (modify(false), AmqpErrorKind::Modified, 4),
        (modify(true), AmqpErrorKind::Undeliverable, 1),
    ] {
        hub.amqp().clear_faults();
        hub.fault(fault);
        let error = amqp_error(hub.hello().await);
        assert_eq!(
            (error.kind(), error.delivery_state(), error.attempts()),
            (kind, DeliveryState::Refused, attempts)
        );
    }
    assert_eq!(hub.receive_all("dev-1").len(), 0);
    assert_eq!(hub.amqp().statistics().connections, 1, "the link is reused");
}

#[tokio::test]
async fn outcome_is_unknown_if_the_hub_detaches_the_link_after_a_message() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    hub.fault_times(
        1,
        AmqpFaultAction::Detach {
            condition: "amqp:internal-error".to_owned(),
            description: Some("ErrorCode:ServerError;oh".to_owned()),
        },
    );
    let result = hub.hello().await;
    let error = result.as_ref().unwrap_err();
    assert!(error.is_unknown_outcome());
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.delivery_state(), error.attempts()),
        (AmqpErrorKind::Detached, DeliveryState::Unknown, 1)
    );
    assert_eq!(error.condition(), Some("amqp:internal-error"));
    assert_eq!((error.code(), error.message()), (Some("ServerError"), Some("oh")));
    hub.hello().await.unwrap();
    assert_eq!(hub.receive_all("dev-1").len(), 1);
}

#[tokio::test]
async fn message_is_not_sent_if_the_link_is_refused() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let refuse = |condition: &str| AmqpFaultAction::RefuseLink {
        condition: condition.to_owned(),
        description: None,
    };
    hub.fault_times(1, refuse("amqp:not-allowed"));
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.delivery_state(), error.attempts()),
        (AmqpErrorKind::Detached, DeliveryState::NotSent, 1)
    );
    // A link that the hub closed for an internal reason is attached again.
    hub.fault_times(1, refuse("amqp:link:detach-forced"));
    assert_eq!(hub.hello().await.unwrap().attempts, 2);
    assert_eq!(hub.receive_all("dev-1").len(), 1);
}

#[tokio::test]
async fn policy_without_permission_is_unauthorized() {
    let hub = Hub::start().await;
    let text = hub
        .emulator
        .iothub_connection_string_for("registryReadWrite")
        .unwrap();
    let client = IotHubRegistryManager::from_connection_string(&text, Some(options(&hub.emulator))).unwrap();
    let result = client.send_c2d_message("dev-1", "hello").await;
    assert!(
        result
            .as_ref()
            .is_err_and(iothub_convenience::Error::is_unauthorized)
    );
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.delivery_state(), error.attempts()),
        (AmqpErrorKind::Detached, DeliveryState::NotSent, 1)
    );
}

#[tokio::test]
async fn message_is_not_sent_if_the_token_is_refused() {
    let hub = Hub::start().await;
    hub.fault_times(1, AmqpFaultAction::TokenStatus { status: 401 });
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.delivery_state(), error.attempts()),
        (AmqpErrorKind::TokenRefused, DeliveryState::NotSent, 1)
    );
    assert!(error.is_unauthorized());
    let text = hub.emulator.iothub_connection_string();
    let (start, _) = text.rsplit_once("SharedAccessKey=").unwrap();
    let text = format!("{start}SharedAccessKey=bm90IHRoZSBrZXk=");
    let client = IotHubRegistryManager::from_connection_string(&text, Some(options(&hub.emulator))).unwrap();
    let error = amqp_error(client.send_c2d_message("dev-1", "hello").await);
    assert_eq!(error.kind(), AmqpErrorKind::TokenRefused);
    // A server error is retried.
    hub.device("dev-1").await;
    hub.fault_times(2, AmqpFaultAction::TokenStatus { status: 500 });
    assert_eq!(hub.hello().await.unwrap().attempts, 3);
}

#[tokio::test]
async fn expired_token_has_its_own_kind() {
    let hub = Hub::start_with(|options| options.amqp.max_retries = 0).await;
    hub.device("dev-1").await;
    hub.hello().await.unwrap();
    // Only the emulator's clock is moved, so the client does not renew the token.
    hub.emulator.clock().advance(Duration::from_secs(2 * 3600));
    wait_for_peer().await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.delivery_state()),
        (AmqpErrorKind::TokenExpired, DeliveryState::NotSent)
    );
    assert!(error.is_unauthorized());
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        error.kind(),
        AmqpErrorKind::TokenRefused,
        "a new connection is refused"
    );
}

#[tokio::test]
async fn outcome_is_unknown_after_a_reset_and_the_message_is_not_retried() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    for (processed, waiting) in [(true, 1), (false, 0)] {
        hub.fault_times(1, AmqpFaultAction::Reset { processed });
        let error = amqp_error(hub.hello().await);
        assert_eq!(
            (error.kind(), error.delivery_state(), error.attempts()),
            (AmqpErrorKind::ConnectionLost, DeliveryState::Unknown, 1)
        );
        assert_eq!(hub.receive_all("dev-1").len(), waiting, "{processed}");
    }
    assert_eq!(hub.amqp().statistics().messages, 2);
    hub.hello().await.unwrap();
}

#[tokio::test]
async fn missing_outcome_is_unknown_after_the_timeout() {
    let hub = Hub::start_with(|options| options.amqp.operation_timeout = Duration::from_millis(300)).await;
    hub.device("dev-1").await;
    hub.fault_times(1, AmqpFaultAction::Silence);
    let result = hub.hello().await;
    assert!(result.as_ref().is_err_and(iothub_convenience::Error::is_timeout));
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.delivery_state(), error.attempts()),
        (AmqpErrorKind::Timeout, DeliveryState::Unknown, 1)
    );
    hub.hello().await.unwrap();
}

#[tokio::test]
async fn message_is_not_sent_without_a_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("localhost:{}", listener.local_addr().unwrap().port());
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("localhost:{}", listener.local_addr().unwrap().port())
    };
    let hub = Hub::start_with(|options| {
        options.amqp.endpoint = Some(closed);
    })
    .await;
    let result = hub.hello().await;
    assert!(
        result
            .as_ref()
            .is_err_and(iothub_convenience::Error::is_connection)
    );
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.delivery_state(), error.attempts()),
        (AmqpErrorKind::Connection, DeliveryState::NotSent, 4)
    );

    let hub = Hub::start_with(|options| {
        options.amqp.endpoint = Some(silent);
        options.amqp.connect_timeout = Duration::from_millis(200);
    })
    .await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.delivery_state()),
        (AmqpErrorKind::Timeout, DeliveryState::NotSent)
    );
}

#[tokio::test]
async fn untrusted_server_receives_no_token() {
    let hub = Hub::start_with(|options| {
        options.amqp.trusted_certificates = None;
        options.amqp.max_retries = 0;
    })
    .await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(error.kind(), AmqpErrorKind::Connection);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(hub.amqp().statistics().tokens, 0);
}

#[tokio::test]
async fn errors_name_host_port_cause_and_method() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let endpoint = format!("localhost:{port}");
    let hub = Hub::start_with(|options| options.amqp.endpoint = Some(endpoint.clone())).await;
    let error = hub.hello().await.unwrap_err();
    let text = format!("cannot connect to {endpoint}: connection refused (send_c2d_message, 4 attempts)");
    assert_eq!(
        (error.to_string(), error.amqp().unwrap().to_string()),
        (text.clone(), text)
    );
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("send_c2d_message"), 4)
    );
    assert!(error.is_connection() && error.is_retryable() && !error.is_certificate());

    let hub = Hub::start_with(|options| {
        options.amqp.endpoint = Some("no-such-hub.invalid".to_owned());
        options.amqp.max_retries = 0;
    })
    .await;
    let error = hub.hello().await.unwrap_err();
    assert_eq!(
        error.connection_failure(),
        Some(&ConnectionFailure::UnknownHost),
        "{error}"
    );
    assert!(error.to_string().contains("no-such-hub.invalid:5671"), "{error}");

    let hub = Hub::start_with(|options| options.amqp.trusted_certificates = None).await;
    let error = hub.hello().await.unwrap_err();
    assert!(error.is_certificate() && !error.is_retryable(), "{error}");
    assert_eq!(error.attempts(), 1, "not retried");

    let hub = Hub::start().await;
    let error = hub.hello().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(" rejected the message (amqp:not-found)"),
        "{error}"
    );
}

#[tokio::test]
async fn attempt_timeout_of_the_call_options_applies() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let client = hub.client.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        ..CallOptions::default()
    });
    let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
    assert!(error.is_timeout() && error.is_connection(), "{error}");
    let error = client.feedback_messages().next().await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    // With an open connection, the message may have been delivered before the timeout.
    hub.hello().await.unwrap();
    let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn call_timeout_ends_retries_of_a_message() {
    let hub = Hub::start_with(|options| options.amqp.retry_delay = Duration::from_secs(60)).await;
    hub.device("dev-1").await;
    hub.hello().await.unwrap();
    for _ in 0..2 {
        hub.fault(AmqpFaultAction::Release);
    }
    let slow = RetryOptions::fixed(FixedRetryOptions {
        delay: azure_core::time::Duration::seconds(60),
        ..FixedRetryOptions::default()
    });
    for retry in [None, Some(slow)] {
        let client = hub.client.with_call_options(CallOptions {
            call_timeout: Some(Duration::from_millis(100)),
            retry,
            ..CallOptions::default()
        });
        let begin = std::time::Instant::now();
        let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        assert_eq!(error.attempts(), 1, "{error}");
        let kind = error.amqp().map(|error| error.kind());
        assert_eq!(kind, Some(AmqpErrorKind::Released), "{error}");
    }
}

fn with_retry(hub: &Hub, retry: RetryOptions) -> IotHubRegistryManager {
    hub.client.with_call_options(CallOptions {
        retry: Some(retry),
        ..CallOptions::default()
    })
}

#[tokio::test]
async fn retries_of_the_call_options_apply_to_messages() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    hub.fault(AmqpFaultAction::Release);
    let client = with_retry(&hub, RetryOptions::none());
    let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    let two = RetryOptions::fixed(FixedRetryOptions {
        delay: azure_core::time::Duration::milliseconds(1),
        max_retries: 2,
        ..FixedRetryOptions::default()
    });
    let client = with_retry(&hub, two.clone());
    let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
    assert_eq!(error.attempts(), 3);
    hub.amqp().clear_faults();
    hub.fault_times(1, AmqpFaultAction::Release);
    let sent = client.send_c2d_message("dev-1", "hello").await.unwrap();
    assert_eq!(sent.attempts, 2);

    let hub = Hub::start_with(|options| options.amqp.endpoint = Some("localhost:1".to_owned())).await;
    let mut feedback = with_retry(&hub, two).feedback_messages();
    let error = feedback.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.attempts(), error.operation()),
        (3, Some("feedback_messages"))
    );
}
