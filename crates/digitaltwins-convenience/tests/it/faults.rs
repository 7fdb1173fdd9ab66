//! Failures of the service and of the connection.

use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicDigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Error, ErrorKind, Precondition, ResponseExt,
    Upsert, error_code,
};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{MockResponse, MockService};

fn twin() -> MockResponse {
    MockResponse::json(
        200,
        &json!({"$dtId": "t", "$metadata": {"$model": "dtmi:example:T;1"}}),
    )
}

fn throttled() -> MockResponse {
    MockResponse::json(
        429,
        &json!({"error": {"statusCode": 429, "message": "Slow down"}}),
    )
    .header("retry-after", "9")
}

async fn get(client: &DigitalTwinsClient) -> Result<BasicDigitalTwin, Error> {
    Ok(client.get_digital_twin("t").await?.into_model()?)
}

async fn patch(client: &DigitalTwinsClient, precondition: Precondition) -> Result<Option<Etag>, Error> {
    let patch = DigitalTwinPatch::new().add("a", 1)?;
    Ok(client
        .update_digital_twin("t", &patch, precondition)
        .await?
        .etag())
}

#[tokio::test(start_paused = true)]
async fn transient_statuses_are_retried() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (service, client) = MockService::with_responses([
            MockResponse::with_body(status, "busy"),
            MockResponse::with_body(status, ""),
            twin(),
        ]);
        assert_eq!(get(&client).await.unwrap().id, "t");
        assert_eq!(service.sent().len(), 3, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_delays_the_retry() {
    let (service, client) = MockService::with_responses([throttled(), twin()]);
    let start = tokio::time::Instant::now();
    get(&client).await.unwrap();
    assert!(start.elapsed().as_secs() >= 9, "{:?}", start.elapsed());
    assert_eq!(service.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn exhausted_retries_fail_with_the_last_response() {
    let (service, client) = MockService::new(|_| throttled());
    let error = get(&client).await.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(error.message(), Some("Slow down"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(9)));
    assert_eq!(error.attempts() as usize, service.sent().len());
    assert_eq!(error.operation(), Some("get_digital_twin"));
}

#[tokio::test(start_paused = true)]
async fn an_unconditional_patch_that_may_have_been_applied_is_not_repeated() {
    // After these failures the client cannot tell whether the service applied the patch.
    for response in [
        MockResponse::with_body(500, ""),
        MockResponse::with_body(503, ""),
        MockResponse::broken(AzureKind::Io),
    ] {
        let (service, client) = MockService::with_responses([response]);
        let error = patch(&client, Precondition::Unconditional).await.unwrap_err();
        assert!(error.status().is_some() || error.is_unknown_outcome(), "{error}");
        assert_eq!(service.sent().len(), 1);
    }
    // Retries are safe in these cases: the ETag prevents a second application, or the patch was throttled or never
    // sent, so it was not applied.
    let again = [
        (
            Precondition::IfMatch(Etag::from("W/\"1\"")),
            MockResponse::broken(AzureKind::Io),
        ),
        (Precondition::Unconditional, throttled()),
        (
            Precondition::Unconditional,
            MockResponse::broken(AzureKind::Connection),
        ),
    ];
    for (precondition, response) in again {
        let (service, client) =
            MockService::with_responses([response, MockResponse::empty(204).header("etag", "W/\"2\"")]);
        assert_eq!(
            patch(&client, precondition).await.unwrap(),
            Some(Etag::from("W/\"2\""))
        );
        assert_eq!(service.sent().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_telemetry_has_the_same_message_id() {
    let (service, client) =
        MockService::with_responses([MockResponse::broken(AzureKind::Io), MockResponse::empty(204)]);
    client
        .publish_telemetry("t", &json!({"a": 1}), None)
        .await
        .unwrap();
    let sent = service.sent();
    for name in ["message-id", "telemetry-source-time"] {
        assert_eq!(sent[0].header(name), sent[1].header(name));
    }
    assert_eq!(sent[0].body, sent[1].body);
}

#[tokio::test(start_paused = true)]
async fn every_error_code_is_reported() {
    for code in error_code::ALL {
        let (_, client) = MockService::with_responses([MockResponse::error(400, code)]);
        let error = get(&client).await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(400), Some(*code)));
        assert!(error.to_string().contains(code), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn details_and_unknown_error_bodies_are_kept() {
    let body = json!({"error": {"code": "ValidationFailed", "message": "m", "details": [
        {"code": "ValidationFailed", "message": "speed is not declared", "target": "/speed"}],
        "innererror": {"code": "Deep"}}});
    let (_, client) = MockService::with_responses([MockResponse::json(400, &body)]);
    let error = client
        .upsert_digital_twin("t", &json!({}), Upsert::CreateOrReplace)
        .await
        .unwrap_err();
    assert!(error.is_validation_failed());
    assert_eq!(error.details()[0].target.as_deref(), Some("/speed"));
    assert_eq!(error.inner_error(), Some(&json!({"code": "Deep"})));

    let problem = json!({"title": "One or more errors", "status": 400, "errors": {"$[0]": ["no object"]}});
    let (_, client) = MockService::with_responses([MockResponse::json(400, &problem)]);
    let error = patch(&client, Precondition::Unconditional).await.unwrap_err();
    assert_eq!(
        (error.status(), error.message()),
        (Some(400), Some("One or more errors"))
    );
    assert!(error.body().unwrap().contains("no object"));

    for (status, body) in [
        (418, "<html>teapot</html>"),
        (400, ""),
        (404, "[1"),
        (302, "moved"),
    ] {
        let (_, client) = MockService::with_responses([MockResponse::with_body(status, body)]);
        let error = get(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Service, Some(status)),
            "{body}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn create_only_on_an_existing_twin_is_already_exists() {
    let (_, client) = MockService::with_responses([MockResponse::error(412, "PreconditionFailed")]);
    let error = client
        .upsert_digital_twin("t", &json!({}), Upsert::CreateOnly)
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed() && error.is_already_exists());
    let (_, client) = MockService::with_responses([MockResponse::error(412, "PreconditionFailed")]);
    let error = patch(&client, Precondition::IfMatch(Etag::from("W/\"1\"")))
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed() && !error.is_already_exists());
}

#[tokio::test(start_paused = true)]
async fn an_undecodable_or_unexpected_success_is_an_error() {
    for body in ["", "{", "not json", "[]", "{\"$dtId\": 7}", "{\"$dtId\": \"t\"}"] {
        let (_, client) = MockService::with_responses([MockResponse::with_body(200, body)]);
        let error = get(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body:?}: {error}");
    }
    // 202 is not a success status of this operation.
    let (_, client) = MockService::with_responses([MockResponse::empty(202)]);
    assert_eq!(get(&client).await.unwrap_err().status(), Some(202));
}

#[tokio::test(start_paused = true)]
async fn a_failed_page_is_an_error_and_the_list_can_be_resumed() {
    let page = json!({"value": [{"id": "a", "endpointName": "e", "filter": "true"}], "nextLink": "https://twins.example/2"});
    let (_, client) = MockService::with_responses([
        MockResponse::json(200, &page),
        MockResponse::error(403, "Forbidden"),
    ]);
    let mut routes = client.list_event_routes(None).unwrap();
    assert!(routes.try_next().await.unwrap().is_some());
    let error = routes.try_next().await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert_eq!(error.code(), Some("Forbidden"));
    assert!(routes.continuation_token().is_some());

    for body in ["{", "7", "{\"value\": [7], \"nextLink\": null}"] {
        let (_, client) = MockService::with_responses([MockResponse::with_body(200, body)]);
        let error = client
            .list_event_routes(None)
            .unwrap()
            .try_next()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
        let (_, client) = MockService::with_responses([MockResponse::with_body(200, body)]);
        let pager = client.query_twins::<BasicDigitalTwin>("SELECT", None).unwrap();
        let error = pager.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_the_token() {
    let responses: [fn() -> MockResponse; 4] = [
        || MockResponse::json(401, &json!({"statusCode": 401, "message": "Unauthorized"})),
        throttled,
        || MockResponse::broken(AzureKind::Io),
        || MockResponse::with_body(200, "{"),
    ];
    for response in responses {
        let (_, client) = MockService::new(move |_| response());
        let error = get(&client).await.unwrap_err();
        for text in [format!("{error}"), format!("{error:?}"), format!("{client:?}")] {
            assert!(!text.contains("token-for"), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_generated_client_uses_the_same_pipeline() {
    let (service, client) = MockService::with_responses([MockResponse::with_body(503, ""), twin()]);
    let twin = client
        .protocol()
        .digital_twins_get_by_id("t", None, None)
        .await
        .unwrap();
    let twin: Value = serde_json::to_value(twin.into_inner()).unwrap();
    assert_eq!(twin["$dtId"], "t");
    assert!(service.sent()[1].header("authorization").is_some());
}
