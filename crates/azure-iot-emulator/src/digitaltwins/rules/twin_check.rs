//! Validation of twins against their models.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::value_check;
use crate::digitaltwins::store::etag::ETag;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::interface::{Content, Interface};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::timestamp::{Timestamp, is_iso_8601};
use crate::digitaltwins::store::twin::{Component, Property, Twin};

/// The written parts of a twin, whose update times change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TwinWrite<'a> {
    Whole,
    /// The parts in `touched`.
    Patch {
        before: &'a Twin,
        touched: &'a TouchedParts,
    },
}

/// The parts of a twin that a patch changes.
#[derive(Debug, Default)]
pub(crate) struct TouchedParts {
    /// Top-level members that were written or removed as a whole.
    pub(crate) whole: HashSet<String>,
    /// Nested members: properties of components, fields of objects, entries of maps.
    pub(crate) parts: HashSet<(String, String)>,
    /// Top-level members that contain a written member. A removal inside does not change the update time of a
    /// component.
    pub(crate) updated: HashSet<String>,
}

/// The name that the service's messages give to the parent of top-level members, the twin itself.
const TWIN: &str = "Twin";

/// Validates a body against its model and returns the record, with a new ETag.
pub(crate) fn build(
    models: &ModelStore,
    limits: &Limits,
    id: &Arc<str>,
    mut body: Map<String, Value>,
    write: TwinWrite<'_>,
    now: Timestamp,
) -> ServiceResult<Twin> {
    let metadata = match body.shift_remove("$metadata") {
        Some(Value::Object(metadata)) => metadata,
        _ => {
            return Err(errors::invalid_twin(vec![
                "Twin is missing property $metadata.".to_owned(),
            ]));
        }
    };
    let Some(model) = metadata.get("$model").and_then(Value::as_str) else {
        return Err(errors::invalid_twin(vec![
            "Twin is missing property $metadata.$model.".to_owned(),
        ]));
    };
    let Some(interface) = models.interface(model) else {
        return Err(errors::invalid_twin(vec![errors::model_missing_detail(model)]));
    };
    let mut check = Check {
        models,
        limits,
        write,
        now,
        faults: Vec::new(),
    };
    let (properties, components) = check.twin(interface, body, &metadata);
    if !check.faults.is_empty() {
        return Err(errors::invalid_twin(check.faults));
    }
    let twin = Twin {
        id: Arc::clone(id),
        model: Arc::clone(&interface.id),
        etag: ETag::fresh(),
        last_update: now,
        properties,
        components,
    };
    check_size(&twin, limits.twin_bytes)?;
    Ok(twin)
}

fn check_size(twin: &Twin, maximum: usize) -> ServiceResult<()> {
    let size = twin.json_size();
    if size > maximum {
        let text = format!("The twin takes {size} bytes as JSON, more than the maximum of {maximum}.");
        return Err(errors::invalid_twin(vec![text]));
    }
    Ok(())
}

/// Validates a new twin, or a replacement of `before`, and returns the record.
pub(crate) fn build_whole(
    graph: &Graph,
    limits: &Limits,
    id: &str,
    before: Option<&Twin>,
    body: Map<String, Value>,
    now: Timestamp,
) -> ServiceResult<Arc<Twin>> {
    let id = before.map_or_else(|| Arc::from(id), |twin| Arc::clone(&twin.id));
    let twin = build(graph.models(), limits, &id, body, TwinWrite::Whole, now)?;
    if before.is_none() {
        let model = graph.models().get(&twin.model);
        if model.is_some_and(|model| model.decommissioned) {
            return Err(errors::model_decommissioned(&twin.model));
        }
        if graph.twin_count() >= limits.twins {
            return Err(errors::twin_limit_reached(limits.twins));
        }
    }
    Ok(Arc::new(twin))
}

struct Check<'a> {
    models: &'a ModelStore,
    limits: &'a Limits,
    write: TwinWrite<'a>,
    now: Timestamp,
    faults: Vec<String>,
}

