//! Names inline schemas whose generated type would have the name of another type.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::names::type_name;

/// Makes inline schemas named schemas if the names that the generator would give their types are in use.
pub(super) fn hoist(schemas: &mut Map<String, Value>, types: &mut BTreeSet<String>) {
    let names: Vec<_> = schemas.keys().cloned().collect();
    for name in names {
        if let Some(mut schema) = schemas.get(&name).cloned() {
            let mut hoisted = Vec::new();
            members(&mut schema, &name, types, &mut hoisted);
            schemas[&name] = schema;
            schemas.extend(hoisted);
        }
    }
}

/// Returns `name`, or `name` with a number, that is not in `types` yet, and adds it.
pub(super) fn free(name: &str, types: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
    let free = candidates.find(|candidate| types.insert(type_name(candidate)));
    free.unwrap_or_else(|| name.to_owned())
}

/// Hoists the inline schemas below a schema: its properties, array items and map values. `name` is the name that the
/// generator gives the schema.
fn members(schema: &mut Value, name: &str, types: &mut BTreeSet<String>, hoisted: &mut Vec<(String, Value)>) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        for (key, property) in properties.iter_mut() {
            member(property, &format!("{name}-{key}"), types, hoisted);
        }
    }
    for (key, suffix) in [("items", "item"), ("additionalProperties", "value")] {
        if let Some(part) = map.get_mut(key) {
            member(part, &format!("{name}-{suffix}"), types, hoisted);
        }
    }
}

fn member(schema: &mut Value, name: &str, types: &mut BTreeSet<String>, hoisted: &mut Vec<(String, Value)>) {
    if !is_type(schema) || types.insert(type_name(name)) {
        members(schema, name, types, hoisted);
        return;
    }
    let published = schema
        .get("x-ms-enum")
        .and_then(|e| e.get("name"))
        .and_then(Value::as_str);
    let new = free(published.unwrap_or(&type_name(name)), types);
    let reference = json!({ "$ref": format!("#/components/schemas/{new}") });
    let nullable = schema.get("nullable").cloned();
    let read_only = schema.get("readOnly").cloned();
    let mut component = std::mem::replace(schema, reference.clone());
    if let Some(component) = component.as_object_mut() {
        component.shift_remove("nullable");
        component.shift_remove("readOnly");
    }
    if nullable.is_some() || read_only.is_some() {
        *schema = json!({ "allOf": [reference] });
        for (key, value) in [("nullable", nullable), ("readOnly", read_only)] {
            if let Some(value) = value {
                schema[key] = value;
            }
        }
    }
    members(&mut component, &new, types, hoisted);
    hoisted.push((new, component));
}

/// Returns whether the generator creates a type, an enum or a struct, for an inline schema.
fn is_type(schema: &Value) -> bool {
    let has = |key: &str| schema.get(key).is_some();
    let is_string = schema
        .get("type")
        .and_then(Value::as_str)
        .is_none_or(|t| t == "string");
    let texts = schema.get("enum").and_then(Value::as_array);
    let is_enum = texts.is_some_and(|values| values.iter().any(Value::is_string));
    has("properties") || has("oneOf") || has("anyOf") || is_enum && is_string
}

/// Names the lowered schema of a body: it becomes a named schema if the name that the generator would give it is in use.
pub(super) fn name(
    schema: Value,
    name: &str,
    schemas: &mut Map<String, Value>,
    types: &mut BTreeSet<String>,
) -> Value {
    if schema.get("$ref").is_some() || !is_type(&schema) || types.insert(type_name(name)) {
        return schema;
    }
    let new = free(&type_name(name), types);
    let reference = json!({ "$ref": format!("#/components/schemas/{new}") });
    schemas.insert(new, schema);
    reference
}
