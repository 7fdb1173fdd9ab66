//! Merges the parts of `allOf`, by which descriptions express inheritance.
//!
//! The generator's own merge drops members that it considers contradictory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::object;
use crate::error::{Located, Pointer};

/// The keywords of a schema that can be merged.
const MERGED: [&str; 16] = [
    "type",
    "properties",
    "required",
    "description",
    "title",
    "additionalProperties",
    "discriminator",
    "allOf",
    "nullable",
    "example",
    "externalDocs",
    "readOnly",
    "deprecated",
    "minProperties",
    "maxProperties",
    "xml",
];

/// Returns the named schemas with their inherited members. A type with subtypes keeps unknown members, because the
/// service may return a subtype in its place.
pub(super) fn flatten(document: &Value) -> Result<Map<String, Value>, Located> {
    let at = Pointer::to("#/components/schemas");
    let no_schemas = Map::new();
    let schemas = match document.pointer(at.as_str()) {
        Some(schemas) => object(schemas, &at)?,
        None => &no_schemas,
    };
    let open = open(schemas);
    let mut out = Map::new();
    for (name, schema) in schemas {
        let mut schema = match merged(schema, schemas, &mut vec![name]) {
            Some(merged) => Value::Object(merged),
            None => schema.clone(),
        };
        if open.contains(name.as_str())
            && let Some(schema) = schema.as_object_mut()
            && !schema.get("additionalProperties").is_some_and(Value::is_object)
            && schema.contains_key("properties")
        {
            schema.insert("additionalProperties".into(), json!({}));
        }
        out.insert(name.clone(), schema);
    }
    Ok(out)
}

/// Returns the types for which the service may return a subtype, as [`open`] does.
pub(super) fn open_in(document: &Value) -> BTreeSet<String> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let open = schemas.map(open).unwrap_or_default();
    open.into_iter().map(str::to_owned).collect()
}

/// Returns the types for which the service may return a subtype: types with a discriminator, and those of their
/// subtypes that have subtypes.
fn open(schemas: &Map<String, Value>) -> BTreeSet<&str> {
    let mut extended: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, schema) in schemas {
        for base in bases(schema) {
            extended.entry(base).or_default().push(name);
        }
    }
    let has_discriminator = |(_, schema): &(&String, &Value)| schema.get("discriminator").is_some();
    let roots = schemas.iter().filter(has_discriminator);
    let mut open: BTreeSet<&str> = roots.map(|(name, _)| name.as_str()).collect();
    let mut next: Vec<&str> = open.iter().copied().collect();
    while let Some(name) = next.pop() {
        for subtype in extended.get(name).into_iter().flatten() {
            if extended.contains_key(subtype) && open.insert(subtype) {
                next.push(subtype);
            }
        }
    }
    open
}

/// Returns the names of the schemas that a schema extends.
fn bases(schema: &Value) -> impl Iterator<Item = &str> {
    let parts = schema.get("allOf").and_then(Value::as_array);
    parts.into_iter().flatten().filter_map(base)
}

fn base(part: &Value) -> Option<&str> {
    part.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

/// Returns a schema merged with its parts; `None` if it has none, or one that is not an object with members.
fn merged<'a>(
    schema: &'a Value,
    schemas: &'a Map<String, Value>,
    path: &mut Vec<&'a str>,
) -> Option<Map<String, Value>> {
    let map = schema.as_object()?;
    let parts = map.get("allOf")?.as_array()?;
    // A single part only adds a description to a reference.
    if parts.len() < 2 && !map.contains_key("properties") {
        return None;
    }
    let mut out = Map::new();
    for part in parts {
        inherit(&members(part, schemas, path)?, &mut out);
    }
    if !is_object(map) {
        return None;
    }
    inherit(map, &mut out);
    for (key, value) in map {
        if !matches!(key.as_str(), "allOf" | "properties" | "required") {
            out.insert(key.clone(), value.clone());
        }
    }
    out.insert("type".into(), json!("object"));
    Some(out)
}

/// Returns the members of a part of `allOf`, with those that it inherits.
fn members<'a>(
    part: &'a Value,
    schemas: &'a Map<String, Value>,
    path: &mut Vec<&'a str>,
) -> Option<Map<String, Value>> {
    if let Some(name) = base(part) {
        if path.contains(&name) {
            return None;
        }
        path.push(name);
        let members = members(schemas.get(name)?, schemas, path);
        path.pop();
        return members;
    }
    let map = part.as_object()?;
    let mut out = Map::new();
    for part in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        inherit(&members(part, schemas, path)?, &mut out);
    }
    if !is_object(map) {
        return None;
    }
    inherit(map, &mut out);
    Some(out)
}

fn is_object(map: &Map<String, Value>) -> bool {
    let type_name = map.get("type").and_then(Value::as_str);
    let known = |key: &String| key.starts_with("x-") || MERGED.contains(&key.as_str());
    type_name.is_none_or(|name| name == "object") && map.keys().all(known)
}

/// Adds properties, required names and additional properties. A property declared again replaces the inherited one.
fn inherit(from: &Map<String, Value>, to: &mut Map<String, Value>) {
    for (name, property) in from
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let properties = to.entry("properties").or_insert_with(|| json!({}));
        properties[name] = property.clone();
    }
    for name in from
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let required = to.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut()
            && !required.contains(name)
        {
            required.push(name.clone());
        }
    }
    if let Some(value) = from.get("additionalProperties") {
        to.insert("additionalProperties".into(), value.clone());
    }
}
