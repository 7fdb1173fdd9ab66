//! Lowers schemas to types that decode any response of the service.

use serde_json::{Map, Value, json};

/// The service enforces constraints. Generated, they would make decoding fail, or select unwanted types (a set for
/// `uniqueItems`, an unsigned integer for `minimum: 0`).
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

/// Lowers a schema recursively.
pub(super) fn lower(schema: &Value) -> Value {
    let Some(map) = schema.as_object() else {
        return json!({});
    };
    if let Some(reference) = map.get("$ref") {
        return json!({ "$ref": reference });
    }
    let mut out = Map::new();
    for (key, value) in map {
        if DROPPED.contains(&key.as_str()) || key.starts_with("x-") {
            continue;
        }
        let value = match key.as_str() {
            "properties" => properties(value, map),
            "items" => lower(value),
            "allOf" | "anyOf" | "oneOf" => {
                Value::Array(value.as_array().into_iter().flatten().map(lower).collect())
            }
            // Unknown properties are always accepted, and kept if the description declares them.
            "additionalProperties" => match value {
                Value::Bool(false) => continue,
                Value::Bool(true) => json!({}),
                value => lower(value),
            },
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    formats(&mut out);
    enums(&mut out);
    if is_free_form(&out) {
        // For a bare `type: object`, the services accept and return any JSON value.
        out.shift_remove("type");
        out.shift_remove("nullable");
    }
    Value::Object(out)
}

fn properties(value: &Value, schema: &Map<String, Value>) -> Value {
    let required: Vec<_> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut out = Map::new();
    for (name, property) in value.as_object().into_iter().flatten() {
        let mut property = lower(property);
        // The generator omits empty optional arrays and maps; an `Option` distinguishes absent from empty.
        if !required.contains(&name.as_str()) && is_collection(&property) {
            property["nullable"] = json!(true);
        }
        out.insert(name.clone(), property);
    }
    Value::Object(out)
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
fn enums(map: &mut Map<String, Value>) {
    let Some(Value::Array(values)) = map.get("enum") else {
        return;
    };
    let mut names: Vec<Value> = Vec::new();
    for value in values.iter().filter(|v| v.is_string()) {
        if !names.contains(value) {
            names.push(value.clone());
        }
    }
    let nullable = values.iter().any(Value::is_null);
    let is_string = !names.is_empty()
        && map
            .get("type")
            .and_then(Value::as_str)
            .is_none_or(|t| t == "string");
    if is_string {
        map.insert("type".into(), json!("string"));
    }
    if is_string && names != [json!("*")] {
        map.insert("enum".into(), Value::Array(names));
    } else {
        map.shift_remove("enum");
    }
    if nullable {
        map.insert("nullable".into(), json!(true));
    }
}
