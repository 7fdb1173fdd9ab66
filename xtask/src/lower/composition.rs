//! Finds schemas that no value can satisfy: they extend themselves, or their parts contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::error::{Contradiction, Fault, Located, Pointer};

/// Returns the faults of the named schemas.
pub(super) fn faults(document: &Value) -> BTreeMap<String, Located> {
    let at = Pointer::to("#/components/schemas");
    let Some(schemas) = document.pointer(at.as_str()).and_then(Value::as_object) else {
        return BTreeMap::new();
    };
    let composition = Composition { schemas, at };
    let faults = schemas.keys().filter_map(|name| {
        let fault = composition
            .cycle(name)
            .or_else(|| composition.contradiction(name))?;
        Some((name.clone(), fault))
    });
    faults.collect()
}

struct Composition<'a> {
    schemas: &'a Map<String, Value>,
    at: Pointer,
}

/// A property with its location and JSON type.
type Property<'a> = (Pointer, &'a str);

impl<'a> Composition<'a> {
    /// Returns a fault if a schema extends itself.
    fn cycle(&self, name: &str) -> Option<Located> {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = self.bases(name).collect();
        while let Some(base) = next.pop() {
            if base == name {
                let fault = Fault::Cycle(name.to_owned());
                return Some(Located::new(&self.at.at(name).at("allOf"), fault));
            }
            if seen.insert(base) {
                next.extend(self.bases(base));
            }
        }
        None
    }

    fn bases(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let parts = self
            .schemas
            .get(name)
            .and_then(|schema| schema.get("allOf")?.as_array());
        parts.into_iter().flatten().filter_map(target)
    }

    /// Returns a fault if two parts of a schema give a property different types.
    fn contradiction(&self, name: &str) -> Option<Located> {
        let schema = self.schemas.get(name)?;
        schema.get("allOf")?;
        let mut found = BTreeMap::new();
        self.collect(schema, &self.at.at(name), &mut found)
    }

    /// Collects the properties of a schema and its parts into `found`. Returns a fault at the first property whose type
    /// contradicts an earlier one.
    fn collect(
        &self,
        schema: &'a Value,
        at: &Pointer,
        found: &mut BTreeMap<&'a str, Property<'a>>,
    ) -> Option<Located> {
        let parts = schema.get("allOf").and_then(Value::as_array);
        for (index, part) in parts.into_iter().flatten().enumerate() {
            let fault = match target(part) {
                Some(base) => self.collect(self.schemas.get(base)?, &self.at.at(base), found),
                None => self.collect(part, &at.at("allOf").at(index), found),
            };
            if fault.is_some() {
                return fault;
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let Some(kind) = self.kind(property) else {
                continue;
            };
            let at = at.at("properties").at(name);
            if let Some((other, before)) = found.get(name.as_str())
                && value_type(before) != value_type(kind)
                && other.as_str() != at.as_str()
            {
                let fault = Contradiction {
                    property: name.clone(),
                    here: kind.to_owned(),
                    there: (*before).to_owned(),
                    other: other.as_str().to_owned(),
                };
                return Some(Located::new(&at, Fault::Contradiction(Box::new(fault))));
            }
            found.insert(name, (at, kind));
        }
        None
    }

    /// Returns the type of a property, if it has one.
    fn kind(&self, mut property: &'a Value) -> Option<&'a str> {
        for _ in 0..self.schemas.len() {
            match target(property).and_then(|name| self.schemas.get(name)) {
                Some(schema) => property = schema,
                None => break,
            }
        }
        match property.get("type")?.as_str()? {
            // In Azure's descriptions, an object without properties stands for any JSON value.
            "object" if property.get("properties").is_none() => None,
            other => Some(other),
        }
    }
}

/// Returns the type for comparison: `number` for `integer`, because every integer is a number.
fn value_type(kind: &str) -> &str {
    match kind {
        "integer" => "number",
        other => other,
    }
}

fn target(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}
