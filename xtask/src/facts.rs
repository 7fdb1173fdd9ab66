//! The facts of an API description, independent of human-readable text, order and notation.

mod listing;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::{METHODS, deref, elements, entries, object, string, version};
use crate::error::{Located, Pointer};
use crate::texts;

/// The facts of one description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The api-version.
    pub version: String,
    /// The operations, by method and path.
    pub operations: BTreeMap<String, Operation>,
    /// The named schemas.
    pub types: BTreeMap<String, SchemaFacts>,
}

/// The facts of one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// The operation id.
    pub id: String,
    /// The parameters, by location and name, without `api-version`.
    pub parameters: BTreeMap<String, Member>,
    /// The request body, if any: its schemas by content type, and whether it is required.
    pub body: Option<(BTreeMap<String, SchemaFacts>, bool)>,
    /// The responses, by status code.
    pub responses: BTreeMap<String, Response>,
    /// The `x-ms-…` extensions, such as paging and long-running.
    pub extensions: BTreeMap<String, String>,
}

/// The facts of one response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The body schemas, by content type.
    pub content: BTreeMap<String, SchemaFacts>,
    /// The headers, by lowercase name.
    pub headers: BTreeMap<String, SchemaFacts>,
}

/// A parameter or property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its schema.
    pub schema: SchemaFacts,
    /// Whether it is required.
    pub required: bool,
}

/// The facts of one schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaFacts {
    /// The type: `string(date-time)`, `array`, or the name of a referenced schema.
    pub type_name: String,
    /// Constraints, default and extensions.
    pub constraints: BTreeMap<String, String>,
    /// The enum values.
    pub enum_values: BTreeSet<String>,
    /// The properties of an object.
    pub properties: BTreeMap<String, Member>,
    /// The schemas of array items, map values and composed types.
    pub parts: Vec<(String, SchemaFacts)>,
    /// The named schemas that this one references.
    pub references: BTreeSet<String>,
}

impl Facts {
    /// Collects the facts of a checked OpenAPI 3.0 document.
    ///
    /// # Errors
    /// A fault with its location; a checked document has none.
    pub fn of(document: &Value) -> Result<Self, Located> {
        let root = Pointer::root();
        let map = object(document, &root)?;
        let mut operations = BTreeMap::new();
        for (at, path, item) in entries(map, "paths", &root)? {
            let item = object(item, &at)?;
            for method in METHODS {
                if let Some(value) = item.get(method) {
                    let operation = operation(document, item, value, &at.at(method))?;
                    operations.insert(format!("{} {path}", method.to_uppercase()), operation);
                }
            }
        }
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
        let types = schemas
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), schema_facts(schema)));
        Ok(Self {
            version: version(document).to_owned(),
            operations,
            types: types.collect(),
        })
    }

    /// Returns the types that requests reference and those that responses reference, transitively.
    pub fn sent_and_received(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let requests = self
            .operations
            .values()
            .flat_map(|o| o.body.iter().flat_map(|(content, _)| content.values()));
        let responses = self
            .operations
            .values()
            .flat_map(|o| o.responses.values())
            .flat_map(|r| r.content.values());
        (self.reachable(requests), self.reachable(responses))
    }

    fn reachable<'a>(&'a self, from: impl Iterator<Item = &'a SchemaFacts>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&String> = from.flat_map(|schema| &schema.references).collect();
        while let Some(name) = next.pop() {
            if found.insert(name.clone())
                && let Some(schema) = self.types.get(name)
            {
                next.extend(&schema.references);
            }
        }
        found
    }
}

