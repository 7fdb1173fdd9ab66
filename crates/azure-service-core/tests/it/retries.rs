//! Which outcomes are repeated, for requests that may run twice and for those that must not.

use super::support::*;
use azure_core::http::{ExponentialRetryOptions, Response, RetryOptions};
use azure_service_core::{Error, ErrorKind, ServiceClient};
use std::time::Duration;
use tokio::time::Instant;

/// Runs `call` against the script: the result, the number of requests and how long it took.
async fn run<F>(
    replies: impl IntoIterator<Item = Reply>,
    call: impl FnOnce(ServiceClient<Client>) -> F,
) -> (Result<Thing, Error>, usize, Duration)
where
    F: Future<Output = Result<Thing, Error>>,
{
    let script = Script::new(replies);
    let retry = RetryOptions::exponential(ExponentialRetryOptions {
        max_retries: 3,
        ..Default::default()
    });
    let client = client(
        ENDPOINT,
        &anonymous(),
        azure_core::http::ClientOptions {
            retry,
            ..script.options()
        },
    );
    let start = Instant::now();
    let result = call(client).await;
    (result, script.count(), start.elapsed())
}

async fn run_get(replies: impl IntoIterator<Item = Reply>) -> (Result<Thing, Error>, usize, Duration) {
    run(replies, |client| async move { get(&client).await }).await
}

async fn run_invoke(replies: impl IntoIterator<Item = Reply>) -> (Result<Thing, Error>, usize, Duration) {
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
async fn a_get_is_repeated_on_everything_that_may_pass() {
    for reply in [
        answer(408, ""),
        answer(429, ""),
        answer(500, ""),
        answer(502, ""),
        answer(503, ""),
        answer(504, ""),
        Reply::Break,
        Reply::Refuse,
    ] {
        let (result, count, _) = run_get([reply.clone(), reply.clone(), answer(200, THING)]).await;
        assert_eq!((result.unwrap().name.as_str(), count), ("lamp", 3), "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_must_not_run_twice_runs_once() {
    for reply in [
        answer(408, ""),
        answer(500, ""),
        answer(502, ""),
        answer(503, ""),
        answer(504, ""),
        Reply::Break,
        Reply::Hang,
    ] {
        let (result, count, _) = run_invoke([reply.clone(), answer(200, THING)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.attempts(), count), (1, 1), "{reply:?}: {error}");
        let unknown = !matches!(reply, Reply::Answer(..));
        assert_eq!(error.is_unknown_outcome(), unknown, "{reply:?}: {error}");
        assert_eq!(error.status().is_some(), !unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_certainly_not_processed_is_repeated_even_so() {
    let later = answer(503, "").header("retry-after", "2");
    for reply in [
        answer(429, ""),
        answer(429, "").header("retry-after", "2"),
        later,
        Reply::Refuse,
    ] {
        let (result, count, _) = run_invoke([reply.clone(), reply.clone(), answer(200, THING)]).await;
        assert_eq!((result.unwrap().name.as_str(), count), ("lamp", 3), "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_in_seconds_is_obeyed() {
    for status in [429, 503] {
        let throttled = answer(status, "").header("retry-after", "7");
        for (result, _, took) in [
            run_get([throttled.clone(), answer(200, THING)]).await,
            run_invoke([throttled.clone(), answer(200, THING)]).await,
        ] {
            result.unwrap();
            assert_eq!(took.as_secs(), 7, "{status}");
        }
    }
    let (result, _, took) = run_get([
        answer(429, "").header("x-ms-retry-after-ms", "3500"),
        answer(200, THING),
    ])
    .await;
    result.unwrap();
    assert_eq!(took.as_millis(), 3500);
}

#[tokio::test(start_paused = true)]
async fn retry_after_as_a_date_is_obeyed() {
    let throttled = || answer(429, "").header("retry-after", http_date(Duration::from_secs(30)));
    for (result, count, took) in [
        run_get([throttled(), answer(200, THING)]).await,
        run_invoke([throttled(), answer(200, THING)]).await,
    ] {
        result.unwrap();
        // The date has no fraction of a second, and a moment passes until it is read.
        assert!(count == 2 && (28..=30).contains(&took.as_secs()), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_retry_after_values_do_no_harm() {
    let past = http_date(Duration::ZERO);
    for value in ["-5", "soon", "", past.as_str()] {
        let (result, count, took) =
            run_get([answer(429, "").header("retry-after", value), answer(200, THING)]).await;
        result.unwrap();
        assert!(count == 2 && took.as_secs() < 2, "{value:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_wants_too_much_patience_is_left_to_the_caller() {
    for hour in [
        "3600".to_owned(),
        http_date(Duration::from_secs(3600)),
        i64::MAX.to_string(),
    ] {
        let (result, count, took) =
            run_get([answer(503, "").header("retry-after", &hour), answer(200, THING)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.status(), count, took.as_secs()), (Some(503), 1, 0));
        assert!(error.retry_after().unwrap().as_secs() > 3500, "{hour}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_and_the_attempts_are_reported() {
    let body = r#"{"error":{"code":"TooBusy","message":"not now"}}"#;
    let (result, count, _) = run_get([answer(503, ""), answer(503, body)]).await;
    let error = result.unwrap_err();
    assert_eq!((error.attempts(), count), (4, 4));
    assert_eq!(
        (error.status(), error.code(), error.operation()),
        (Some(503), Some("TooBusy"), Some("get_thing"))
    );
    assert_eq!(
        error.to_string(),
        "the service answered 503 TooBusy: not now (get_thing, 4 attempts)"
    );

    let (result, ..) = run_get([answer(503, body), Reply::Break]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.attempts()),
        (ErrorKind::UnknownOutcome, Some(503), 4)
    );
    assert!(!error.is_throttled() && !error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn errors_that_will_not_pass_are_not_repeated() {
    for status in [400, 401, 403, 404, 409, 412, 413, 418, 501, 299, 304] {
        let (result, count, _) = run_get([answer(status, ""), answer(200, THING)]).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), count),
            (ErrorKind::Service, Some(status), 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_caller_can_switch_repeating_off() {
    let script = Script::new([answer(429, "").header("retry-after", "1")]);
    let options = azure_core::http::ClientOptions {
        retry: RetryOptions::none(),
        ..script.options()
    };
    let client = client(ENDPOINT, &anonymous(), options);
    for error in [
        get(&client).await.unwrap_err(),
        invoke(&client).await.unwrap_err(),
    ] {
        assert!(error.is_throttled() && error.retry_after() == Some(Duration::from_secs(1)));
    }
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_patch_is_repeated_only_with_an_etag() {
    for (if_match, expected) in [
        (None, 1),
        (Some("*"), 1),
        (Some("\"*\""), 1),
        (Some("\"MTI=\""), 2),
        (Some("W/\"6d0b\""), 2),
    ] {
        let script = Script::new([Reply::Break, answer(204, "")]);
        let thing = Thing { name: "x".into() };
        let client = script.client();
        let request = client.protocol().things_update_request(if_match, &thing);
        let result: Result<Response<()>, _> = client.call("update_thing").send(request).await;
        assert_eq!(
            (script.count(), result.is_ok()),
            (expected, expected == 2),
            "{if_match:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_the_same_request() {
    let script = Script::new([answer(429, ""), answer(429, ""), answer(200, THING)]);
    invoke(&script.client()).await.unwrap();
    let seen = script.seen();
    for other in &seen[1..] {
        assert_eq!(
            (&other.url, &other.body, &other.headers),
            (&seen[0].url, &seen[0].body, &seen[0].headers)
        );
    }
}
