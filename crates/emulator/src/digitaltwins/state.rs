//! The whole state of an instance as JSON, and back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::etag::ETag;
use super::graph::{Graph, Relationship};
use super::instance::Instance;
use super::interface::{Content, Interface};
use super::model_check;
use super::model_store::ModelStore;
use super::timestamp::Timestamp;
use super::twin::{Component, Property, Twin, TwinJson};

impl Instance {
    /// Models in the order of upload, twins and relationships as the service writes them.
    pub(super) fn dump_state(&self) -> Value {
        let graph = self.graph.read();
        let models: Vec<_> = graph
            .models
            .uploaded_since(0)
            .map(|model| {
                json!({
                    "uploadTime": model.uploaded,
                    "decommissioned": model.decommissioned,
                    "model": *model.document,
                })
            })
            .collect();
        let twins: Vec<_> = (0..graph.twin_end())
            .filter_map(|slot| graph.twin(slot))
            .filter_map(|twin| {
                serde_json::to_value(TwinJson {
                    twin,
                    with_update_times: true,
                })
                .ok()
            })
            .collect();
        let relationships: Vec<_> = (0..graph.relationship_end())
            .filter_map(|slot| graph.relationship(slot))
            .filter_map(|relationship| serde_json::to_value(&**relationship).ok())
            .collect();
        json!({
            "models": models,
            "twins": twins,
            "relationships": relationships,
            "eventRoutes": self.dump_routes(),
            "jobs": self.dump_jobs(),
        })
    }

    /// Takes a dumped state in place of the current one. Twins and relationships are taken as they are, because
    /// the models they were checked with may be gone.
    pub(super) fn load_state(self: &Arc<Self>, state: &Value) -> Result<(), String> {
        let _changing = self.model_changes.lock();
        let mut graph = Graph::default();
        self.load_models(list(state, "models")?, &mut graph.models)?;
        for value in list(state, "twins")? {
            let twin = twin_from(value, &graph.models)
                .ok_or_else(|| format!("this is not a twin: {}", shortened(value)))?;
            if graph.find(&twin.id).is_some() {
                return Err(format!("two twins have the id {}", twin.id));
            }
            graph.put_twin(Arc::new(twin));
        }
        for value in list(state, "relationships")? {
            let relationship = relationship_from(value, &graph).ok_or_else(|| {
                format!(
                    "this is not a relationship between the twins: {}",
                    shortened(value)
                )
            })?;
            if graph
                .find_relationship(relationship.source, &relationship.id)
                .is_some()
            {
                return Err(format!(
                    "two relationships of {} are {}",
                    relationship.source_id, relationship.id
                ));
            }
            graph.put_relationship(Arc::new(relationship));
        }
        let routes = Instance::routes_from(list(state, "eventRoutes")?)?;
        let jobs = Instance::jobs_from(state.get("jobs"))?;
        let lag = self.query_lag();
        self.set_query_lag(Duration::ZERO);
        *self.graph.write() = graph;
        self.set_query_lag(lag);
        self.set_routes(routes);
        self.set_jobs(jobs);
        Ok(())
    }

    fn load_models(&self, entries: &[Value], models: &mut ModelStore) -> Result<(), String> {
        let documents: Vec<Value> = entries
            .iter()
            .filter_map(|entry| entry.get("model").cloned())
            .collect();
        if documents.len() != entries.len() {
            return Err("a stored model has no model".to_owned());
        }
        if documents.is_empty() {
            return Ok(());
        }
        let interfaces =
            model_check::check(&documents, &self.limits, &|_| None).map_err(|error| error.to_string())?;
        for ((entry, document), interface) in entries.iter().zip(documents).zip(interfaces) {
            let uploaded = entry
                .get("uploadTime")
                .and_then(timestamp)
                .ok_or("a model has no uploadTime")?;
            let id = Arc::clone(&interface.id);
            models.insert(Arc::new(document), Arc::new(interface), uploaded);
            models.set_decommissioned(&id, entry.get("decommissioned") == Some(&Value::Bool(true)));
        }
        Ok(())
    }
}

fn list<'a>(state: &'a Value, name: &str) -> Result<&'a [Value], String> {
    match state.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("{name} is not a list")),
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?)
}

fn twin_from(value: &Value, models: &ModelStore) -> Option<Twin> {
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
        // A component is told from an object by its metadata, which no property may hold.
        let component = value
            .as_object()
            .and_then(|members| Some((members, members.get("$metadata")?)));
        match component {
            Some((members, metadata)) => {
                let inner = interface.and_then(|interface| match interface.content(name)? {
                    (_, Content::Component(id)) => models.interface(id).map(|interface| &**interface),
                    _ => None,
                });
                twin.components.push(Component {
                    name: shared_name(name, interface),
                    last_update: timestamp(metadata.get("$lastUpdateTime")?)?,
                    properties: members
                        .iter()
                        .filter(|(name, _)| !name.starts_with('$'))
                        .map(|(name, value)| property_from(name, value, metadata.as_object()?, inner))
                        .collect::<Option<_>>()?,
                });
            }
            None => twin
                .properties
                .push(property_from(name, value, metadata, interface)?),
        }
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

fn relationship_from(value: &Value, graph: &Graph) -> Option<Relationship> {
    let body = value.as_object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let source = graph.find(text("$sourceId")?)?;
    let target = graph.find(text("$targetId")?)?;
    let source_twin = graph.twin(source)?;
    let name = text("$relationshipName")?;
    let interface = graph
        .models
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