fn operation(
    document: &Value,
    item: &Map<String, Value>,
    value: &Value,
    at: &Pointer,
) -> Result<Operation, Located> {
    let map = object(value, at)?;
    let mut out = Operation {
        id: string(map, "operationId", at)?.to_owned(),
        ..Operation::default()
    };
    for (at, parameter) in
        elements(item, "parameters", at)?
            .into_iter()
            .chain(elements(map, "parameters", at)?)
    {
        let parameter = object(deref(document, parameter, &at)?, &at)?;
        let (location, name) = (string(parameter, "in", &at)?, string(parameter, "name", &at)?);
        if name == "api-version" {
            continue;
        }
        let mut schema = schema_facts(parameter.get("schema").unwrap_or(&Value::Null));
        for key in ["style", "explode"] {
            if schema.type_name == "array"
                && let Some(value) = parameter.get(key)
            {
                schema.constraints.insert(key.to_owned(), value.to_string());
            }
        }
        let required = parameter.get("required").and_then(Value::as_bool) == Some(true);
        // Header names are case-insensitive.
        let name = if location == "header" {
            name.to_lowercase()
        } else {
            name.to_owned()
        };
        out.parameters
            .insert(format!("{location} {name}"), Member { schema, required });
    }
    if let Some(body) = map.get("requestBody") {
        let body = object(deref(document, body, at)?, at)?;
        let required = body.get("required").and_then(Value::as_bool) == Some(true);
        out.body = Some((content(body, at)?, required));
    }
    for (at, code, response) in entries(map, "responses", at)? {
        let response = object(deref(document, response, &at)?, &at)?;
        let mut headers = BTreeMap::new();
        for (_, name, header) in entries(response, "headers", &at)? {
            headers.insert(
                name.to_lowercase(),
                schema_facts(header.get("schema").unwrap_or(&Value::Null)),
            );
        }
        out.responses.insert(
            code.to_owned(),
            Response {
                content: content(response, &at)?,
                headers,
            },
        );
    }
    for (key, value) in map
        .iter()
        .filter(|(k, _)| k.starts_with("x-ms-") && *k != "x-ms-examples")
    {
        out.extensions.insert(key.clone(), value.to_string());
    }
    Ok(out)
}

fn content(holder: &Map<String, Value>, at: &Pointer) -> Result<BTreeMap<String, SchemaFacts>, Located> {
    let all = entries(holder, "content", at)?;
    Ok(all
        .into_iter()
        .map(|(_, media, value)| {
            (
                media.to_owned(),
                schema_facts(value.get("schema").unwrap_or(&Value::Null)),
            )
        })
        .collect())
}

fn schema_facts(value: &Value) -> SchemaFacts {
    let Some(map) = value.as_object() else {
        return SchemaFacts {
            type_name: "any".into(),
            ..SchemaFacts::default()
        };
    };
    if let Some(name) = map
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| r.rsplit('/').next())
    {
        return SchemaFacts {
            type_name: name.to_owned(),
            references: [name.to_owned()].into(),
            ..SchemaFacts::default()
        };
    }
    let list = |key: &str| {
        map.get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let all_of = list("allOf");
    // An `allOf` with one element adds a description to a reference.
    let mut out = match all_of.as_slice() {
        [one] if !map.contains_key("properties") && !map.contains_key("type") => schema_facts(one),
        _ => composed(map),
    };
    for (key, value) in map {
        let is_constraint = matches!(
            key.as_str(),
            "nullable" | "default" | "pattern" | "readOnly" | "uniqueItems" | "discriminator" | "multipleOf"
        ) || key.starts_with("min")
            || key.starts_with("max")
            || key.starts_with("exclusive")
            || key.starts_with("x-");
        if is_constraint && *value != Value::Bool(false) {
            let mut value = value.clone();
            texts::remove(&mut value);
            out.constraints.insert(key.clone(), value.to_string());
        }
    }
    for value in list("enum") {
        out.enum_values
            .insert(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    out
}

fn composed(map: &Map<String, Value>) -> SchemaFacts {
    let mut out = SchemaFacts::default();
    let format = map.get("format").and_then(Value::as_str);
    let has = |key: &str| map.contains_key(key);
    let base = match map.get("type").and_then(Value::as_str) {
        Some(name) => name,
        None if has("properties") => "object",
        None if has("allOf") || has("oneOf") || has("anyOf") => "composed",
        None => "any",
    };
    out.type_name = format.map_or_else(|| base.to_owned(), |format| format!("{base}({format})"));
    let required: BTreeSet<_> = map
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, value) in map
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let member = Member {
            schema: schema_facts(value),
            required: required.contains(name.as_str()),
        };
        out.references.extend(member.schema.references.iter().cloned());
        out.properties.insert(name.clone(), member);
    }
    for key in ["items", "additionalProperties"] {
        match map.get(key) {
            Some(Value::Object(_)) => out.parts.push((key.to_owned(), schema_facts(&map[key]))),
            Some(Value::Bool(false)) => {
                out.constraints.insert(key.to_owned(), "false".to_owned());
            }
            _ => {}
        }
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        for (index, part) in map
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            out.parts
                .push((format!("{key} {}", index + 1), schema_facts(part)));
        }
    }
    let references: Vec<_> = out
        .parts
        .iter()
        .flat_map(|(_, schema)| schema.references.iter().cloned())
        .collect();
    out.references.extend(references);
    out
}
