//! Every way in which a message does not arrive, each told from the others.

use std::time::Duration;

use azure_iot_emulator::AmqpFaultAction;
use futures::StreamExt;
use iothub_convenience::{
    AmqpErrorKind, CallOptions, ConnectionFailure, ErrorCode, ErrorKind, IotHubRegistryManager, MessageFate,
};

use crate::support::{Hub, amqp_error, options, settle_down};

fn reject(condition: &str, description: Option<&str>) -> AmqpFaultAction {
    AmqpFaultAction::Reject {
        condition: condition.to_owned(),
        description: description.map(str::to_owned),
    }
}

#[tokio::test]
async fn an_unknown_device_is_rejected_with_the_services_reason() {
    let hub = Hub::start().await;
    let result = hub.hello().await;
    let error = result.as_ref().unwrap_err();
    assert!(error.is_not_found() && !error.is_unknown_outcome());
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.error_code(), Some(ErrorCode::DEVICE_NOT_FOUND));
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.fate()),
        (AmqpErrorKind::Rejected, MessageFate::Refused)
    );
    assert_eq!(error.condition(), Some("amqp:not-found"));
    assert_eq!(
        (error.message(), error.attempts()),
        (Some("dev-1"), 1),
        "what was rejected is not sent again"
    );
    assert!(error.tracking_id().is_some_and(|id| id.len() == 32));
    assert_eq!(hub.amqp().statistics().messages, 1);
}

#[tokio::test]
async fn the_fifty_first_message_meets_a_full_queue() {
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
    assert_eq!(hub.waiting("dev-1"), ["hello"]);
}

/// HUB-C2D-5.
#[tokio::test]
async fn conditions_of_the_service_are_told_apart() {
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
    // A busy service may be asked again; the fault applies twice, so the third attempt arrives.
    hub.fault_times(2, reject("com.microsoft:server-busy", None));
    assert_eq!(hub.hello().await.unwrap().attempts, 3);
    assert_eq!(hub.waiting("dev-1"), ["hello"]);
}

#[tokio::test]
async fn released_and_modified_messages_are_sent_again_and_then_told_apart() {
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
    assert_eq!(hub.waiting("dev-1").len(), 2);

    for (fault, kind, attempts) in [
        (AmqpFaultAction::Release, AmqpErrorKind::Released, 4),
        (modify(false), AmqpErrorKind::Modified, 4),
        (modify(true), AmqpErrorKind::Undeliverable, 1),
    ] {
        hub.amqp().clear_faults();
        hub.fault(fault);
        let error = amqp_error(hub.hello().await);
        assert_eq!(
            (error.kind(), error.fate(), error.attempts()),
            (kind, MessageFate::Refused, attempts)
        );
    }
    assert_eq!(hub.waiting("dev-1").len(), 0);
    assert_eq!(hub.amqp().statistics().connections, 1, "the link stays in use");
}

#[tokio::test]
async fn a_link_that_is_closed_in_answer_to_a_message_leaves_its_outcome_unknown() {
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
        (error.kind(), error.fate(), error.attempts()),
        (AmqpErrorKind::Detached, MessageFate::Unknown, 1)
    );
    assert_eq!(error.condition(), Some("amqp:internal-error"));
    assert_eq!((error.code(), error.message()), (Some("ServerError"), Some("oh")));
    hub.hello().await.unwrap();
    assert_eq!(hub.waiting("dev-1").len(), 1);
}

#[tokio::test]
async fn a_link_that_is_refused_means_that_nothing_was_sent() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let refuse = |condition: &str| AmqpFaultAction::RefuseLink {
        condition: condition.to_owned(),
        description: None,
    };
    hub.fault_times(1, refuse("amqp:not-allowed"));
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.fate(), error.attempts()),
        (AmqpErrorKind::Detached, MessageFate::NotSent, 1)
    );
    // The service may close links for reasons of its own; nothing was sent, so it is sent now.
    hub.fault_times(1, refuse("amqp:link:detach-forced"));
    assert_eq!(hub.hello().await.unwrap().attempts, 2);
    assert_eq!(hub.waiting("dev-1").len(), 1);
}

#[tokio::test]
async fn a_policy_without_the_permission_is_unauthorized() {
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
        (error.kind(), error.fate(), error.attempts()),
        (AmqpErrorKind::Detached, MessageFate::NotSent, 1)
    );
}

