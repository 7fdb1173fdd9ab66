//! Dependencies between models, and their order.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Returns the id of a model.
pub(crate) fn id(model: &Value) -> Option<&str> {
    model.get("@id")?.as_str()
}

/// Returns the ids of the models that must exist when `model` is stored: its base interfaces and the models of its
/// components. Targets of relationships need not exist.
pub(crate) fn dependencies(model: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = each(model.get("extends")).filter_map(reference).collect();
    for content in each(model.get("contents")) {
        if each(content.get("@type")).any(|ty| ty == "Component") {
            ids.extend(content.get("schema").and_then(reference));
        }
    }
    ids
}

/// Returns the elements of an array, or the single value that JSON-LD allows in its place.
fn each(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
    .iter()
}

/// Returns the id of a reference: a string, or an object with an `@id`.
fn reference(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| id(value))
}

/// Returns the indices of `models` in topological order, dependencies first. A dependency moves ahead of the first
/// model that needs it; otherwise, the models keep their order. Dependencies outside of `models` are ignored. If models
/// depend on each other in a cycle, fails with the ids of the models in the cycle.
pub(super) fn order(models: &[Value]) -> Result<Vec<usize>, Vec<String>> {
    let by_id: HashMap<&str, usize> = models
        .iter()
        .enumerate()
        .filter_map(|(index, model)| Some((id(model)?, index)))
        .collect();
    let needs: Vec<Vec<usize>> = models
        .iter()
        .map(|model| {
            dependencies(model)
                .into_iter()
                .filter_map(|id| by_id.get(id).copied())
                .collect()
        })
        .collect();
    // Every index is a valid index into `models`; `needs` and `done` are as long as `models`.
    let mut order = Vec::with_capacity(models.len());
    let (mut done, mut open) = (vec![false; models.len()], HashSet::new());
    for first in 0..models.len() {
        // Depth-first with an explicit stack, because recursion could overflow the thread's stack on a long chain.
        let mut stack = vec![(first, 0)];
        while let Some((index, next)) = stack.pop() {
            if done[index] {
                continue;
            }
            open.insert(index);
            match needs[index].get(next) {
                Some(&needed) if done[needed] => stack.push((index, next + 1)),
                Some(needed) if open.contains(needed) => {
                    let cycle = stack
                        .iter()
                        .map(|(index, _)| *index)
                        .chain([index])
                        .skip_while(|i| i != needed);
                    return Err(cycle
                        .filter_map(|index| id(&models[index]))
                        .map(str::to_owned)
                        .collect());
                }
                Some(&needed) => stack.extend([(index, next + 1), (needed, 0)]),
                None => {
                    open.remove(&index);
                    done[index] = true;
                    order.push(index);
                }
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_form_of_dependency_is_found() {
        let model = json!({
            "@id": "dtmi:example:House;1",
            "extends": ["dtmi:example:Building;1", {"@id": "dtmi:example:Asset;1"}],
            "contents": [
                {"@type": "Component", "name": "roof", "schema": "dtmi:example:Roof;1"},
                {"@type": ["Component", "Extra"], "name": "door", "schema": {"@id": "dtmi:example:Door;1"}},
                {"@type": "Property", "name": "x", "schema": "dtmi:example:Schema;1"},
                {"@type": "Relationship", "name": "near", "target": "dtmi:example:House;1"},
            ],
        });
        assert_eq!(
            dependencies(&model),
            [
                "dtmi:example:Building;1",
                "dtmi:example:Asset;1",
                "dtmi:example:Roof;1",
                "dtmi:example:Door;1"
            ]
        );
        let model = json!({"extends": "dtmi:a;1", "contents": {"@type": "Component", "schema": "dtmi:b;1"}});
        assert_eq!(dependencies(&model), ["dtmi:a;1", "dtmi:b;1"]);
        assert!(dependencies(&json!([1])).is_empty());
    }

    #[test]
    fn a_cycle_is_named() {
        let model = |id: &str, base: &str| json!({"@id": id, "extends": base});
        let models = [model("x", "a"), model("a", "b"), model("b", "c"), model("c", "a")];
        assert_eq!(order(&models).unwrap_err(), ["a", "b", "c"]);
        assert_eq!(order(&[model("a", "a")]).unwrap_err(), ["a"]);
    }

    #[test]
    fn a_long_chain_does_not_overflow_the_stack() {
        let models: Vec<Value> = (0..50_000)
            .map(|n| json!({"@id": n.to_string(), "extends": (n + 1).to_string()}))
            .collect();
        assert_eq!(order(&models).unwrap().first(), Some(&49_999));
    }

    proptest! {
        #[test]
        fn the_order_has_dependencies_first(edges in prop::collection::vec((0..20_usize, 0..20_usize), 0..60), seed in any::<u64>()) {
            // Edges from greater to smaller numbers form no cycle. The numbers are shuffled afterwards.
            let position = |n: usize| (n as u64 * 7 + seed) % 23;
            let mut models: Vec<(u64, Value)> = (0..20)
                .map(|n| {
                    let needed: Vec<String> = edges
                        .iter()
                        .filter(|(a, b)| *a.max(b) == n && a != b)
                        .map(|(a, b)| a.min(b).to_string())
                        .collect();
                    (position(n), json!({"@id": n.to_string(), "extends": needed}))
                })
                .collect();
            models.sort_by_key(|(position, _)| *position);
            let models: Vec<Value> = models.into_iter().map(|(_, model)| model).collect();
            let order = order(&models).unwrap();
            prop_assert_eq!(order.iter().copied().collect::<HashSet<_>>().len(), models.len());
            let mut stored = HashSet::new();
            for index in order {
                for needed in dependencies(&models[index]) {
                    prop_assert!(stored.contains(needed));
                }
                stored.insert(id(&models[index]).unwrap());
            }
        }
    }
}
