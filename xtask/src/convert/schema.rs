//! Converts schemas, and the schema keywords of parameters and headers.

use serde_json::{Map, Value, json};

use crate::document::object;
use crate::error::{Fault, Located, Pointer, unsupported};

/// The schema keywords of a Swagger 2.0 parameter or header.
const PARAMETER_SCHEMA: [&str; 16] = [
    "type",
    "format",
    "enum",
    "default",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// The sections of named components in Swagger 2.0 and in OpenAPI 3.0.
pub(super) const SECTIONS: [(&str, &str); 3] = [
    ("#/definitions/", "#/components/schemas/"),
    ("#/parameters/", "#/components/parameters/"),
    ("#/responses/", "#/components/responses/"),
];

/// Copies the description, if any.
pub(super) fn description(from: &Map<String, Value>, to: &mut Map<String, Value>) {
    if let Some(text) = from.get("description") {
        to.insert("description".into(), text.clone());
    }
}

/// Converts a Swagger 2.0 reference to OpenAPI 3.0.
pub(super) fn local_reference(reference: &Value, at: &Pointer) -> Result<String, Located> {
    let at = at.at("$ref");
    let reference = reference
        .as_str()
        .ok_or_else(|| Located::new(&at, Fault::Expected("a string")))?;
    for (old, new) in SECTIONS {
        if let Some(name) = reference.strip_prefix(old) {
            return Ok(format!("{new}{name}"));
        }
    }
    Err(Located::new(
        &at,
        Fault::UnresolvableReference(reference.to_owned()),
    ))
}

pub(super) fn schema(value: &Value, at: &Pointer) -> Result<Value, Located> {
    let map = object(value, at)?;
    if let Some(reference) = map.get("$ref") {
        let target = json!({ "$ref": local_reference(reference, at)? });
        let mut siblings = Map::new();
        for (key, value) in map.iter().filter(|(k, _)| *k != "$ref") {
            keyword(key, value, &mut siblings, at)?;
        }
        if siblings.is_empty() {
            return Ok(target);
        }
        // OpenAPI 3.0 ignores siblings of a `$ref`; an `allOf` with one element keeps them.
        let mut out = Map::new();
        if let Some(text) = siblings.shift_remove("description") {
            out.insert("description".into(), text);
        }
        out.insert("allOf".into(), json!([target]));
        out.extend(siblings);
        return Ok(Value::Object(out));
    }
    let mut out = Map::new();
    for (key, value) in map {
        keyword(key, value, &mut out, at)?;
    }
    if out.get("type").and_then(Value::as_str) == Some("file") {
        return Err(unsupported(
            &at.at("type"),
            "type `file` in a schema",
            "it is allowed only for a form field or a whole response",
        ));
    }
    Ok(Value::Object(out))
}

fn keyword(key: &str, value: &Value, out: &mut Map<String, Value>, at: &Pointer) -> Result<(), Located> {
    let at = at.at(key);
    let converted = match key {
        // A title would become the name of a Rust type, so it is used only in place of a missing description.
        "title" | "summary" => {
            if !out.contains_key("description") {
                out.insert("description".into(), value.clone());
            }
            return Ok(());
        }
        "collectionFormat" | "example" => return Ok(()),
        "x-nullable" => {
            out.insert("nullable".into(), value.clone());
            return Ok(());
        }
        "discriminator" if value.is_string() => json!({ "propertyName": value }),
        "properties" => {
            let mut properties = Map::new();
            for (name, property) in object(value, &at)? {
                properties.insert(name.clone(), schema(property, &at.at(name))?);
            }
            Value::Object(properties)
        }
        "items" | "not" => schema(value, &at)?,
        "additionalProperties" if value.is_object() => schema(value, &at)?,
        "allOf" | "anyOf" | "oneOf" => {
            let list = value
                .as_array()
                .ok_or_else(|| Located::new(&at, Fault::Expected("an array")))?;
            list.iter()
                .enumerate()
                .map(|(i, v)| schema(v, &at.at(i)))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array)?
        }
        "type" if value.is_array() => {
            return Err(unsupported(
                &at,
                "list of types",
                "name one type, and set `x-nullable` for null",
            ));
        }
        _ => value.clone(),
    };
    out.insert(key.to_owned(), converted);
    Ok(())
}

/// Rejects unknown keywords, which would be dropped silently. Extensions are allowed.
pub(crate) fn only(
    map: &Map<String, Value>,
    mut known: impl FnMut(&str) -> bool,
    at: &Pointer,
) -> Result<(), Located> {
    match map.keys().find(|key| !key.starts_with("x-") && !known(key)) {
        Some(key) => Err(unsupported(
            &at.at(key),
            format!("keyword `{key}` in this position"),
            "it would be dropped silently, so remove it or add support for it",
        )),
        None => Ok(()),
    }
}

/// Converts the schema of a parameter, header or form field, which Swagger 2.0 mixes with its other keywords. The caller
/// handles `other_keywords`.
pub(super) fn parameter_schema(
    map: &Map<String, Value>,
    other_keywords: &[&str],
    at: &Pointer,
) -> Result<Map<String, Value>, Located> {
    only(
        map,
        |key| PARAMETER_SCHEMA.contains(&key) || other_keywords.contains(&key),
        at,
    )?;
    let mut out = Map::new();
    if map.get("type").and_then(Value::as_str) == Some("file") {
        out.insert("type".into(), json!("string"));
        out.insert("format".into(), json!("binary"));
        return Ok(out);
    }
    if !map.contains_key("type") {
        return Err(Located::new(at, Fault::Missing("type")));
    }
    for key in PARAMETER_SCHEMA {
        if let Some(value) = map.get(key) {
            keyword(key, value, &mut out, at)?;
        }
    }
    if map.get("x-nullable").and_then(Value::as_bool) == Some(true) {
        out.insert("nullable".into(), json!(true));
    }
    Ok(out)
}