#[tokio::test]
async fn a_token_that_is_refused_or_unanswerable_means_that_nothing_was_sent() {
    let hub = Hub::start().await;
    hub.fault_times(1, AmqpFaultAction::TokenStatus { status: 401 });
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.fate(), error.attempts()),
        (AmqpErrorKind::TokenRefused, MessageFate::NotSent, 1)
    );
    assert!(error.is_unauthorized());
    let text = hub.emulator.iothub_connection_string();
    let (start, _) = text.rsplit_once("SharedAccessKey=").unwrap();
    let text = format!("{start}SharedAccessKey=bm90IHRoZSBrZXk=");
    let client = IotHubRegistryManager::from_connection_string(&text, Some(options(&hub.emulator))).unwrap();
    let error = amqp_error(client.send_c2d_message("dev-1", "hello").await);
    assert_eq!(error.kind(), AmqpErrorKind::TokenRefused);
    // A service in trouble is asked again.
    hub.device("dev-1").await;
    hub.fault_times(2, AmqpFaultAction::TokenStatus { status: 500 });
    assert_eq!(hub.hello().await.unwrap().attempts, 3);
}

#[tokio::test]
async fn a_token_that_expires_under_way_is_called_expired() {
    let hub = Hub::start_with(|options| options.amqp.max_retries = 0).await;
    hub.device("dev-1").await;
    hub.hello().await.unwrap();
    // To the service it is later than to the client, which therefore sees no need for a new token.
    hub.emulator.clock().advance(Duration::from_secs(2 * 3600));
    settle_down().await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.fate()),
        (AmqpErrorKind::TokenExpired, MessageFate::NotSent)
    );
    assert!(error.is_unauthorized());
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        error.kind(),
        AmqpErrorKind::TokenRefused,
        "a new connection meets a closed door"
    );
}

#[tokio::test]
async fn a_reset_after_the_message_leaves_its_outcome_unknown_and_it_is_not_sent_again() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    for (processed, waiting) in [(true, 1), (false, 0)] {
        hub.fault_times(1, AmqpFaultAction::Reset { processed });
        let error = amqp_error(hub.hello().await);
        assert_eq!(
            (error.kind(), error.fate(), error.attempts()),
            (AmqpErrorKind::ConnectionLost, MessageFate::Unknown, 1)
        );
        assert_eq!(hub.waiting("dev-1").len(), waiting, "{processed}");
    }
    assert_eq!(hub.amqp().statistics().messages, 2);
    hub.hello().await.unwrap();
}

#[tokio::test]
async fn an_outcome_that_does_not_come_is_unknown_after_the_timeout() {
    let hub = Hub::start_with(|options| options.amqp.operation_timeout = Duration::from_millis(300)).await;
    hub.device("dev-1").await;
    hub.fault_times(1, AmqpFaultAction::Silence);
    let result = hub.hello().await;
    assert!(result.as_ref().is_err_and(iothub_convenience::Error::is_timeout));
    let error = amqp_error(result);
    assert_eq!(
        (error.kind(), error.fate(), error.attempts()),
        (AmqpErrorKind::Timeout, MessageFate::Unknown, 1)
    );
    hub.hello().await.unwrap();
}

#[tokio::test]
async fn nobody_at_the_other_end_means_that_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("localhost:{}", listener.local_addr().unwrap().port());
    let nobody = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("localhost:{}", gone.local_addr().unwrap().port())
    };
    let hub = Hub::start_with(|options| {
        options.amqp.endpoint = Some(nobody);
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
        (error.kind(), error.fate(), error.attempts()),
        (AmqpErrorKind::Connection, MessageFate::NotSent, 4)
    );

    let hub = Hub::start_with(|options| {
        options.amqp.endpoint = Some(silent);
        options.amqp.connect_timeout = Duration::from_millis(200);
    })
    .await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(
        (error.kind(), error.fate()),
        (AmqpErrorKind::Timeout, MessageFate::NotSent)
    );
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_trusted_gets_nothing() {
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
async fn errors_name_host_and_port_the_cause_and_the_method() {
    let port = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().port()
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
    assert_eq!(error.attempts(), 1, "no retry helps");

    let hub = Hub::start().await;
    let error = hub.hello().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the hub rejected the message (amqp:not-found)"),
        "{error}"
    );
}

#[tokio::test]
async fn the_attempt_timeout_of_the_call_options_applies() {
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
    // Over an open connection, the message may have been delivered.
    hub.hello().await.unwrap();
    let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}
