//! Reading dumped state.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::digitaltwins::event_routes::Routes;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::Jobs;
use crate::digitaltwins::rules::model_check;
use crate::digitaltwins::rules::precondition::ETag;
use crate::digitaltwins::state::changes::Changed;
use crate::digitaltwins::store::graph::{Graph, Relationship};
use crate::digitaltwins::store::interface::{Content, Interface};
use crate::digitaltwins::store::lagging::{History, Lagging};
use crate::digitaltwins::store::model_store::{ModelStore, SEQUENCE_END, StoredModel};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::{Component, Property, Twin};

impl Instance {
    /// Takes a dumped state in place of the current one. Twins and relationships are taken as they are, because
    /// the models they were checked with may be gone.
    pub(crate) fn load_state(self: &Arc<Self>, state: &Value) -> Result<(), String> {
        if !state.is_object() {
            return Err("the state is not an object".to_owned());
        }
        let changing = self.model_changes.lock();
        let mut loaded = Graph::default();
        self.load_models(state, &mut loaded.models)?;
        for (id, value) in members(state, "twins")? {
            let twin = twin_from(value, &loaded.models)
                .ok_or_else(|| format!("this is not a twin: {}", shortened(value)))?;
            if *twin.id != **id {
                return Err(format!("the twin {:?} is filed as {id:?}", twin.id));
            }
            loaded.put_twin(Arc::new(twin));
        }
        for (source, relationships) in members(state, "relationships")? {
            let relationships = relationships
                .as_object()
                .ok_or_else(|| format!("the relationships of {source:?} are not an object"))?;
            for (id, value) in relationships {
                let relationship = relationship_from(value, &loaded).ok_or_else(|| {
                    format!(
                        "this is not a relationship between the twins: {}",
                        shortened(value)
                    )
                })?;
                if *relationship.source_id != **source || *relationship.id != **id {
                    return Err(format!(
                        "the relationship {:?} of {:?} is filed as {id:?} of {source:?}",
                        relationship.id, relationship.source_id
                    ));
                }
                loaded.put_relationship(Arc::new(relationship));
            }
        }
        let routes = Routes::from_state(members(state, "eventRoutes")?)?;
        let jobs = Jobs::from_state(state.get("jobs"))?;
        let old = {
            // Locked together, so that a lag which is set meanwhile counts either before or after.
            let mut lagging = self.lagging.write();
            let mut graph = self.graph.write();
            loaded.changed = graph.changed.is_some().then(Changed::everything);
            // Queries see the new state at once.
            let seen = lagging.as_ref().map(|old| Lagging::new(&loaded, old.lag));
            loaded.history = seen.is_some().then(|| History::new(self.clock.clone()));
            let old = std::mem::replace(&mut *graph, loaded);
            self.routing.lock().set(routes);
            self.set_jobs(jobs);
            (old, std::mem::replace(&mut *lagging, seen))
        };
        self.poke_journal();
        // What was there may be big: it goes when nobody waits for a lock any more.
        drop(changing);
        drop(old);
        Ok(())
    }

    fn load_models(&self, state: &Value, models: &mut ModelStore) -> Result<(), String> {
        let mut entries = members(state, "models")?
            .map(|(id, entry)| {
                let sequence = entry.get("sequence").and_then(Value::as_u64);
                let sequence = sequence
                    .filter(|sequence| *sequence < SEQUENCE_END)
                    .ok_or_else(|| {
                        format!("the model {id:?} has no sequence from 0 to {}", SEQUENCE_END - 1)
                    })?;
                Ok((sequence, id, entry))
            })
            .collect::<Result<Vec<_>, String>>()?;
        entries.sort_unstable_by_key(|(sequence, ..)| *sequence);
        let mut documents = Vec::with_capacity(entries.len());
        let mut last = None;
        for (sequence, id, entry) in &entries {
            let document = entry.get("model");
            let document = document.ok_or_else(|| format!("the model {id:?} has no model"))?;
            if document.get("@id").and_then(Value::as_str) != Some(id) {
                return Err(format!("the model {id:?} has another @id"));
            }
            if last.replace(*sequence) == Some(*sequence) {
                return Err(format!("two models have the sequence {sequence}"));
            }
            documents.push(document.clone());
        }
        if let Some(next) = state.get("nextModelSequence") {
            let next = next.as_u64().filter(|next| *next <= SEQUENCE_END);
            models.skip_to(
                next.ok_or_else(|| format!("nextModelSequence is not a number from 0 to {SEQUENCE_END}"))?,
            );
        }
        if documents.is_empty() {
            return Ok(());
        }
        let interfaces = self.check_models(&documents)?;
        for (((sequence, id, entry), document), interface) in entries.iter().zip(documents).zip(interfaces) {
            let uploaded = entry.get("uploadTime").and_then(timestamp);
            models.restore(StoredModel {
                document: Arc::new(document),
                uploaded: uploaded.ok_or_else(|| format!("the model {id:?} has no uploadTime"))?,
                sequence: *sequence,
                decommissioned: entry.get("decommissioned") == Some(&Value::Bool(true)),
                interface: Arc::new(interface),
            });
        }
        Ok(())
    }

    /// Takes whatever uploads took: each of them was checked with what it refers to and nothing else.
    fn check_models(&self, documents: &[Value]) -> Result<Vec<Interface>, String> {
        // Models rarely get into each other's way, and together each of them is read only once.
        if let Ok(interfaces) = model_check::check(documents, &self.limits, &|_| None) {
            return Ok(interfaces);
        }
        let by_id: HashMap<&str, Arc<Value>> = documents
            .iter()
            .filter_map(|document| Some((document.get("@id")?.as_str()?, Arc::new(document.clone()))))
            .collect();
        let stored = |id: &str| by_id.get(id).cloned();
        let mut interfaces = Vec::with_capacity(documents.len());
        for document in documents {
            let interface = model_check::check(std::slice::from_ref(document), &self.limits, &stored);
            interfaces.extend(interface.map_err(|error| error.to_string())?);
        }
        Ok(interfaces)
    }
}

/// The members of a part of the state; none if it is left out.
fn members<'a>(
    state: &'a Value,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, String> {
    let members = match state.get(name) {
        None => None,
        Some(Value::Object(members)) => Some(members),
        Some(_) => return Err(format!("{name} is not an object")),
    };
    Ok(members.into_iter().flatten())
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
        // A map may have a key `$metadata`, but only properties have entries in the metadata of the twin.
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
