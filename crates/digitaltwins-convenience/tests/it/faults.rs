//! What becomes of a service that does not work as it should.

use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::Etag;
use digitaltwins_convenience::{
    BasicDigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Error, ErrorKind, Precondition, ResponseExt,
    Upsert, error_code,
};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{Answer, Service};

fn twin() -> Answer {
    Answer::json(
        200,
        &json!({"$dtId": "t", "$metadata": {"$model": "dtmi:example:T;1"}}),
    )
}

fn throttled() -> Answer {
    Answer::json(
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
async fn a_busy_service_is_asked_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (service, client) =
            Service::answering([Answer::text(status, "busy"), Answer::text(status, ""), twin()]);
        assert_eq!(get(&client).await.unwrap().id, "t");
        assert_eq!(service.sent().len(), 3, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_says_how_long_to_wait() {
    let (service, client) = Service::answering([throttled(), twin()]);
    let start = tokio::time::Instant::now();
    get(&client).await.unwrap();
    assert!(start.elapsed().as_secs() >= 9, "{:?}", start.elapsed());
    assert_eq!(service.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_stays_busy_is_an_error_with_all_that_is_known() {
    let (service, client) = Service::new(|_| throttled());
    let error = get(&client).await.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(error.message(), Some("Slow down"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(9)));
    assert_eq!(error.attempts() as usize, service.sent().len());
    assert_eq!(error.operation(), Some("get_digital_twin"));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_not_done_twice() {
    // A patch without an ETag: the service may have applied it.
    for answer in [
        Answer::text(500, ""),
        Answer::text(503, ""),
        Answer::broken(AzureKind::Io),
    ] {
        let (service, client) = Service::answering([answer]);
        let error = patch(&client, Precondition::Unconditional).await.unwrap_err();
        assert!(error.status().is_some() || error.is_unknown_outcome(), "{error}");
        assert_eq!(service.sent().len(), 1);
    }
    // With one, the second would be refused. And what was refused for lack of time was not applied.
    let again = [
        (
            Precondition::IfMatch(Etag::from("W/\"1\"")),
            Answer::broken(AzureKind::Io),
        ),
        (Precondition::Unconditional, throttled()),
        (Precondition::Unconditional, Answer::broken(AzureKind::Connection)),
    ];
    for (precondition, answer) in again {
        let (service, client) = Service::answering([answer, Answer::empty(204).header("etag", "W/\"2\"")]);
        assert_eq!(
            patch(&client, precondition).await.unwrap(),
            Some(Etag::from("W/\"2\""))
        );
        assert_eq!(service.sent().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn telemetry_is_repeated_as_the_same_message() {
    let (service, client) = Service::answering([Answer::broken(AzureKind::Io), Answer::empty(204)]);
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
async fn every_code_of_the_service_is_told() {
    for code in error_code::ALL {
        let (_, client) = Service::answering([Answer::error(400, code)]);
        let error = get(&client).await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(400), Some(*code)));
        assert!(error.to_string().contains(code), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn details_and_odd_bodies_are_kept() {
    let body = json!({"error": {"code": "ValidationFailed", "message": "m", "details": [
        {"code": "ValidationFailed", "message": "speed is not declared", "target": "/speed"}],
        "innererror": {"code": "Deep"}}});
    let (_, client) = Service::answering([Answer::json(400, &body)]);
    let error = client
        .upsert_digital_twin("t", &json!({}), Upsert::CreateOrReplace)
        .await
        .unwrap_err();
    assert!(error.is_validation_failed());
    assert_eq!(error.details()[0].target.as_deref(), Some("/speed"));
    assert_eq!(error.inner_error(), Some(&json!({"code": "Deep"})));

    let problem = json!({"title": "One or more errors", "status": 400, "errors": {"$[0]": ["no object"]}});
    let (_, client) = Service::answering([Answer::json(400, &problem)]);
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
        let (_, client) = Service::answering([Answer::text(status, body)]);
        let error = get(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Service, Some(status)),
            "{body}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn create_only_tells_that_there_is_one() {
    let (_, client) = Service::answering([Answer::error(412, "PreconditionFailed")]);
    let error = client
        .upsert_digital_twin("t", &json!({}), Upsert::CreateOnly)
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed() && error.is_already_exists());
    let (_, client) = Service::answering([Answer::error(412, "PreconditionFailed")]);
    let error = patch(&client, Precondition::IfMatch(Etag::from("W/\"1\"")))
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed() && !error.is_already_exists());
}

#[tokio::test(start_paused = true)]
async fn a_success_that_is_none_is_an_error() {
    for body in ["", "{", "not json", "[]", "{\"$dtId\": 7}", "{\"$dtId\": \"t\"}"] {
        let (_, client) = Service::answering([Answer::text(200, body)]);
        let error = get(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body:?}: {error}");
    }
    // A success of another operation is none of this.
    let (_, client) = Service::answering([Answer::empty(202)]);
    assert_eq!(get(&client).await.unwrap_err().status(), Some(202));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_says_so_and_can_go_on() {
    let page = json!({"value": [{"id": "a", "endpointName": "e", "filter": "true"}], "nextLink": "https://twins.example/2"});
    let (_, client) = Service::answering([Answer::json(200, &page), Answer::error(403, "Forbidden")]);
    let mut routes = client.list_event_routes(None).unwrap();
    assert!(routes.try_next().await.unwrap().is_some());
    let error = routes.try_next().await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert_eq!(error.code(), Some("Forbidden"));
    assert!(routes.continuation_token().is_some());

    for body in ["{", "7", "{\"value\": [7], \"nextLink\": null}"] {
        let (_, client) = Service::answering([Answer::text(200, body)]);
        let error = client
            .list_event_routes(None)
            .unwrap()
            .try_next()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
        let (_, client) = Service::answering([Answer::text(200, body)]);
        let pager = client.query_twins::<BasicDigitalTwin>("SELECT", None).unwrap();
        let error = pager.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_the_token() {
    let answers: [fn() -> Answer; 4] = [
        || Answer::json(401, &json!({"statusCode": 401, "message": "Unauthorized"})),
        throttled,
        || Answer::broken(AzureKind::Io),
        || Answer::text(200, "{"),
    ];
    for answer in answers {
        let (_, client) = Service::new(move |_| answer());
        let error = get(&client).await.unwrap_err();
        for text in [format!("{error}"), format!("{error:?}"), format!("{client:?}")] {
            assert!(!text.contains("token-for"), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_generated_client_goes_the_same_way() {
    let (service, client) = Service::answering([Answer::text(503, ""), twin()]);
    let twin = client
        .protocol()
        .digital_twins_get_by_id("t", None, None)
        .await
        .unwrap();
    let twin: Value = serde_json::to_value(twin.into_inner()).unwrap();
    assert_eq!(twin["$dtId"], "t");
    assert!(service.sent()[1].header("authorization").is_some());
}
