//! Options of `with_call_options` apply to every kind of call.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::headers::{HeaderName, HeaderValue};
use digitaltwins_convenience::{
    BasicDigitalTwin, CallOptions, DigitalTwinPatch, DigitalTwinsClient, DigitalTwinsClientOptions, Error,
    GraphItem, Precondition, RetryOptions, Upsert,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};

use crate::support::{MockResponse, MockService, SentRequest, client_with};

/// Returns a service with responses that let every composite method finish.
fn service() -> (Arc<MockService>, DigitalTwinsClient) {
    MockService::new(
        |sent: &SentRequest| match (sent.method.as_str(), sent.line().as_str()) {
            ("POST", "POST /query") => MockResponse::json(
                200,
                &json!({"value": [{"T": {"$dtId": "t", "$etag": "W/\"1\""}}], "continuationToken": null}),
            ),
            ("POST", "POST /models") => MockResponse::json(201, &json!([{"id": "dtmi:example:m;1"}])),
            ("POST", _) => MockResponse::json(202, &json!({"id": "job", "status": "succeeded"})),
            ("GET", "GET /digitaltwins/t") => {
                let twin =
                    json!({"$dtId": "t", "$etag": "W/\"1\"", "$metadata": {"$model": "dtmi:example:m;1"}});
                MockResponse::json(200, &twin).header("etag", "W/\"1\"")
            }
            ("GET", _) => MockResponse::json(200, &json!({"value": []})),
            ("PUT", _) => MockResponse::json(200, &json!({"$dtId": "t"})),
            _ => MockResponse::empty(204),
        },
    )
}

/// Makes one call of each kind. Returns the name of each call with its error, or with `None` if it succeeded.
async fn calls(client: &DigitalTwinsClient) -> Vec<(&'static str, Option<Error>)> {
    let twin = BasicDigitalTwin::new("t", "dtmi:example:m;1", Map::new());
    let patch = DigitalTwinPatch::new().add("a", 1).unwrap();
    let model = json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:m;1", "@type": "Interface"});
    let bulk = client
        .bulk_upsert_stream(stream::iter([GraphItem::from(twin.clone())]), None)
        .unwrap()
        .next()
        .await
        .unwrap();
    let report = client.bulk_upsert([twin.clone()], None).await.unwrap();
    let reported = report.results.into_iter().next().unwrap();
    let change = |twin: &mut BasicDigitalTwin| {
        twin.contents.insert("a".to_owned(), json!(1));
    };
    vec![
        ("get", client.get_digital_twin::<Value>("t").await.err()),
        (
            "upsert",
            client
                .upsert_digital_twin("t", &twin, Upsert::CreateOnly)
                .await
                .err(),
        ),
        (
            "update",
            client
                .update_digital_twin("t", &patch, Precondition::Unconditional)
                .await
                .err(),
        ),
        ("delete", client.delete_model("dtmi:example:m;1").await.err()),
        ("list", client.list_models(None).unwrap().try_next().await.err()),
        (
            "query",
            client
                .query_twins::<Value>("SELECT", None)
                .unwrap()
                .try_next()
                .await
                .err(),
        ),
        ("job", client.begin_delete_job(None).unwrap().await.err()),
        ("modify", client.modify_digital_twin("t", change).await.err()),
        ("upload", client.upload_models(&[model], None).await.err()),
        ("delete all", client.delete_all_models().await.err()),
        (
            "delete with",
            client.delete_digital_twin_with_relationships("t").await.err(),
        ),
        ("wait", client.wait_until_visible("t", None).await.err()),
        ("bulk stream", bulk.result.err()),
        ("bulk", reported.result.err()),
        (
            "protocol",
            client
                .protocol()
                .digital_twins_get_by_id("t", None, None)
                .await
                .err()
                .map(|error| azure_service_core::Error::from(error).into()),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn headers_are_sent_with_every_request() {
    let (service, client) = service();
    let client = client.with_call_options(CallOptions {
        headers: vec![(
            HeaderName::from_static("x-tenant"),
            HeaderValue::from_static("contoso"),
        )],
        ..Default::default()
    });
    for (name, error) in calls(&client).await {
        assert!(error.is_none(), "{name}: {error:?}");
    }
    let sent = service.sent();
    assert!(sent.len() > 15, "{:?}", service.lines());
    for sent in sent {
        assert_eq!(sent.header("x-tenant"), Some("contoso"), "{}", sent.line());
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_a_nanosecond_fails_every_kind_of_call() {
    let (_, client) = service();
    let client = client.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    for (name, error) in calls(&client).await {
        let error = error.unwrap_or_else(|| panic!("{name} succeeds"));
        assert!(error.is_timeout(), "{name}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn later_options_replace_earlier_ones() {
    let (service, client) = service();
    let header = |name: &'static str| CallOptions {
        headers: vec![(HeaderName::from_static(name), HeaderValue::from_static("1"))],
        ..Default::default()
    };
    let client = client
        .with_call_options(header("x-first"))
        .with_call_options(header("x-second"));
    client.delete_model("dtmi:example:m;1").await.unwrap();
    let sent = &service.sent()[0];
    assert_eq!(
        (sent.header("x-first"), sent.header("x-second")),
        (None, Some("1"))
    );
}

/// A transport that never responds.
#[derive(Debug)]
struct Silent;

#[async_trait::async_trait]
impl azure_core::http::HttpClient for Silent {
    async fn execute_request(
        &self,
        _: &azure_core::http::Request,
    ) -> azure_core::Result<azure_core::http::AsyncRawResponse> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn call_timeout_is_90_seconds_unless_the_options_set_another() {
    for (call_timeout, seconds) in [(None, 90), (Some(Duration::from_secs(7)), 7)] {
        let mut options = DigitalTwinsClientOptions {
            call_timeout,
            ..Default::default()
        };
        options.client_options.transport = Some(azure_core::http::Transport::new(Arc::new(Silent)));
        let (client, begin) = (client_with(options), tokio::time::Instant::now());
        let error = client
            .get_digital_twin::<BasicDigitalTwin>("a")
            .await
            .unwrap_err();
        assert!(error.is_timeout() && error.is_unknown_outcome(), "{error}");
        assert_eq!(begin.elapsed().as_secs(), seconds, "{error}");
    }
}

#[tokio::test]
async fn response_above_the_limit_of_the_options_is_an_error_on_calls_and_pages() {
    let (service, _) = MockService::new(|_| MockResponse::json(200, &json!({"value": [], "$dtId": "a"})));
    for (max_response_size, is_too_large) in [(None, false), (Some(20), true)] {
        let mut options = DigitalTwinsClientOptions {
            max_response_size,
            ..Default::default()
        };
        options.client_options.transport = Some(azure_core::http::Transport::new(service.clone()));
        let client = client_with(options);
        let error = client.get_digital_twin::<BasicDigitalTwin>("a").await.err();
        assert_eq!(
            error.is_some_and(|error| error.is_response_too_large()),
            is_too_large
        );
        let page = client.list_models(None).unwrap().try_next().await;
        assert_eq!(
            page.is_err_and(|error| error.is_response_too_large()),
            is_too_large
        );
    }
}
