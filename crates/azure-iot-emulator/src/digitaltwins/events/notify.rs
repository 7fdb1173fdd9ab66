//! Events for changes of twins and relationships.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::digitaltwins::events::cloud_event::CloudEvent;
use crate::digitaltwins::events::event_type::{
    RELATIONSHIP_CREATE, RELATIONSHIP_DELETE, RELATIONSHIP_UPDATE, TELEMETRY, TWIN_CREATE, TWIN_DELETE,
    TWIN_UPDATE,
};
use crate::digitaltwins::events::routing::EventRouting;
use crate::digitaltwins::rules::patch::{Action, Operation};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::{Twin, TwinJson};

/// The request that caused an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The instance as the caller addressed it, without a scheme.
    pub(crate) host: &'a str,
    pub(crate) traceparent: Option<&'a str>,
}

impl Origin<'_> {
    fn event(self, event_type: &'static str, subject: String, time: Timestamp, data: Value) -> CloudEvent {
        let traceparent = self.traceparent.map_or_else(
            || {
                let span = Uuid::new_v4().as_u64_pair().0;
                format!("00-{}-{span:016x}-01", Uuid::new_v4().simple())
            },
            str::to_owned,
        );
        CloudEvent {
            specversion: "1.0",
            id: Uuid::new_v4().to_string(),
            source: self.host.to_owned(),
            event_type,
            time: time.to_string(),
            subject,
            datacontenttype: "application/json",
            dataschema: None,
            traceparent,
            data,
        }
    }
}

/// Accepted telemetry.
#[derive(Debug)]
pub(crate) struct Telemetry<'a> {
    pub(crate) twin: &'a Twin,
    pub(crate) component: Option<&'a str>,
    pub(crate) message_id: &'a str,
    /// Time in ISO 8601.
    pub(crate) source_time: Option<String>,
    pub(crate) payload: Value,
}

/// Callers hold the graph's lock, so that events are sent in the order of the changes.
impl EventRouting {
    /// Sends the event for a stored twin, which replaces `before` or is new. The service does not document the event for
    /// a replaced twin; the emulator sends an update with the difference.
    pub(crate) fn twin_put(&self, before: Option<&Twin>, twin: &Twin, origin: Origin<'_>) {
        self.send(|| match before {
            None => origin.event(TWIN_CREATE, twin.id.to_string(), twin.last_update, whole(twin)),
            Some(before) => {
                let patch = difference(&content(before), &content(twin));
                updated(twin, patch, origin)
            }
        });
    }

    pub(crate) fn twin_patched(&self, twin: &Twin, patch: &[Operation], origin: Origin<'_>) {
        self.send(|| updated(twin, operations(patch), origin));
    }

    pub(crate) fn twin_deleted(&self, twin: &Twin, origin: Origin<'_>) {
        self.send(|| origin.event(TWIN_DELETE, twin.id.to_string(), self.time(), whole(twin)));
    }

    /// Sends the event for a stored relationship, which replaces `before` or is new. A changed target or name is
    /// sent as a deletion and a creation.
    pub(crate) fn relationship_put(
        &self,
        graph: &Graph,
        before: Option<&Relationship>,
        relationship: &Relationship,
        origin: Origin<'_>,
    ) {
        let same =
            |before: &&Relationship| before.target == relationship.target && before.name == relationship.name;
        match before.filter(same) {
            Some(before) => {
                let none = Map::new();
                let of =
                    |relationship: &Relationship| relationship.properties.as_deref().unwrap_or(&none).clone();
                self.send(|| {
                    let patch = difference(&of(before), &of(relationship));
                    self.relationship_updated(graph, relationship, patch, origin)
                });
            }
            None => {
                if let Some(before) = before {
                    self.relationship_deleted(before, origin);
                }
                self.send(|| {
                    origin.event(
                        RELATIONSHIP_CREATE,
                        subject(relationship),
                        self.time(),
                        json!(relationship),
                    )
                });
            }
        }
    }

