//! Retries of idempotent and other requests.

use super::support::*;
use azure_core::http::{ExponentialRetryOptions, Response, RetryOptions};
use azure_service_core::{Error, ErrorKind, ServiceClient};
use std::time::Duration;
use tokio::time::Instant;

/// Runs `call` with the given replies. Returns the result, the number of requests and the duration.
async fn run<F>(
    replies: impl IntoIterator<Item = Reply>,
    call: impl FnOnce(ServiceClient<Client>) -> F,
) -> (Result<Room, Error>, usize, Duration)
where
    F: Future<Output = Result<Room, Error>>,
{
    let transport = MockTransport::new(replies);
    let retry = RetryOptions::exponential(ExponentialRetryOptions {
        max_retries: 3,
        ..Default::default()
    });
    let client = client(
        ENDPOINT,
        &anonymous(),
        azure_core::http::ClientOptions {
            retry,
            ..transport.options()
        },
    );
    let start = Instant::now();
    let result = call(client).await;
    (result, transport.count(), start.elapsed())
}

async fn run_get(replies: impl IntoIterator<Item = Reply>) -> (Result<Room, Error>, usize, Duration) {
    run(replies, |client| async move { get(&client).await }).await
}

async fn run_invoke(replies: impl IntoIterator<Item = Reply>) -> (Result<Room, Error>, usize, Duration) {
    run(replies, |client| async move { invoke(&client).await }).await
}

fn http_date(from_now: Duration) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    (time::OffsetDateTime::now_utc() + from_now)
        .format(&format)
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn get_is_retried_on_temporary_failures() {
    for reply in [
        respond(408, ""),
        respond(429, ""),
        respond(500, ""),
        respond(502, ""),
        respond(503, ""),
        respond(504, ""),
        Reply::Break,
        Reply::Refuse,
    ] {
        let (result, count, _) = run_get([reply.clone(), reply.clone(), respond(200, ROOM)]).await;
        assert_eq!((result.unwrap().name.as_str(), count), ("hall", 3), "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_request_is_not_retried_if_it_may_have_been_processed() {
    for reply in [
        respond(408, ""),
        respond(500, ""),
        respond(502, ""),
        respond(503, ""),
        respond(504, ""),
        Reply::Break,
        Reply::Hang,
    ] {
        let (result, count, _) = run_invoke([reply.clone(), respond(200, ROOM)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.attempts(), count), (1, 1), "{reply:?}: {error}");
        let unknown = !matches!(reply, Reply::Response(..));
        assert_eq!(error.is_unknown_outcome(), unknown, "{reply:?}: {error}");
        assert_eq!(error.status().is_some(), !unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn other_request_is_retried_if_it_was_certainly_not_processed() {
    let later = respond(503, "").header("retry-after", "2");
    for reply in [
        respond(429, ""),
        respond(429, "").header("retry-after", "2"),
        later,
        Reply::Refuse,
    ] {
        let (result, count, _) = run_invoke([reply.clone(), reply.clone(), respond(200, ROOM)]).await;
        assert_eq!((result.unwrap().name.as_str(), count), ("hall", 3), "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_in_seconds_is_obeyed() {
    for status in [429, 503] {
        let throttled = respond(status, "").header("retry-after", "7");
        for (result, _, took) in [
            run_get([throttled.clone(), respond(200, ROOM)]).await,
            run_invoke([throttled.clone(), respond(200, ROOM)]).await,
        ] {
            result.unwrap();
            assert_eq!(took.as_secs(), 7, "{status}");
        }
    }
    let (result, _, took) = run_get([
        respond(429, "").header("x-ms-retry-after-ms", "3500"),
        respond(200, ROOM),
    ])
    .await;
    result.unwrap();
    assert_eq!(took.as_millis(), 3500);
}

#[tokio::test(start_paused = true)]
async fn retry_after_as_a_date_is_obeyed() {
    let throttled = || respond(429, "").header("retry-after", http_date(Duration::from_secs(30)));
    for (result, count, took) in [
        run_get([throttled(), respond(200, ROOM)]).await,
        run_invoke([throttled(), respond(200, ROOM)]).await,
    ] {
        result.unwrap();
        // The date is truncated to seconds, and some time passes until the client parses it.
        assert!(count == 2 && (28..=30).contains(&took.as_secs()), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_retry_after_is_ignored() {
    let past = http_date(Duration::ZERO);
    for value in ["-5", "soon", "", past.as_str()] {
        let (result, count, took) =
            run_get([respond(429, "").header("retry-after", value), respond(200, ROOM)]).await;
        result.unwrap();
        assert!(count == 2 && took.as_secs() < 2, "{value:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn long_retry_after_fails_the_call() {
    for hour in [
        "3600".to_owned(),
        http_date(Duration::from_secs(3600)),
        i64::MAX.to_string(),
    ] {
        let (result, count, took) =
            run_get([respond(503, "").header("retry-after", &hour), respond(200, ROOM)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.status(), count, took.as_secs()), (Some(503), 1, 0));
        assert!(error.retry_after().unwrap().as_secs() > 3500, "{hour}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn error_has_the_last_response_and_the_number_of_attempts() {
    let body = r#"{"error":{"code":"TooBusy","message":"not now"}}"#;
    let (result, count, _) = run_get([respond(503, ""), respond(503, body)]).await;
    let error = result.unwrap_err();
    assert_eq!((error.attempts(), count), (4, 4));
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(503), Some("TooBusy"), Some("get_room"))
    );
    assert_eq!(
        error.to_string(),
        "the service returned 503 TooBusy: not now (get_room, 4 attempts)"
    );

    let (result, ..) = run_get([respond(503, body), Reply::Break]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.attempts()),
        (ErrorKind::UnknownOutcome, Some(503), 4)
    );
    assert!(!error.is_throttled() && !error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_not_retried() {
    for status in [400, 401, 403, 404, 409, 412, 413, 418, 501, 299, 304] {
        let (result, count, _) = run_get([respond(status, ""), respond(200, ROOM)]).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), count),
            (ErrorKind::Service, Some(status), 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retries_can_be_switched_off() {
    let transport = MockTransport::new([respond(429, "").header("retry-after", "1")]);
    let options = azure_core::http::ClientOptions {
        retry: RetryOptions::none(),
        ..transport.options()
    };
    let client = client(ENDPOINT, &anonymous(), options);
    for error in [
        get(&client).await.unwrap_err(),
        invoke(&client).await.unwrap_err(),
    ] {
        assert!(error.is_throttled() && error.retry_after() == Some(Duration::from_secs(1)));
    }
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn patch_is_retried_only_with_an_etag() {
    for (if_match, expected) in [
        (None, 1),
        (Some("*"), 1),
        (Some("\"*\""), 1),
        (Some("\"MTI=\""), 2),
        (Some("W/\"6d0b\""), 2),
    ] {
        let transport = MockTransport::new([Reply::Break, respond(204, "")]);
        let room = Room { name: "x".into() };
        let client = transport.client();
        let request = client.protocol().rooms_update_request(if_match, &room);
        let result: Result<Response<()>, _> = client.call("update_room").send(request).await;
        assert_eq!(
            (transport.count(), result.is_ok()),
            (expected, expected == 2),
            "{if_match:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_sends_the_same_request() {
    let transport = MockTransport::new([respond(429, ""), respond(429, ""), respond(200, ROOM)]);
    invoke(&transport.client()).await.unwrap();
    let requests = transport.requests();
    for other in &requests[1..] {
        assert_eq!(
            (&other.url, &other.body, &other.headers),
            (&requests[0].url, &requests[0].body, &requests[0].headers)
        );
    }
}
