//! Spans: one `tracing` span per call, and azure_core's OpenTelemetry spans.

use super::secrets::Log;
use super::support::*;
use super::tracer::Recorder;
use azure_core::http::{ClientOptions, Context, InstrumentationOptions, Response};
use azure_core::tracing::{SpanKind, TracerProvider};
use azure_service_core::{CallOptions, Error, ItemPage, Pager, Poller, ServiceClient};
use futures::TryStreamExt;
use std::sync::Arc;
use tracing::Instrument as _;
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::test(start_paused = true)]
async fn call_has_a_tracing_span_inside_the_callers() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let transport = MockTransport::new([
        respond(503, ""),
        respond(200, ROOM),
        respond(404, r#"{"error":{"code":"Gone"}}"#),
    ]);
    let client = transport.client();
    async {
        get(&client).await.unwrap();
        get(&client).await.unwrap_err();
    }
    .instrument(tracing::info_span!("caller"))
    .await;
    let log = log.text();
    for expected in [
        r#"caller:service_call{operation="get_room" method="GET" attempts=2 status=200}"#,
        r#"attempts=1 status=404 error=the service returned 404 Gone (get_room)}"#,
    ] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
}

fn traced(replies: impl IntoIterator<Item = Reply>) -> (Recorder, ServiceClient<Client>) {
    let recorder = Recorder::default();
    let options = ClientOptions {
        instrumentation: InstrumentationOptions {
            tracer_provider: Some(Arc::new(recorder.clone())),
        },
        ..MockTransport::new(replies).options()
    };
    (recorder, client(ENDPOINT, &anonymous(), options))
}

#[tokio::test(start_paused = true)]
async fn call_has_a_span_with_its_requests() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let (recorder, client) = traced([respond(503, ""), respond(200, ROOM), respond(412, "")]);
    get(&client).await.unwrap();
    invoke(&client).await.unwrap_err();
    insta::assert_snapshot!(recorder.tree());
}

#[tokio::test(start_paused = true)]
async fn lists_and_jobs_have_spans_with_their_requests() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let (recorder, client) = traced([
        respond(200, r#"{"value":[],"nextLink":"/rooms?page=2"}"#),
        respond(200, r#"{"value":[]}"#),
        respond(201, r#"{"name":"j1","status":"running"}"#),
        respond(200, r#"{"name":"j1","status":"succeeded"}"#),
    ]);
    let api = client.protocol();
    let list: Pager<Response<ItemPage<Room>>, Error> = client
        .call("list_rooms")
        .list(api.rooms_list_request(2), None)
        .unwrap();
    list.try_collect::<Vec<_>>().await.unwrap();
    let (start, get) = (api.jobs_add_request("j1"), api.jobs_get_request("j1"));
    let job: Poller<Room, Error> = client.call("import_rooms").job(start, get, None).unwrap();
    job.await.unwrap();
    insta::assert_snapshot!(recorder.tree());
}

#[tokio::test]
async fn composite_method_has_one_span_with_the_requests_of_its_calls() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let (recorder, client) = traced([respond(200, ROOM), respond(200, ROOM), respond(404, "")]);
    let result: Result<(), Error> = client
        .composite("get_all", async |core| {
            get(&core).await?;
            core.composite("get_more", async |core| {
                get(&core).await?;
                get(&core).await?;
                Ok(())
            })
            .await
        })
        .await;
    assert!(result.unwrap_err().is_not_found());
    insta::assert_snapshot!(recorder.tree());
}

#[tokio::test]
async fn span_of_the_caller_is_the_parent() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let (recorder, client) = traced([respond(200, ROOM)]);
    let tracer = recorder.get_tracer(None, "app", None);
    let span = tracer.start_span("handle request".into(), SpanKind::Server, Vec::new());
    let client = client.with_call_options(CallOptions {
        context: Context::new().with_value(span.clone()),
        ..CallOptions::default()
    });
    get(&client).await.unwrap();
    let _: Result<_, Error> = client.composite("get_all", async |core| get(&core).await).await;
    span.end();
    insta::assert_snapshot!(recorder.tree());
}
