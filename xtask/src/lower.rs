//! Reduces an API description to what the code generator supports.
//!
//! The rules apply to every service. Removed facts are either useless to a client (constraints that the service enforces,
//! and that would make decoding fail) or kept in the operations table (status codes, content types, paging).

mod responses;
mod schema;

use serde_json::{Map, Value, json};

use crate::document::{GENERATED_METHODS, deref, deref_at, elements, entries, object, text};
use crate::error::{Located, Pointer, unsupported};

/// A lowered description and the metadata of its operations.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// The input of the code generator.
    pub document: Value,
    /// The operations, in the order in which the code generator emits them.
    pub operations: Vec<Operation>,
    /// The members that `Debug` must not show.
    pub secrets: Vec<Secret>,
}

/// A member of a schema that is marked as a secret (`x-ms-secret`).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Secret {
    /// The schema's name.
    pub schema: String,
    /// The member's name.
    pub property: String,
}

/// Metadata of an operation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Operation {
    /// The operation id.
    pub id: String,
    /// The HTTP method, in uppercase.
    pub method: String,
    /// The path, with placeholders.
    pub path: String,
    /// The status codes that mean success.
    pub success: Vec<u16>,
    /// The content type of the request body.
    pub content_type: Option<String>,
    /// Whether the request can be repeated without changing its effect.
    pub idempotent: bool,
    /// How to request the next page.
    pub paging: Paging,
}

/// How to request the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Paging {
    /// The result is not paged.
    None,
    /// By a link in the response body.
    NextLink,
    /// By a token in the response body.
    BodyToken,
    /// By a token in a response header.
    HeaderToken,
}

/// Lowers a checked document.
///
/// # Errors
/// An unsupported construct, with its location in the document.
pub fn lower(document: &Value) -> Result<Lowered, Located> {
    let root = Pointer::root();
    let map = object(document, &root)?;
    let mut lowering = Lowering {
        document,
        schemas: Map::new(),
    };

    let components = map
        .get("components")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let at = root.at("components");
    for (_, name, value) in entries(&components, "schemas", &at)? {
        lowering.schemas.insert(name.to_owned(), schema::lower(value));
    }
    let secrets = secrets(&components);
    let mut parameters = Map::new();
    for (at, name, value) in entries(&components, "parameters", &at)? {
        if let Some(parameter) = lowering.parameter(value, &at)? {
            parameters.insert(name.to_owned(), parameter);
        }
    }
    let mut paths = Map::new();
    let mut operations = Vec::new();
    for (at, path, item) in entries(map, "paths", &root)? {
        let item = object(item, &at)?;
        let mut out = Map::new();
        let shared = lowering.parameters(item, &at)?;
        if !shared.is_empty() {
            out.insert("parameters".into(), Value::Array(shared));
        }
        for method in GENERATED_METHODS {
            if let Some(value) = item.get(method) {
                let (value, operation) = lowering.operation(method, path, value, &at.at(method))?;
                out.insert(method.into(), value);
                operations.push(operation);
            }
        }
        paths.insert(path.to_owned(), Value::Object(out));
    }
    let document = json!({
        "openapi": map.get("openapi"),
        "info": map.get("info"),
        "paths": paths,
        "components": { "schemas": lowering.schemas, "parameters": parameters },
    });
    Ok(Lowered {
        document,
        operations,
        secrets,
    })
}

/// Returns the secrets of each schema, including those inherited through `allOf`.
fn secrets(components: &Map<String, Value>) -> Vec<Secret> {
    let schemas = components.get("schemas").and_then(Value::as_object);
    let mut secrets = Vec::new();
    for (name, _) in schemas.into_iter().flatten() {
        let mut seen = vec![name.as_str()];
        let mut next = 0;
        while let Some(schema) = seen.get(next).and_then(|name| schemas?.get(*name)) {
            next += 1;
            let parts = schema.get("allOf").and_then(Value::as_array);
            for part in std::iter::once(schema).chain(parts.into_iter().flatten()) {
                let base = part
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|r| r.rsplit('/').next());
                seen.extend(base.filter(|base| !seen.contains(base)));
                for (property, value) in part
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    if value.get("x-ms-secret").and_then(Value::as_bool) == Some(true) {
                        secrets.push(Secret {
                            schema: name.clone(),
                            property: property.clone(),
                        });
                    }
                }
            }
        }
    }
    secrets
}

struct Lowering<'a> {
    document: &'a Value,
    schemas: Map<String, Value>,
}

