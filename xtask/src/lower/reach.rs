//! Finds the schemas that a value refers to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::composition;
use super::lowered::{Lowered, Operation, Secret, Skipped};
use crate::error::{Fault, Located, Pointer};

/// The extension that marks a schema as a placeholder for a reference whose target does not exist.
pub(crate) const UNRESOLVED: &str = "x-unresolved-reference";

/// Returns the names of the schemas that a value refers to, directly or through others.
pub(crate) fn reachable(value: &Value, schemas: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = Vec::new();
    references(value, &mut next);
    while let Some(name) = next.pop() {
        if found.insert(name.to_owned())
            && let Some(schema) = schemas.get(name)
        {
            references(schema, &mut next);
        }
    }
    found
}

fn references<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                out.extend(reference.strip_prefix("#/components/schemas/"));
            }
            map.values().for_each(|value| references(value, out));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}

/// Returns the schemas that requests refer to, with the types that extend them.
pub(super) fn sent(document: &Value, schemas: &Map<String, Value>) -> BTreeSet<String> {
    let mut bodies = Vec::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for item in paths.into_iter().flat_map(Map::values) {
        let operations = item.as_object().into_iter().flat_map(Map::values);
        bodies.extend(operations.filter_map(|operation| operation.get("requestBody")));
    }
    let shared = document.pointer("/components/requestBodies");
    let bodies = Value::Array(bodies.into_iter().chain(shared).cloned().collect());
    let mut sent = reachable(&bodies, schemas);
    let all = document.pointer("/components/schemas").and_then(Value::as_object);
    let mut extended: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (name, schema) in all.into_iter().flatten() {
        let mut bases = Vec::new();
        if let Some(parts) = schema.get("allOf") {
            references(parts, &mut bases);
        }
        for base in bases {
            extended.entry(base).or_default().push(name);
        }
    }
    let mut next: Vec<String> = sent.iter().cloned().collect();
    while let Some(name) = next.pop() {
        for subtype in extended.get(name.as_str()).into_iter().flatten() {
            if sent.contains(*subtype) {
                continue;
            }
            let mut more = schemas
                .get(*subtype)
                .map_or_else(BTreeSet::new, |s| reachable(s, schemas));
            more.insert((*subtype).clone());
            next.extend(more.difference(&sent).cloned().collect::<Vec<_>>());
            sent.extend(more);
        }
    }
    sent
}

impl Lowered {
    /// Skips the operations that need an invalid schema: one that no value can satisfy, or the placeholder for an
    /// unresolved reference.
    pub(super) fn skip_invalid(&mut self, document: &Value) {
        let schemas = self.document["components"]["schemas"].as_object();
        let unresolved = schemas.into_iter().flatten().filter_map(|(name, schema)| {
            let reference = schema.get(UNRESOLVED)?.as_str()?;
            Some((name.clone(), reference.to_owned()))
        });
        let faults = unresolved.map(|(name, reference)| {
            let at = Pointer::to("#/components/schemas").at(&name);
            (name, Located::new(&at, Fault::UnresolvableReference(reference)))
        });
        let mut faults: BTreeMap<_, _> = faults.collect();
        let invalid = composition::faults(document);
        self.invalid = invalid.values().cloned().collect();
        faults.extend(invalid);
        self.without(&faults);
    }

    /// Removes the given schemas, and skips the operations that refer to them.
    pub(crate) fn without(&mut self, faults: &BTreeMap<String, Located>) {
        if faults.is_empty() {
            return;
        }
        let Value::Object(schemas) = std::mem::take(&mut self.document["components"]["schemas"]) else {
            return;
        };
        let bad = |names: BTreeSet<String>| names.iter().find_map(|name| faults.get(name).cloned());
        let mut skipped = Vec::new();
        for operation in &self.operations {
            let method = operation.method.to_lowercase();
            let value = &self.document["paths"][&operation.template][&method];
            if let Some(reason) = bad(reachable(value, &schemas)) {
                skipped.push((operation.template.clone(), method, reason));
            }
        }
        self.skip(skipped);
        let good = schemas.clone().into_iter().filter(|(name, schema)| {
            !faults.contains_key(name) && bad(reachable(schema, &schemas)).is_none()
        });
        self.document["components"]["schemas"] = Value::Object(good.collect());
        let names = |secret: &Secret| {
            self.document["components"]["schemas"]
                .get(&secret.schema)
                .is_some()
        };
        let secrets = std::mem::take(&mut self.secrets);
        self.secrets = secrets.into_iter().filter(names).collect();
    }

    /// Removes operations, given by template and method.
    pub(crate) fn skip(&mut self, operations: Vec<(String, String, Located)>) {
        for (template, method, reason) in operations {
            if let Some(item) = self.document["paths"][&template].as_object_mut() {
                item.shift_remove(&method);
            }
            let is_this = |o: &Operation| o.template == template && o.method == method.to_uppercase();
            let Some(index) = self.operations.iter().position(is_this) else {
                continue;
            };
            let operation = self.operations.remove(index);
            self.skipped.push(Skipped {
                id: operation.id,
                method: operation.method,
                path: operation.path,
                reason,
            });
        }
    }
}