impl Check<'_> {
    fn twin(
        &mut self,
        interface: &Interface,
        body: Map<String, Value>,
        metadata: &Map<String, Value>,
    ) -> (Vec<Property>, Vec<Component>) {
        let mut properties = Vec::with_capacity(body.len());
        let mut components = Vec::new();
        let missing: Vec<_> = interface
            .components
            .iter()
            .filter(|name| !body.contains_key(&***name))
            .collect();
        self.faults.extend(
            missing
                .iter()
                .map(|name| format!("Twin is missing component {name}.")),
        );
        for (name, value) in body {
            if is_service_member(&name, &value) {
                continue;
            }
            match interface.content(&name) {
                Some((name, Content::Property(schema))) => {
                    let value = self.value(schema, value, name, TWIN);
                    properties.extend(value.map(|value| self.property(None, name, value, metadata)));
                }
                Some((name, Content::Component(id))) => components.extend(self.component(name, id, value)),
                Some((name, other)) => self.not_a_property(name, other),
                None => self.undeclared(&name, TWIN),
            }
        }
        (properties, components)
    }

    fn component(&mut self, name: &Arc<str>, interface: &str, value: Value) -> Option<Component> {
        let Value::Object(mut body) = value else {
            self.faults
                .push(format!("Component {name} must be a JSON object."));
            return None;
        };
        let Some(Value::Object(metadata)) = body.shift_remove("$metadata") else {
            self.faults
                .push(format!("Component {name} is missing property $metadata."));
            return None;
        };
        let Some(interface) = self.models.interface(interface) else {
            self.faults.push(errors::model_missing_detail(interface));
            return None;
        };
        let mut properties = Vec::with_capacity(body.len());
        for (member, value) in body {
            if is_service_member(&member, &value) {
                continue;
            }
            match interface.content(&member) {
                Some((member, Content::Property(schema))) => {
                    let value = self.value(schema, value, member, name);
                    properties.extend(value.map(|value| self.property(Some(name), member, value, &metadata)));
                }
                Some((member, other)) => self.not_a_property(member, other),
                None => self.undeclared(&member, name),
            }
        }
        Some(Component {
            name: Arc::clone(name),
            last_update: self.component_time(name),
            properties,
        })
    }

    fn value(&mut self, schema: &dtdl::Schema, value: Value, name: &str, parent: &str) -> Option<Value> {
        value_check::check(schema, &value, (name, parent), self.limits, &mut self.faults).then_some(value)
    }

    fn property(
        &mut self,
        component: Option<&str>,
        name: &Arc<str>,
        value: Value,
        metadata: &Map<String, Value>,
    ) -> Property {
        let source_time = match metadata.get(&**name).and_then(|entry| entry.get("sourceTime")) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if is_iso_8601(text) => Some(text.as_str().into()),
            Some(other) => {
                self.faults.push(format!(
                    "The sourceTime {other} of {name} is not an ISO 8601 date and time."
                ));
                None
            }
        };
        let last_update = self.property_time(component, name);
        Property {
            name: Arc::clone(name),
            value,
            last_update,
            source_time,
        }
    }

    fn property_time(&self, component: Option<&str>, name: &str) -> Timestamp {
        let TwinWrite::Patch { before, touched } = self.write else {
            return self.now;
        };
        let (known, written) = match component {
            None => (
                before.property(name),
                touched.whole.contains(name) || touched.parts.iter().any(|(member, _)| member == name),
            ),
            Some(component) => (
                before
                    .component(component)
                    .and_then(|component| component.property(name)),
                touched.whole.contains(component)
                    || touched.parts.contains(&(component.to_owned(), name.to_owned())),
            ),
        };
        match known {
            Some(property) if !written => property.last_update,
            _ => self.now,
        }
    }

    fn component_time(&self, name: &str) -> Timestamp {
        let TwinWrite::Patch { before, touched } = self.write else {
            return self.now;
        };
        match before.component(name) {
            Some(component) if !touched.updated.contains(name) => component.last_update,
            _ => self.now,
        }
    }

    fn not_a_property(&mut self, name: &str, content: &Content) {
        self.faults
            .push(format!("{name} is not a property - it is a {}.", content.kind()));
    }

    fn undeclared(&mut self, name: &str, parent: &str) {
        self.faults
            .push(format!("{name} does not appear on the DTDL for {parent}."));
    }
}

/// Returns whether a member is read-only and ignored in requests. Some clients send unset members as null.
fn is_service_member(name: &str, value: &Value) -> bool {
    matches!(name, "$dtId" | "$etag") || (name.starts_with('$') && value.is_null())
}
