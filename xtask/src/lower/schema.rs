//! Lowers schemas to types that decode any response of the service.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::reach::UNRESOLVED;
use crate::names::{distinct, member_name, type_name};

/// The variant for values that the description does not list.
const UNKNOWN: &str = "UnknownValue";

/// Constraints that the generator must not see. The service enforces them; in generated code they would make decoding
/// fail, or select unwanted types (a set for `uniqueItems`, an unsigned integer for `minimum: 0`).
const DROPPED: [&str; 22] = [
    "title",
    "default",
    "example",
    "externalDocs",
    "xml",
    "readOnly",
    "writeOnly",
    "deprecated",
    "discriminator",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minProperties",
    "maxProperties",
];

/// Lowers a schema recursively. In a sent schema, members that only the service sets are not required.
pub(super) fn lower(schema: &Value, schemas: &Map<String, Value>, sent: bool) -> Value {
    let Some(map) = schema.as_object() else {
        return json!({});
    };
    if let Some(reference) = map.get("$ref") {
        return json!({ "$ref": reference });
    }
    let mut out = Map::new();
    let mut renamed = Vec::new();
    for (key, value) in map {
        if DROPPED.contains(&key.as_str()) || key.starts_with("x-") && key != UNRESOLVED {
            continue;
        }
        let value = match key.as_str() {
            "properties" => {
                let (properties, names) = properties(value, map, schemas, sent);
                renamed = names;
                properties
            }
            "required" if sent => required(value, map, schemas),
            "items" => lower(value, schemas, sent),
            "allOf" | "anyOf" | "oneOf" => {
                let parts = value.as_array().into_iter().flatten();
                Value::Array(parts.map(|part| lower(part, schemas, sent)).collect())
            }
            // Unknown properties are always accepted, and kept if the description declares them.
            "additionalProperties" => match value {
                Value::Bool(false) => continue,
                Value::Bool(true) => json!({}),
                value => lower(value, schemas, sent),
            },
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    if let Some(Value::Array(required)) = out.get_mut("required") {
        for name in required {
            let new = renamed.iter().find(|(wire, _)| *name == *wire);
            *name = new.map_or_else(|| name.clone(), |(_, new)| json!(new));
        }
    }
    formats(&mut out);
    enums(&mut out, map);
    if is_free_form(&out) {
        // For a bare `type: object`, the services accept and return any JSON value.
        out.shift_remove("type");
        out.shift_remove("nullable");
    }
    Value::Object(out)
}

/// Lowers properties. Returns them with the names of those that were renamed for the generator.
fn properties(
    value: &Value,
    schema: &Map<String, Value>,
    schemas: &Map<String, Value>,
    sent: bool,
) -> (Value, Vec<(String, String)>) {
    let required = schema.get("required").map(|names| match sent {
        true => required(names, schema, schemas),
        false => names.clone(),
    });
    let required: Vec<_> = required
        .iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let all = value.as_object();
    let members = all.into_iter().flatten().map(|(name, property)| {
        let preferred = property.get("x-ms-client-name").and_then(Value::as_str);
        (name.as_str(), preferred)
    });
    let names = distinct(members, &[], member_name);
    let mut out = Map::new();
    let mut renamed = Vec::new();
    for ((name, property), new) in all.into_iter().flatten().zip(names) {
        let mut property = lower(property, schemas, sent);
        // The generator omits empty optional arrays and maps; an `Option` distinguishes absent from empty.
        if !required.contains(&name.as_str()) && is_collection(&property) {
            property["nullable"] = json!(true);
        }
        if new != *name {
            renamed.push((name.clone(), new.clone()));
        }
        out.insert(new, property);
    }
    (Value::Object(out), renamed)
}

/// Returns the required names except those of members that only the service sets.
fn required(names: &Value, schema: &Map<String, Value>, schemas: &Map<String, Value>) -> Value {
    let is_read_only = |name: &Value| {
        let property = schema.get("properties")?.get(name.as_str()?)?;
        let target = property.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|r| schemas.get(r.strip_prefix("#/components/schemas/")?));
        target.unwrap_or(property).get("readOnly")?.as_bool()
    };
    let all = names.as_array().into_iter().flatten();
    Value::Array(
        all.filter(|name| is_read_only(name) != Some(true))
            .cloned()
            .collect(),
    )
}

fn is_collection(schema: &Value) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => true,
        Some("object") => schema.get("properties").is_none() && schema.get("additionalProperties").is_some(),
        _ => false,
    }
}

fn is_free_form(map: &Map<String, Value>) -> bool {
    let other_keywords = [
        "properties",
        "additionalProperties",
        "required",
        "allOf",
        "anyOf",
        "oneOf",
    ];
    map.get("type").and_then(Value::as_str) == Some("object")
        && !other_keywords.iter().any(|k| map.contains_key(*k))
}

/// Keeps only the formats that select a sized number or a date.
fn formats(map: &mut Map<String, Value>) {
    let schema_type = map.get("type").and_then(Value::as_str).unwrap_or_default();
    let known: &[&str] = match schema_type {
        "string" => &["date-time"],
        "integer" => &["int32", "int64"],
        "number" => &["float", "double"],
        _ => &[],
    };
    if map
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|f| !known.contains(&f))
    {
        map.shift_remove("format");
    }
}

/// Keeps string enums, except `["*"]` (the ETag wildcard); drops other enums, so that only their type remains.
fn enums(map: &mut Map<String, Value>, original: &Map<String, Value>) {
    let Some(Value::Array(values)) = map.get("enum") else {
        return;
    };
    let mut texts: Vec<&str> = Vec::new();
    for value in values.iter().filter_map(Value::as_str) {
        if !texts.contains(&value) {
            texts.push(value);
        }
    }
    let nullable = values.iter().any(Value::is_null);
    let is_string = !texts.is_empty()
        && map
            .get("type")
            .and_then(Value::as_str)
            .is_none_or(|t| t == "string");
    let kept = (is_string && texts != ["*"]).then(|| json!(variants(&texts, original)));
    if is_string {
        map.insert("type".into(), json!("string"));
    }
    match kept {
        Some(kept) => map.insert("enum".into(), kept),
        None => map.shift_remove("enum"),
    };
    if nullable {
        map.insert("nullable".into(), json!(true));
    }
}

/// Returns the enum values as the generator must see them: unchanged if one of the two spellings that it tries for all
/// values gives distinct variant names, otherwise with a distinct name for each; see [`crate::names`].
fn variants(values: &[&str], original: &Map<String, Value>) -> Vec<String> {
    let spelled = |value: &str| value.replace(|c: char| c == '_' || !c.is_alphanumeric(), "X");
    let are_distinct = |names: Vec<String>| {
        let different: BTreeSet<_> = names.iter().collect();
        different.len() == names.len() && !names.iter().any(|name| name == UNKNOWN)
    };
    if are_distinct(values.iter().map(|value| type_name(value)).collect())
        || are_distinct(values.iter().map(|value| type_name(&spelled(value))).collect())
    {
        return values.iter().map(|value| (*value).to_owned()).collect();
    }
    let published = original
        .get("x-ms-enum")
        .and_then(|e| e.get("values")?.as_array());
    let preferred = |value: &str| {
        let mut all = published.into_iter().flatten();
        let found = all.find(|v| v.get("value").and_then(Value::as_str) == Some(value))?;
        found.get("name")?.as_str()
    };
    let members = values.iter().map(|value| (*value, preferred(value)));
    distinct(members, &[UNKNOWN], type_name)
}