impl Lowering<'_> {
    fn parameters(&self, holder: &Map<String, Value>, at: &Pointer) -> Result<Vec<Value>, Located> {
        let mut out = Vec::new();
        for (at, value) in elements(holder, "parameters", at)? {
            if let Some(parameter) = self.parameter(value, &at)? {
                out.push(parameter);
            }
        }
        Ok(out)
    }

    /// Lowers a parameter. `None` for `api-version`, which `TypedRequest` adds to every request.
    fn parameter(&self, value: &Value, at: &Pointer) -> Result<Option<Value>, Located> {
        let target = object(deref(self.document, value, at)?, at)?;
        let (name, location) = (text(target, "name", at)?, text(target, "in", at)?);
        if (name, location) == ("api-version", "query") {
            return Ok(None);
        }
        if value.get("$ref").is_some() {
            return Ok(Some(value.clone()));
        }
        let mut out = Map::new();
        for key in ["name", "in", "description", "required"] {
            if let Some(value) = target.get(key) {
                out.insert(key.into(), value.clone());
            }
        }
        let mut lowered = schema::lower(target.get("schema").unwrap_or(&Value::Null));
        if lowered.get("type").and_then(Value::as_str) == Some("array") {
            let style = target.get("style").and_then(Value::as_str).unwrap_or("form");
            let explode = target
                .get("explode")
                .and_then(Value::as_bool)
                .unwrap_or(style == "form");
            if !(location == "query" && explode) {
                let separator = match style {
                    "pipeDelimited" => "vertical bars",
                    "spaceDelimited" => "spaces",
                    _ => "commas",
                };
                lowered = json!({ "type": "string" });
                let original = target
                    .get("description")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let description = format!("{original} Several values are separated by {separator}.");
                out.insert("description".into(), json!(description.trim_start()));
            }
        }
        out.insert("schema".into(), lowered);
        Ok(Some(Value::Object(out)))
    }

    fn operation(
        &mut self,
        method: &str,
        path: &str,
        value: &Value,
        at: &Pointer,
    ) -> Result<(Value, Operation), Located> {
        let map = object(value, at)?;
        let id = text(map, "operationId", at)?.to_owned();
        let mut out = Map::new();
        for key in ["summary", "description", "operationId", "deprecated"] {
            if let Some(value) = map.get(key) {
                out.insert(key.into(), value.clone());
            }
        }
        let parameters = self.parameters(map, at)?;
        if !parameters.is_empty() {
            out.insert("parameters".into(), Value::Array(parameters));
        }
        let mut content_type = None;
        if let Some(body) = map.get("requestBody") {
            let (body, media) = self.body(body, &at.at("requestBody"))?;
            out.insert("requestBody".into(), body);
            content_type = Some(media);
        }
        let (responses, success) = self.responses(&id, map, at)?;
        out.insert("responses".into(), responses);

        let idempotent = matches!(method, "get" | "head" | "put" | "delete");
        let operation = Operation {
            id,
            method: method.to_uppercase(),
            path: path.to_owned(),
            success,
            content_type,
            idempotent: map
                .get("x-idempotent")
                .and_then(Value::as_bool)
                .unwrap_or(idempotent),
            paging: paging(map, at)?,
        };
        Ok((Value::Object(out), operation))
    }

    /// Lowers a body; returns it with its actual media type.
    fn body(&self, value: &Value, at: &Pointer) -> Result<(Value, String), Located> {
        let (at, value) = deref_at(self.document, value, at)?;
        let (at, map) = (&at, object(value, &at)?);
        if map.get("required").and_then(Value::as_bool) != Some(true) {
            return Err(unsupported(
                at,
                "optional body",
                "set `required: true` in the overlay, or remove the body there",
            ));
        }
        let media: Vec<_> = entries(map, "content", at)?
            .into_iter()
            .map(|(_, media, _)| media)
            .collect();
        let chosen = media
            .iter()
            .find(|m| is_plain_json(m))
            .or_else(|| media.iter().find(|m| is_json(m)));
        let chosen = *chosen.or(media.first()).unwrap_or(&"");
        let known = [
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "text/plain",
            "text/x-markdown",
        ];
        let sent_as = match chosen {
            m if is_json(m) => "application/json",
            m if known.contains(&m) => m,
            m => {
                return Err(unsupported(
                    &at.at("content").at(m),
                    format!("body of type `{m}`"),
                    "allowed are JSON types, application/octet-stream, application/x-www-form-urlencoded, text/plain and text/x-markdown",
                ));
            }
        };
        let media = map.get("content").and_then(|content| content.get(chosen));
        let schema = match sent_as {
            "application/octet-stream" => json!({ "type": "string", "format": "binary" }),
            "text/plain" | "text/x-markdown" => json!({ "type": "string" }),
            _ => schema::lower(media.and_then(|m| m.get("schema")).unwrap_or(&Value::Null)),
        };
        let mut out = Map::new();
        if let Some(text) = map.get("description") {
            out.insert("description".into(), text.clone());
        }
        out.insert("required".into(), json!(true));
        out.insert("content".into(), json!({ sent_as: { "schema": schema } }));
        Ok((Value::Object(out), chosen.to_owned()))
    }
}

/// Reads `x-paging` from overlays, else `x-ms-pageable` from Azure's descriptions, whose `nextLinkName` is null if the
/// response is a complete list.
fn paging(operation: &Map<String, Value>, at: &Pointer) -> Result<Paging, Located> {
    match operation.get("x-paging").and_then(Value::as_str) {
        Some("header") => Ok(Paging::HeaderToken),
        Some("body") => Ok(Paging::BodyToken),
        Some("none") => Ok(Paging::None),
        Some(other) => Err(unsupported(
            &at.at("x-paging"),
            format!("paging `{other}`"),
            "allowed are `header`, `body` and `none`",
        )),
        None => Ok(
            match operation.get("x-ms-pageable").and_then(|p| p.get("nextLinkName")) {
                Some(Value::String(_)) => Paging::NextLink,
                _ => Paging::None,
            },
        ),
    }
}

fn is_plain_json(media: &str) -> bool {
    media == "application/json" || media.starts_with("application/json;")
}

fn is_json(media: &str) -> bool {
    is_plain_json(media) || media.split(';').next().is_some_and(|m| m.ends_with("+json"))
}
