//! What happens to twins and relationships, as events.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::digitaltwins::events::CloudEvent;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::patch::{Change, Operation};
use crate::digitaltwins::store::graph::{Graph, Relationship};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::{Twin, TwinJson};

pub(crate) const TWIN_CREATE: &str = "Microsoft.DigitalTwins.Twin.Create";
pub(crate) const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";
pub(crate) const TWIN_DELETE: &str = "Microsoft.DigitalTwins.Twin.Delete";
pub(crate) const RELATIONSHIP_CREATE: &str = "Microsoft.DigitalTwins.Relationship.Create";
pub(crate) const RELATIONSHIP_UPDATE: &str = "Microsoft.DigitalTwins.Relationship.Update";
pub(crate) const RELATIONSHIP_DELETE: &str = "Microsoft.DigitalTwins.Relationship.Delete";
pub(crate) const TELEMETRY: &str = "microsoft.iot.telemetry";

/// The request that made something happen.
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

/// A piece of telemetry that was taken.
#[derive(Debug)]
pub(crate) struct Telemetry<'a> {
    pub(crate) twin: &'a Twin,
    pub(crate) component: Option<&'a str>,
    pub(crate) message_id: &'a str,
    pub(crate) source_time: Option<&'a str>,
    pub(crate) payload: Value,
}

/// Called with the graph locked, so that events leave in the order in which things happen.
impl Instance {
    /// A twin was stored over `before`, or is new. Which event the service sends for a replaced twin is not
    /// documented; here it is an update with the difference.
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

    /// A relationship was stored over `before`, or is new. One that leads elsewhere counts as another one.
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
            let component = telemetry.component.and_then(|name| {
                let interface = graph.models.interface(&twin.model)?;
                interface.component_model(name).map(str::to_owned)
            });
            let subject = telemetry.component.unwrap_or_default().to_owned();
            let event = origin.event(TELEMETRY, subject, self.time(), telemetry.payload);
            CloudEvent {
                id: telemetry.message_id.to_owned(),
                source: format!("{}/digitaltwins/{}", origin.host, twin.id),
                time: telemetry.source_time.map_or(event.time, str::to_owned),
                dataschema: Some(match telemetry.component {
                    Some(_) => component.unwrap_or_default(),
                    None => twin.model.to_string(),
                }),
                ..event
            }
        });
    }

    fn relationship_updated(
        &self,
        graph: &Graph,
        relationship: &Relationship,
        patch: Value,
        origin: Origin<'_>,
    ) -> CloudEvent {
        let model = graph.twin(relationship.source).map(|twin| &*twin.model);
        let data = json!({"modelId": model, "patch": patch});
        origin.event(RELATIONSHIP_UPDATE, subject(relationship), self.time(), data)
    }

    fn time(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    fn send(&self, event: impl FnOnce() -> CloudEvent) {
        self.routing.lock().send(event);
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

/// Members in the order in which the service documents them.
fn operation(op: &str, path: &str, value: Option<&Value>) -> Value {
    match value {
        Some(value) => json!({"value": value, "path": path, "op": op}),
        None => json!({"path": path, "op": op}),
    }
}

fn operations(patch: &[Operation]) -> Value {
    patch
        .iter()
        .map(|item| match &item.change {
            Change::Add(value) => operation("add", &item.path, Some(value)),
            Change::Replace(value) => operation("replace", &item.path, Some(value)),
            Change::Remove => operation("remove", &item.path, None),
        })
        .collect()
}

/// What a caller wrote: values, components and the model.
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

/// The patch that leads from one set of members to another.
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