    pub(crate) fn relationship_patched(
        &self,
        graph: &Graph,
        relationship: &Relationship,
        patch: &[Operation],
        origin: Origin<'_>,
    ) {
        self.send(|| self.relationship_updated(graph, relationship, operations(patch), origin));
    }

    pub(crate) fn relationship_deleted(&self, relationship: &Relationship, origin: Origin<'_>) {
        self.send(|| {
            origin.event(
                RELATIONSHIP_DELETE,
                subject(relationship),
                self.time(),
                json!(relationship),
            )
        });
    }

    pub(crate) fn telemetry_sent(&self, graph: &Graph, telemetry: Telemetry<'_>, origin: Origin<'_>) {
        self.send(|| {
            let twin = telemetry.twin;
            // The model of a component is not known once the twin's model has been deleted.
            let schema = match telemetry.component {
                None => Some(twin.model.to_string()),
                Some(name) => {
                    let interface = graph.models().interface(&twin.model);
                    let model = interface.and_then(|interface| interface.component_model(name));
                    model.map(str::to_owned)
                }
            };
            let subject = telemetry.component.unwrap_or_default().to_owned();
            let event = origin.event(TELEMETRY, subject, self.time(), telemetry.payload);
            CloudEvent {
                id: telemetry.message_id.to_owned(),
                source: format!("{}/digitaltwins/{}", origin.host, twin.id),
                time: telemetry.source_time.unwrap_or(event.time),
                dataschema: schema,
                ..event
            }
        });
    }

    #[expect(clippy::expect_used, reason = "a twin with relationships is never removed")]
    fn relationship_updated(
        &self,
        graph: &Graph,
        relationship: &Relationship,
        patch: Value,
        origin: Origin<'_>,
    ) -> CloudEvent {
        let source = graph
            .twin(relationship.source)
            .expect("the source of a relationship is stored");
        let data = json!({"modelId": &*source.model, "patch": patch});
        origin.event(RELATIONSHIP_UPDATE, subject(relationship), self.time(), data)
    }

    fn time(&self) -> Timestamp {
        Timestamp::from(self.clock().now())
    }
}

fn updated(twin: &Twin, patch: Value, origin: Origin<'_>) -> CloudEvent {
    let data = json!({"modelId": &*twin.model, "patch": patch});
    origin.event(TWIN_UPDATE, twin.id.to_string(), twin.last_update, data)
}

fn whole(twin: &Twin) -> Value {
    json!(TwinJson {
        twin,
        with_update_times: true,
    })
}

fn subject(relationship: &Relationship) -> String {
    format!("{}/relationships/{}", relationship.source_id, relationship.id)
}

/// Returns a JSON Patch operation, with its members in the documented order.
fn operation(op: &str, path: &str, value: Option<&Value>) -> Value {
    match value {
        Some(value) => json!({"value": value, "path": path, "op": op}),
        None => json!({"path": path, "op": op}),
    }
}

fn operations(patch: &[Operation]) -> Value {
    patch
        .iter()
        .map(|item| match &item.action {
            Action::Add(value) => operation("add", &item.path, Some(value)),
            Action::Replace(value) => operation("replace", &item.path, Some(value)),
            Action::Remove => operation("remove", &item.path, None),
        })
        .collect()
}

/// Returns the values and components of a twin, without metadata.
fn content(twin: &Twin) -> Map<String, Value> {
    let mut document = twin.patch_document();
    document.shift_remove("$metadata");
    for component in &twin.components {
        if let Some(Value::Object(members)) = document.get_mut(&*component.name) {
            members.shift_remove("$metadata");
        }
    }
    document
}

/// Returns the JSON Patch that turns `before` into `after`.
fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let path = |name: &str| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let gone = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .map(|name| operation("remove", &path(name), None));
    let written = after.iter().filter_map(|(name, value)| match before.get(name) {
        None => Some(operation("add", &path(name), Some(value))),
        Some(known) if known != value => Some(operation("replace", &path(name), Some(value))),
        Some(_) => None,
    });
    gone.chain(written).collect()
}
