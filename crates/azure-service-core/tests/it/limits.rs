//! Limits of a call's duration and response size.

use super::support::*;
use azure_core::http::{Response, RetryOptions};
use azure_service_core::{
    CallLimits, CallOptions, Credential, Error, ErrorKind, ItemPage, Pager, ServiceClient,
};
use futures::StreamExt as _;
use std::time::Duration;
use tokio::time::Instant;

fn list(client: &ServiceClient<Client>) -> Pager<Response<ItemPage<Room>>, Error> {
    let first = client.protocol().rooms_list_request(2);
    client.call("list_rooms").list(first, None).unwrap()
}

#[tokio::test]
async fn response_above_the_limit_is_an_error_that_is_not_retried() {
    let transport = MockTransport::new([Reply::Large(200, 65)]);
    let client = transport.client();
    let errors = [
        get(&client).await.unwrap_err(),
        invoke(&client).await.unwrap_err(),
        Error::from(client.protocol().rooms_get("1").await.unwrap_err()),
        list(&client).next().await.unwrap().unwrap_err(),
        list(&client).into_pages().next().await.unwrap().unwrap_err(),
    ];
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::ResponseTooLarge, "{error}");
        assert!(error.is_response_too_large() && !error.is_retryable() && !error.is_unknown_outcome());
        assert_eq!((error.status(), error.attempts()), (Some(200), 1), "{error}");
    }
    assert_eq!(transport.count(), errors.len());
    assert_eq!(
        report(&errors[0]),
        "the response is too large: the body is larger than 67108864 bytes, the limit of the client's options \
         (get_room, last response 200)"
    );
}

#[tokio::test]
async fn limit_of_the_response_is_64_mib_unless_set_and_applies_to_error_responses() {
    let transport = MockTransport::new([Reply::Large(200, 64)]);
    let client = transport.client();
    let sent = client
        .call("get_room")
        .send(client.protocol().rooms_get_request("1"));
    let response: Result<Response<Room>, Error> = sent.await;
    assert_eq!(response.unwrap().body().len(), 64 << 20);

    let transport = MockTransport::new([Reply::Large(500, 2)]);
    for (limit, is_too_large, attempts) in [((2 << 20) - 1, true, 1), (2 << 20, false, 2)] {
        let client = transport.client().with_limits(CallLimits {
            max_response_size: Some(limit),
            ..CallLimits::default()
        });
        let client = client.with_call_options(CallOptions {
            retry: Some(RetryOptions::fixed(azure_core::http::FixedRetryOptions {
                delay: azure_core::time::Duration::ZERO,
                max_retries: 1,
                ..Default::default()
            })),
            ..CallOptions::default()
        });
        let error = get(&client).await.unwrap_err();
        assert_eq!(error.is_response_too_large(), is_too_large, "{error}");
        assert_eq!(
            (error.status(), error.attempts()),
            (Some(500), attempts),
            "{error}"
        );
    }
}

/// Reads a room. Returns the error and the elapsed seconds.
async fn time(client: &ServiceClient<Client>) -> (Error, u64) {
    let begin = Instant::now();
    let error = get(client).await.unwrap_err();
    (error, begin.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn silent_or_dripping_server_ends_a_call_after_its_timeout_with_all_attempts() {
    for reply in [Reply::Hang, Reply::Drip] {
        let transport = MockTransport::new([reply]);
        let (error, seconds) = time(&transport.client()).await;
        assert!(
            error.is_timeout() && error.is_unknown_outcome() && error.is_retryable(),
            "{error}"
        );
        assert_eq!((seconds, error.attempts()), (90, 2), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("no response from service.example:443 in time: the call timed out after 90 s; "),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_of_the_call_options_precedes_that_of_the_client() {
    let transport = MockTransport::new([Reply::Hang]);
    let of_client = transport.client().with_limits(CallLimits {
        call_timeout: Some(Duration::from_secs(20)),
        ..CallLimits::default()
    });
    let options = |call: Option<u64>, attempt: Option<u64>| CallOptions {
        call_timeout: call.map(Duration::from_secs),
        attempt_timeout: attempt.map(Duration::from_secs),
        ..CallOptions::default()
    };
    for (options, expected) in [
        (options(None, None), 20),
        (options(Some(5), None), 5),
        (options(Some(5), Some(30)), 5),
        (options(None, Some(30)), 30),
    ] {
        let (error, seconds) = time(&of_client.with_call_options(options)).await;
        assert!(error.is_timeout());
        assert_eq!(seconds, expected, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_operation_extends_the_timeout_of_its_call() {
    let transport = MockTransport::new([Reply::Hang]);
    let client = transport.client();
    let begin = Instant::now();
    let call = client
        .call("get_room")
        .with_attempt_timeout(Duration::from_secs(300));
    let sent: Result<Response<Room>, Error> = call.send(client.protocol().rooms_get_request("1")).await;
    let error = sent.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!((begin.elapsed().as_secs(), error.attempts()), (390, 2));
}

#[tokio::test(start_paused = true)]
async fn call_that_times_out_between_attempts_has_a_known_outcome_and_the_last_failure() {
    let retry = RetryOptions::fixed(azure_core::http::FixedRetryOptions {
        delay: azure_core::time::Duration::seconds(40),
        max_retries: 9,
        ..Default::default()
    });
    let options = CallOptions {
        retry: Some(retry),
        ..CallOptions::default()
    };
    for (reply, kind, reason) in [
        (respond(503, ""), ErrorKind::Timeout, "the service returned 503"),
        (Reply::Refuse, ErrorKind::Timeout, "refused"),
        (Reply::Break, ErrorKind::UnknownOutcome, "the connection broke"),
    ] {
        let transport = MockTransport::new([reply]);
        let (error, seconds) = time(&transport.client().with_call_options(options.clone())).await;
        assert_eq!(
            (error.kind(), seconds, error.attempts()),
            (kind, 90, 3),
            "{error}"
        );
        assert!(error.is_timeout() && error.is_retryable(), "{error}");
        let text = format!("the call timed out after 90 s while it waited to retry: {reason}");
        assert!(error.to_string().contains(&text), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_beyond_the_call_timeout_fails_the_call() {
    let transport = MockTransport::new([respond(429, "").header("retry-after", "50")]);
    let (error, seconds) = time(&transport.client()).await;
    assert!(error.is_throttled(), "{error}");
    assert_eq!((seconds, error.attempts()), (50, 2));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(50)));
}

#[tokio::test(start_paused = true)]
async fn call_timeout_covers_a_credential_that_never_returns() {
    let transport = MockTransport::new([respond(200, ROOM)]);
    let credential = Credential::entra(std::sync::Arc::new(NeverEnding), "scope");
    let (error, seconds) = time(&client(ENDPOINT, &credential, transport.options())).await;
    assert_eq!(
        (error.kind(), seconds, error.attempts()),
        (ErrorKind::Timeout, 90, 0),
        "{error}"
    );
    assert!(error.is_timeout() && error.is_retryable() && !error.is_unknown_outcome());
    assert!(error.to_string().contains("before a request was sent"), "{error}");
}

/// A credential that never returns a token.
#[derive(Debug)]
struct NeverEnding;

#[async_trait::async_trait]
impl azure_core::credentials::TokenCredential for NeverEnding {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<azure_core::credentials::TokenRequestOptions<'_>>,
    ) -> azure_core::Result<azure_core::credentials::AccessToken> {
        std::future::pending().await
    }
}
