//! Batches of models for upload.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::dependencies::{dependencies, id};

/// Divides models, in the given order, into batches of at most `size`. The service parses a batch together with its
/// dependencies and refuses two definitions of one id. Models that define inner elements with the same id, such as
/// two versions of one model, therefore go into different batches.
pub(super) fn batches(models: &[Value], order: &[usize], size: usize) -> Vec<Vec<usize>> {
    let inner: Vec<Vec<&str>> = models.iter().map(inner_ids).collect();
    let by_id: HashMap<&str, usize> = models
        .iter()
        .enumerate()
        .filter_map(|(index, model)| Some((id(model)?, index)))
        .collect();
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    let mut owners: HashMap<&str, usize> = HashMap::new();
    for &index in order {
        let defined: Vec<(&str, usize)> = with_dependencies(models, &by_id, index)
            .into_iter()
            .flat_map(|model| inner[model].iter().map(move |id| (*id, model)))
            .collect();
        let clashes = |(id, model): &(&str, usize)| owners.get(id).is_some_and(|owner| owner != model);
        if batch.len() == size || defined.iter().any(clashes) {
            batches.push(std::mem::take(&mut batch));
            owners.clear();
        }
        owners.extend(defined);
        batch.push(index);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Returns the index of a model and the indices of its dependencies in `by_id`, direct and transitive.
fn with_dependencies(models: &[Value], by_id: &HashMap<&str, usize>, index: usize) -> HashSet<usize> {
    let mut found = HashSet::new();
    let mut open = vec![index];
    while let Some(index) = open.pop() {
        if found.insert(index) {
            let needed = dependencies(&models[index]);
            open.extend(needed.into_iter().filter_map(|id| by_id.get(id)));
        }
    }
    found
}

/// Returns the ids of the elements defined inside a model. An object with only an `@id` is a reference.
fn inner_ids(model: &Value) -> Vec<&str> {
    let mut ids = Vec::new();
    let mut open: Vec<&Value> = model.as_object().into_iter().flat_map(Map::values).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if members.len() > 1 {
                    ids.extend(members.get("@id").and_then(Value::as_str));
                }
                open.extend(members.values());
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn version(number: u32, base: Option<&str>) -> Value {
        json!({"@id": format!("dtmi:example:Tracker;{number}"), "@type": "Interface", "extends": base, "contents": [
            {"@type": "Property", "name": "mode", "schema": {"@id": "dtmi:example:mode;1", "@type": "Enum"}},
        ]})
    }

    fn plain(name: &str, base: &str) -> Value {
        json!({"@id": name, "extends": base})
    }

    #[test]
    fn models_that_define_the_same_inner_id_get_different_batches() {
        let models = [
            version(1, None),
            version(2, None),
            plain("dtmi:example:Other;1", "dtmi:none;1"),
        ];
        assert_eq!(batches(&models, &[0, 1, 2], 30), [vec![0], vec![1, 2]]);
        assert_eq!(batches(&models, &[0, 2], 30), [vec![0, 2]]);
    }

    #[test]
    fn inner_ids_of_dependencies_count() {
        let models = [
            version(1, None),
            version(2, None),
            plain("dtmi:example:A;1", "dtmi:example:Tracker;1"),
            plain("dtmi:example:B;1", "dtmi:example:Tracker;2"),
        ];
        assert_eq!(batches(&models, &[2, 3], 30), [vec![2], vec![3]]);
    }

    #[test]
    fn a_batch_has_at_most_its_size() {
        let models: Vec<Value> = (0..5).map(|n| plain(&n.to_string(), "none")).collect();
        assert_eq!(
            batches(&models, &[4, 3, 2, 1, 0], 2),
            [vec![4, 3], vec![2, 1], vec![0]]
        );
        assert!(batches(&models, &[], 2).is_empty());
    }
}
