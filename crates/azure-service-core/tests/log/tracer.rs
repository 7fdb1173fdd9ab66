//! A tracer that records spans as a tree.

use azure_core::http::{Context, Request};
use azure_core::tracing::{
    AsAny, Attribute, AttributeValue, Span, SpanGuard, SpanKind, SpanStatus, Tracer, TracerProvider,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The recorded attributes. All other attributes vary between runs or are azure_core internals.
const SHOWN: [&str; 4] = [
    "az.namespace",
    "error.type",
    "http.request.resend_count",
    "http.response.status_code",
];

#[derive(Debug, Default)]
struct Node {
    name: String,
    kind: String,
    parent: Option<usize>,
    attributes: BTreeMap<String, String>,
    failed: bool,
    ended: bool,
}

/// A tracer provider that records the spans of all its tracers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Node>>>);

impl Recorder {
    /// Returns one line per span, indented below its parent.
    pub(crate) fn tree(&self) -> String {
        let nodes = self.0.lock().unwrap();
        let mut lines = String::new();
        show(&nodes, None, 0, &mut lines);
        lines
    }

    fn begin(
        &self,
        name: &str,
        kind: &SpanKind,
        attributes: Vec<Attribute>,
        parent: Option<usize>,
    ) -> Arc<dyn Span> {
        let mut nodes = self.0.lock().unwrap();
        nodes.push(Node {
            name: name.to_owned(),
            kind: format!("{kind:?}"),
            parent,
            ..Node::default()
        });
        let span = Recorded {
            index: nodes.len() - 1,
            recorder: self.clone(),
        };
        drop(nodes);
        for Attribute { key, value } in attributes {
            span.set(&key, &value);
        }
        Arc::new(span)
    }
}

fn show(nodes: &[Node], parent: Option<usize>, depth: usize, lines: &mut String) {
    for (index, node) in nodes.iter().enumerate().filter(|(_, node)| node.parent == parent) {
        let attributes: String = node
            .attributes
            .iter()
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        let marks = [(node.failed, " FAILED"), (!node.ended, " NOT ENDED")];
        let marks: String = marks
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, mark)| *mark)
            .collect();
        *lines += &format!(
            "{}{} ({}){attributes}{marks}\n",
            "  ".repeat(depth),
            node.name,
            node.kind
        );
        show(nodes, Some(index), depth + 1, lines);
    }
}

#[derive(Debug)]
struct NamespaceTracer(Recorder, Option<&'static str>);

impl TracerProvider for Recorder {
    fn get_tracer(
        &self,
        namespace: Option<&'static str>,
        _: &'static str,
        _: Option<&'static str>,
    ) -> Arc<dyn Tracer> {
        Arc::new(NamespaceTracer(self.clone(), namespace))
    }
}

impl Tracer for NamespaceTracer {
    fn start_span(
        &self,
        name: Cow<'static, str>,
        kind: SpanKind,
        attributes: Vec<Attribute>,
    ) -> Arc<dyn Span> {
        self.0.begin(&name, &kind, attributes, None)
    }

    fn start_span_with_parent(
        &self,
        name: Cow<'static, str>,
        kind: SpanKind,
        attributes: Vec<Attribute>,
        parent: Arc<dyn Span>,
    ) -> Arc<dyn Span> {
        let parent = parent.as_any().downcast_ref::<Recorded>().unwrap().index;
        self.0.begin(&name, &kind, attributes, Some(parent))
    }

    fn namespace(&self) -> Option<&'static str> {
        self.1
    }
}

struct Recorded {
    index: usize,
    recorder: Recorder,
}

impl Recorded {
    fn set(&self, key: &str, value: &AttributeValue) {
        let value = match value {
            AttributeValue::String(text) => text.clone(),
            AttributeValue::I64(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        if SHOWN.contains(&key) {
            let mut nodes = self.recorder.0.lock().unwrap();
            nodes[self.index].attributes.insert(key.to_owned(), value);
        }
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
        let node = &mut self.recorder.0.lock().unwrap()[self.index];
        assert!(!node.ended, "{} ends twice", node.name);
        node.ended = true;
    }

    fn set_status(&self, status: SpanStatus) {
        if matches!(status, SpanStatus::Error { .. }) {
            self.recorder.0.lock().unwrap()[self.index].failed = true;
        }
    }

    fn set_attribute(&self, key: &'static str, value: AttributeValue) {
        self.set(key, &value);
    }

    fn record_error(&self, _: &dyn std::error::Error) {}

    fn set_current(&self, _: &Context) -> Box<dyn SpanGuard> {
        struct Guard;
        impl SpanGuard for Guard {
            fn end(self) {}
        }
        Box::new(Guard)
    }

    fn propagate_headers(&self, _: &mut Request) {}
}
