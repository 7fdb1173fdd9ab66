//! Loads the twins and relationships of dumped state.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::digitaltwins::store::etag::ETag;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::interface::{Content, Interface};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::{Component, Property, Twin};

fn timestamp(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?)
}

pub(super) fn twin_from_state(value: &Value, models: &ModelStore) -> Option<Twin> {
    let body = value.as_object()?;
    let metadata = body.get("$metadata")?.as_object()?;
    let model = metadata.get("$model")?.as_str()?;
    let interface = models.interface(model).map(|interface| &**interface);
    let mut twin = Twin {
        id: body.get("$dtId")?.as_str()?.into(),
        model: interface.map_or_else(|| model.into(), |interface| Arc::clone(&interface.id)),
        etag: ETag::parse(body.get("$etag")?.as_str()?)?,
        last_update: timestamp(metadata.get("$lastUpdateTime")?)?,
        properties: Vec::new(),
        components: Vec::new(),
    };
    for (name, value) in body.iter().filter(|(name, _)| !name.starts_with('$')) {
        // A property of type map may have a key `$metadata` like a component, but only properties have an entry in the
        // twin's metadata.
        if metadata.contains_key(name) {
            twin.properties
                .push(property_from(name, value, metadata, interface)?);
            continue;
        }
        let inner = interface.and_then(|interface| match interface.content(name)? {
            (_, Content::Component(id)) => models.interface(id).map(|interface| &**interface),
            _ => None,
        });
        let metadata = value.get("$metadata")?.as_object()?;
        let properties = value.as_object()?.iter();
        twin.components.push(Component {
            name: shared_name(name, interface),
            last_update: timestamp(metadata.get("$lastUpdateTime")?)?,
            properties: properties
                .filter(|(name, _)| !name.starts_with('$'))
                .map(|(name, value)| property_from(name, value, metadata, inner))
                .collect::<Option<_>>()?,
        });
    }
    Some(twin)
}

fn property_from(
    name: &str,
    value: &Value,
    metadata: &Map<String, Value>,
    interface: Option<&Interface>,
) -> Option<Property> {
    let entry = metadata.get(name)?;
    Some(Property {
        name: shared_name(name, interface),
        value: value.clone(),
        last_update: timestamp(entry.get("lastUpdateTime")?)?,
        source_time: entry.get("sourceTime").and_then(Value::as_str).map(Box::from),
    })
}

fn shared_name(name: &str, interface: Option<&Interface>) -> Arc<str> {
    let known = interface.and_then(|interface| interface.content(name));
    known.map_or_else(|| Arc::from(name), |(name, _)| Arc::clone(name))
}

pub(super) fn relationship_from_state(value: &Value, graph: &Graph) -> Option<Relationship> {
    let body = value.as_object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let source = graph.find(text("$sourceId")?)?;
    let target = graph.find(text("$targetId")?)?;
    let source_twin = graph.twin(source)?;
    let name = text("$relationshipName")?;
    let interface = graph
        .models()
        .interface(&source_twin.model)
        .map(|interface| &**interface);
    let properties: Map<_, _> = body
        .iter()
        .filter(|(name, _)| !name.starts_with('$'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(Relationship {
        id: text("$relationshipId")?.into(),
        name: shared_name(name, interface),
        source,
        source_id: Arc::clone(&source_twin.id),
        target,
        target_id: Arc::clone(&graph.twin(target)?.id),
        etag: ETag::parse(text("$etag")?)?,
        properties: (!properties.is_empty()).then(|| Box::new(properties)),
    })
}
