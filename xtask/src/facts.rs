//! What an API description states, without its words, its order and its ways of writing the same thing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::{METHODS, deref, elements, entries, object, version};
use crate::error::{Located, Pointer};

/// The facts of one description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The api-version.
    pub version: String,
    /// By method and path.
    pub operations: BTreeMap<String, Operation>,
    /// The named schemas.
    pub types: BTreeMap<String, Shape>,
}

/// The facts of one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// The operation id.
    pub id: String,
    /// By place and name, without the api-version.
    pub parameters: BTreeMap<String, Member>,
    /// The request body, if there is one: by content type.
    pub body: Option<(BTreeMap<String, Shape>, bool)>,
    /// By status code.
    pub responses: BTreeMap<String, Response>,
    /// Paging and long-running, as the description marks them.
    pub marks: BTreeMap<String, String>,
}

/// The facts of one response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// By content type.
    pub content: BTreeMap<String, Shape>,
    /// By name, in lower case.
    pub headers: BTreeMap<String, Shape>,
}

/// A parameter or property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its type.
    pub shape: Shape,
    /// Whether it must be given.
    pub required: bool,
}

/// The facts of one schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Its type in a few words: `string(date-time)`, a type's name, `array`.
    pub kind: String,
    /// Constraints, defaults and the like.
    pub limits: BTreeMap<String, String>,
    /// The listed values.
    pub values: BTreeSet<String>,
    /// The members of an object.
    pub properties: BTreeMap<String, Member>,
    /// What an array or map holds, and the parts of a composed type.
    pub inner: Vec<(String, Shape)>,
    /// The named types this one mentions.
    pub mentions: BTreeSet<String>,
}

impl Facts {
    /// Collects the facts of a checked OpenAPI 3.0 document.
    ///
    /// # Errors
    /// A fault with its place; none is expected in a checked document.
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
            .map(|(name, schema)| (name.clone(), shape(schema)));
        Ok(Self {
            version: version(document).to_owned(),
            operations,
            types: types.collect(),
        })
    }

    /// The types that requests carry, and those that answers carry, over any number of steps.
    pub fn used(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let requests = self
            .operations
            .values()
            .flat_map(|o| o.body.iter().flat_map(|(content, _)| content.values()));
        let answers = self
            .operations
            .values()
            .flat_map(|o| o.responses.values())
            .flat_map(|r| r.content.values());
        (self.reachable(requests), self.reachable(answers))
    }

    fn reachable<'a>(&'a self, from: impl Iterator<Item = &'a Shape>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&String> = from.flat_map(|shape| &shape.mentions).collect();
        while let Some(name) = next.pop() {
            if found.insert(name.clone())
                && let Some(shape) = self.types.get(name)
            {
                next.extend(&shape.mentions);
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
    let text = |map: &Map<String, Value>, key: &str| -> String {
        map.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut out = Operation {
        id: text(map, "operationId"),
        ..Operation::default()
    };
    for (at, parameter) in
        elements(item, "parameters", at)?
            .into_iter()
            .chain(elements(map, "parameters", at)?)
    {
        let parameter = object(deref(document, parameter, &at)?, &at)?;
        let (place, name) = (text(parameter, "in"), text(parameter, "name"));
        if name == "api-version" {
            continue;
        }
        let mut shape = shape(parameter.get("schema").unwrap_or(&Value::Null));
        for key in ["style", "explode"] {
            if shape.kind == "array"
                && let Some(value) = parameter.get(key)
            {
                shape.limits.insert(key.to_owned(), value.to_string());
            }
        }
        let required = parameter.get("required").and_then(Value::as_bool) == Some(true);
        // Header names do not distinguish cases.
        let name = if place == "header" {
            name.to_lowercase()
        } else {
            name
        };
        out.parameters
            .insert(format!("{place} {name}"), Member { shape, required });
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
                shape(header.get("schema").unwrap_or(&Value::Null)),
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
        out.marks.insert(key.clone(), value.to_string());
    }
    Ok(out)
}

fn content(holder: &Map<String, Value>, at: &Pointer) -> Result<BTreeMap<String, Shape>, Located> {
    let all = entries(holder, "content", at)?;
    Ok(all
        .into_iter()
        .map(|(_, media, value)| {
            (
                media.to_owned(),
                shape(value.get("schema").unwrap_or(&Value::Null)),
            )
        })
        .collect())
}

fn shape(value: &Value) -> Shape {
    let Some(map) = value.as_object() else {
        return Shape {
            kind: "any".into(),
            ..Shape::default()
        };
    };
    if let Some(name) = map
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| r.rsplit('/').next())
    {
        return Shape {
            kind: name.to_owned(),
            mentions: [name.to_owned()].into(),
            ..Shape::default()
        };
    }
    let parts = |key: &str| {
        map.get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let all_of = parts("allOf");
    // An `allOf` of one is a way to put words beside a reference.
    let mut out = match all_of.as_slice() {
        [one] if !map.contains_key("properties") && !map.contains_key("type") => shape(one),
        _ => composed(map),
    };
    for (key, value) in map {
        let is_limit = matches!(
            key.as_str(),
            "nullable" | "default" | "pattern" | "readOnly" | "uniqueItems" | "discriminator" | "multipleOf"
        ) || key.starts_with("min")
            || key.starts_with("max")
            || key.starts_with("exclusive")
            || key.starts_with("x-");
        if is_limit && *value != Value::Bool(false) {
            out.limits.insert(key.clone(), value.to_string());
        }
    }
    for value in parts("enum") {
        out.values
            .insert(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    out
}

fn composed(map: &Map<String, Value>) -> Shape {
    let mut out = Shape::default();
    let format = map.get("format").and_then(Value::as_str);
    let has = |key: &str| map.contains_key(key);
    let kind = match map.get("type").and_then(Value::as_str) {
        Some(kind) => kind,
        None if has("properties") => "object",
        None if has("allOf") || has("oneOf") || has("anyOf") => "composed",
        None => "any",
    };
    out.kind = format.map_or_else(|| kind.to_owned(), |format| format!("{kind}({format})"));
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
            shape: shape(value),
            required: required.contains(name.as_str()),
        };
        out.mentions.extend(member.shape.mentions.iter().cloned());
        out.properties.insert(name.clone(), member);
    }
    for key in ["items", "additionalProperties"] {
        match map.get(key) {
            Some(Value::Object(_)) => out.inner.push((key.to_owned(), shape(&map[key]))),
            Some(Value::Bool(false)) => {
                out.limits.insert(key.to_owned(), "false".to_owned());
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
            out.inner.push((format!("{key} {}", index + 1), shape(part)));
        }
    }
    let inner: Vec<_> = out
        .inner
        .iter()
        .flat_map(|(_, shape)| shape.mentions.iter().cloned())
        .collect();
    out.mentions.extend(inner);
    out
}
