//! Spans, and the trace context in requests.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use azure_core::http::{ClientOptions, Context, InstrumentationOptions, Request};
use azure_core::tracing::{
    AsAny, Attribute, AttributeValue, Span, SpanGuard, SpanKind, SpanStatus, Tracer, TracerProvider,
};
use digitaltwins_convenience::{Precondition, Upsert};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{MockResponse, MockService};

#[tokio::test]
async fn every_request_carries_the_trace_context() {
    let recorder = Recorder::default();
    let options = ClientOptions {
        instrumentation: InstrumentationOptions {
            tracer_provider: Some(Arc::new(recorder.clone())),
        },
        ..Default::default()
    };
    let mut page = 0;
    let (service, client) = MockService::with_options(options, move |sent| match sent.method.as_str() {
        "POST" => {
            page += 1;
            let token = if page == 1 { json!("more") } else { Value::Null };
            MockResponse::json(200, &json!({"value": [], "continuationToken": token}))
        }
        "DELETE" => MockResponse::error(404, "DigitalTwinNotFound"),
        _ => MockResponse::json(200, &json!({"$dtId": "t"})),
    });
    client.get_digital_twin::<Value>("t").await.unwrap();
    client
        .upsert_digital_twin("t", &json!({}), Upsert::CreateOrReplace)
        .await
        .unwrap();
    client
        .delete_digital_twin("t", Precondition::Unconditional)
        .await
        .unwrap_err();
    client
        .query_twins::<Value>("SELECT", None)
        .unwrap()
        .try_next()
        .await
        .unwrap();
    let names = recorder.0.lock().unwrap().clone();
    for operation in [
        "DigitalTwinsClient.get_digital_twin",
        "DigitalTwinsClient.upsert_digital_twin",
        "DigitalTwinsClient.delete_digital_twin",
        "DigitalTwinsClient.query_twins",
    ] {
        assert!(
            names.iter().any(|name| name == operation),
            "{operation} in {names:?}"
        );
    }
    let sent = service.sent();
    assert_eq!(sent.len(), 5);
    let mut parents: Vec<_> = sent
        .iter()
        .map(|sent| sent.header("traceparent").unwrap())
        .collect();
    assert!(
        parents
            .iter()
            .all(|parent| parent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
    );
    parents.dedup();
    assert_eq!(parents.len(), 5, "each request is a span of its own");
    assert!(
        sent.iter()
            .all(|sent| sent.header("tracestate") == Some("vendor=1"))
    );
}

/// A tracer that records the names of spans and numbers them.
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
        let mut names = self.0.lock().unwrap();
        names.push(name.into_owned());
        Arc::new(Recorded(names.len()))
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

struct Recorded(usize);

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
        self.0.to_be_bytes()
    }

    fn end(&self) {}

    fn set_status(&self, _: SpanStatus) {}

    fn set_attribute(&self, _: &'static str, _: AttributeValue) {}

    fn record_error(&self, _: &dyn std::error::Error) {}

    fn set_current(&self, _: &Context) -> Box<dyn SpanGuard> {
        struct Guard;
        impl SpanGuard for Guard {
            fn end(self) {}
        }
        Box::new(Guard)
    }

    fn propagate_headers(&self, request: &mut Request) {
        let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{:016x}-01", self.0);
        request.insert_header("traceparent", parent);
        request.insert_header("tracestate", "vendor=1");
    }
}
