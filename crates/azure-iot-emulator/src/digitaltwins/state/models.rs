//! Loads the models of dumped state.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::model_check;
use crate::digitaltwins::state::members::members;
use crate::digitaltwins::store::interface::Interface;
use crate::digitaltwins::store::model_store::{ModelStore, SEQUENCE_END, StoredModel};
use crate::digitaltwins::store::timestamp::Timestamp;

pub(super) fn load_models(state: &Value, limits: &Limits) -> Result<ModelStore, String> {
    let mut models = ModelStore::default();
    if let Some(next) = state.get("nextModelSequence") {
        let next = next.as_u64().filter(|next| *next <= SEQUENCE_END);
        models.skip_to(
            next.ok_or_else(|| format!("nextModelSequence is not a number from 0 to {SEQUENCE_END}"))?,
        );
    }
    let entries = entries_in_order(state)?;
    let documents: Vec<_> = entries.iter().map(|entry| entry.document.clone()).collect();
    if documents.is_empty() {
        return Ok(models);
    }
    let interfaces = check_models(&documents, limits)?;
    for ((entry, document), interface) in entries.into_iter().zip(documents).zip(interfaces) {
        let uploaded = entry.value.get("uploadTime").and_then(Value::as_str);
        let uploaded = uploaded.and_then(Timestamp::parse);
        models.restore(StoredModel {
            document: Arc::new(document),
            uploaded: uploaded.ok_or_else(|| format!("the model \"{}\" has no uploadTime", entry.id))?,
            sequence: entry.sequence,
            decommissioned: entry.value.get("decommissioned") == Some(&Value::Bool(true)),
            interface: Arc::new(interface),
        });
    }
    Ok(models)
}

/// A model in dumped state.
struct ModelEntry<'a> {
    sequence: u64,
    id: &'a String,
    document: &'a Value,
    value: &'a Value,
}

/// Returns the models in upload order.
fn entries_in_order(state: &Value) -> Result<Vec<ModelEntry<'_>>, String> {
    let mut entries = members(state, "models")?
        .map(|(id, value)| model_entry(id, value))
        .collect::<Result<Vec<_>, String>>()?;
    entries.sort_unstable_by_key(|entry| entry.sequence);
    let mut pairs = entries.windows(2);
    if let Some(pair) = pairs.find(|pair| pair[0].sequence == pair[1].sequence) {
        return Err(format!("two models have the sequence {}", pair[0].sequence));
    }
    Ok(entries)
}

fn model_entry<'a>(id: &'a String, value: &'a Value) -> Result<ModelEntry<'a>, String> {
    let sequence = value.get("sequence").and_then(Value::as_u64);
    let sequence = sequence
        .filter(|sequence| *sequence < SEQUENCE_END)
        .ok_or_else(|| {
            format!(
                "the model \"{id}\" has no sequence from 0 to {}",
                SEQUENCE_END - 1
            )
        })?;
    let document = value.get("model");
    let document = document.ok_or_else(|| format!("the model \"{id}\" has no model"))?;
    if document.get("@id").and_then(Value::as_str) != Some(id) {
        return Err(format!("the @id of the model \"{id}\" differs from its key"));
    }
    Ok(ModelEntry {
        sequence,
        id,
        document,
        value,
    })
}

/// Validates the models of a state. Accepts every set of models that separate uploads can create, because an
/// upload is validated only with the models that it refers to.
fn check_models(documents: &[Value], limits: &Limits) -> Result<Vec<Interface>, String> {
    // Models rarely conflict, and validating them together parses each of them only once.
    if let Ok(interfaces) = model_check::check(documents, limits, &|_| None) {
        return Ok(interfaces);
    }
    let by_id: HashMap<&str, Arc<Value>> = documents
        .iter()
        .filter_map(|document| Some((document.get("@id")?.as_str()?, Arc::new(document.clone()))))
        .collect();
    let stored = |id: &str| by_id.get(id).cloned();
    let mut interfaces = Vec::with_capacity(documents.len());
    for document in documents {
        let interface = model_check::check(std::slice::from_ref(document), limits, &stored);
        interfaces.extend(interface.map_err(|error| error.to_string())?);
    }
    Ok(interfaces)
}
