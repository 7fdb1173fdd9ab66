//! What is traced: a span per call for `tracing`, and azure_core's spans for OpenTelemetry.

use super::secrets::Log;
use super::support::*;
use azure_core::http::{ClientOptions, Context, InstrumentationOptions, Request};
use azure_core::tracing::{
    AsAny, Attribute, AttributeValue, Span, SpanGuard, SpanKind, SpanStatus, Tracer, TracerProvider,
};
use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use tracing::Instrument as _;
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::test(start_paused = true)]
async fn a_call_is_a_span_within_the_callers() {
    let _turn = crate::LISTENING.lock().await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let script = Script::new([
        answer(503, ""),
        answer(200, THING),
        answer(404, r#"{"error":{"code":"Gone"}}"#),
    ]);
    let client = script.client();
    async {
        get(&client).await.unwrap();
        get(&client).await.unwrap_err();
    }
    .instrument(tracing::info_span!("caller"))
    .await;
    let log = log.text();
    for expected in [
        r#"caller:service_call{operation="things_get" method="GET" attempts=2 status=200}"#,
        r#"attempts=1 status=404 error=the service answered 404 Gone (things_get)}"#,
    ] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
}

#[tokio::test]
async fn a_tracer_gets_the_call_and_its_requests() {
    let _turn = crate::LISTENING.lock().await;
    let script = Script::new([answer(200, THING), answer(412, "")]);
    let recorder = Recorder::default();
    let options = ClientOptions {
        instrumentation: InstrumentationOptions {
            tracer_provider: Some(Arc::new(recorder.clone())),
        },
        ..script.options()
    };
    let client = client(ENDPOINT, &anonymous(), options);
    get(&client).await.unwrap();
    invoke(&client).await.unwrap_err();
    assert_eq!(
        *recorder.0.lock().unwrap(),
        [
            "things_get starts",
            "GET starts",
            "GET: http.response.status_code",
            "GET ends",
            "things_get ends",
            "things_invoke starts",
            "POST starts",
            "POST: http.response.status_code",
            "POST: error.type",
            "POST ends",
            "things_invoke: error.type",
            "things_invoke ends",
        ]
    );
}

/// Writes down what happens to spans.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl TracerProvider for Recorder {
    fn get_tracer(
        &self,
        _: Option<&'static str>,
        _: &'static str,
        _: Option<&'static str>,
    ) -> Arc<dyn Tracer> {
        Arc::new(self.clone())
    }
}

impl Tracer for Recorder {
    fn start_span(&self, name: Cow<'static, str>, _: SpanKind, _: Vec<Attribute>) -> Arc<dyn Span> {
        self.0.lock().unwrap().push(format!("{name} starts"));
        Arc::new(Recorded {
            name,
            recorder: self.clone(),
        })
    }

    fn start_span_with_parent(
        &self,
        name: Cow<'static, str>,
        kind: SpanKind,
        attributes: Vec<Attribute>,
        _: Arc<dyn Span>,
    ) -> Arc<dyn Span> {
        self.start_span(name, kind, attributes)
    }

    fn namespace(&self) -> Option<&'static str> {
        None
    }
}

struct Recorded {
    name: Cow<'static, str>,
    recorder: Recorder,
}

impl Recorded {
    fn note(&self, text: &str) {
        self.recorder
            .0
            .lock()
            .unwrap()
            .push(format!("{}{text}", self.name));
    }
}

impl AsAny for Recorded {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Span for Recorded {
    fn is_recording(&self) -> bool {
        true
    }

    fn span_id(&self) -> [u8; 8] {
        [0; 8]
    }

    fn end(&self) {
        self.note(" ends");
    }

    fn set_status(&self, _: SpanStatus) {}

    fn set_attribute(&self, key: &'static str, _: AttributeValue) {
        if matches!(key, "error.type" | "http.response.status_code") {
            self.note(&format!(": {key}"));
        }
    }

    fn record_error(&self, _: &dyn std::error::Error) {
        self.note(" records an error");
    }

    fn set_current(&self, _: &Context) -> Box<dyn SpanGuard> {
        struct Guard;
        impl SpanGuard for Guard {
            fn end(self) {}
        }
        Box::new(Guard)
    }

    fn propagate_headers(&self, _: &mut Request) {}
}
