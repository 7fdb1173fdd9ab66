//! Converts Swagger 2.0, in which Azure publishes its APIs, to OpenAPI 3.0, which the later stages read.
//!
//! The conversion only changes the structure: a body is a parameter in one format and a `requestBody` in the other, media
//! types are global or per body, and so on. Overlays correct the facts; [`crate::lower`] handles what the generator does
//! not support.

mod body;
mod origin;
pub(crate) mod schema;
mod security;
mod servers;

use serde_json::{Map, Value, json};

use crate::document::{METHODS, deref, deref_at, elements, entries, object, string};
use crate::error::{Fault, Located, Pointer, unsupported};
pub use origin::in_swagger;
use schema::{description, local_reference, parameter_schema, schema};

/// Converts a Swagger 2.0 document to OpenAPI 3.0.3.
///
/// # Errors
/// A fault with its location in the Swagger document: a missing member, a wrong type, an unresolvable reference, or a
/// construct without an equivalent.
pub fn convert(swagger: &Value) -> Result<Value, Located> {
    let root = Pointer::root();
    let map = object(swagger, &root)?;
    let converter = Converter { swagger, map };

    let mut out = Map::new();
    out.insert("openapi".into(), json!("3.0.3"));
    out.insert("info".into(), converter.info(&root)?);
    let servers = converter.servers(&root)?;
    if !servers.is_empty() {
        out.insert("servers".into(), Value::Array(servers));
    }
    if let Some(tags) = map.get("tags") {
        out.insert("tags".into(), tags.clone());
    }
    if !map.contains_key("paths") {
        return Err(Located::new(&root, Fault::Missing("paths")));
    }
    let mut paths = Map::new();
    // `x-ms-paths` is Azure's extension for operations whose paths differ only in the query.
    for key in ["paths", "x-ms-paths"] {
        for (at, path, item) in entries(map, key, &root)? {
            if paths.contains_key(path) {
                return Err(unsupported(
                    &at,
                    format!("path `{path}`"),
                    "it is also in `paths`",
                ));
            }
            paths.insert(path.to_owned(), converter.path_item(item, &at)?);
        }
    }
    out.insert("paths".into(), Value::Object(paths));
    out.insert("components".into(), converter.components(&root)?);
    if let Some(security) = map.get("security") {
        out.insert("security".into(), security.clone());
    }
    Ok(Value::Object(out))
}

struct Converter<'a> {
    swagger: &'a Value,
    map: &'a Map<String, Value>,
}

impl Converter<'_> {
    fn info(&self, root: &Pointer) -> Result<Value, Located> {
        let at = root.at("info");
        let info = object(
            self.map
                .get("info")
                .ok_or_else(|| Located::new(root, Fault::Missing("info")))?,
            &at,
        )?;
        let mut out = Map::new();
        out.insert("title".into(), json!(string(info, "title", &at)?));
        out.insert("version".into(), json!(string(info, "version", &at)?));
        description(info, &mut out);
        Ok(Value::Object(out))
    }

    fn path_item(&self, item: &Value, at: &Pointer) -> Result<Value, Located> {
        let item = object(item, at)?;
        if item.contains_key("$ref") {
            return Err(unsupported(at, "`$ref` in a path item", "inline the path item"));
        }
        let mut out = Map::new();
        let shared = elements(item, "parameters", at)?;
        let mut parameters = Vec::new();
        for (at, value) in &shared {
            if !self.is_body(value, at)? {
                parameters.push(parameter(value, at)?);
            }
        }
        if !parameters.is_empty() {
            out.insert("parameters".into(), Value::Array(parameters));
        }
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                out.insert(method.into(), self.operation(operation, &shared, &at.at(method))?);
            }
        }
        Ok(Value::Object(out))
    }

    /// Returns whether a parameter, or the target of its reference, is a body or a form field.
    fn is_body(&self, value: &Value, at: &Pointer) -> Result<bool, Located> {
        let target = object(deref(self.swagger, value, at)?, at)?;
        Ok(matches!(string(target, "in", at)?, "body" | "formData"))
    }

    fn operation(
        &self,
        operation: &Value,
        shared: &[(Pointer, &Value)],
        at: &Pointer,
    ) -> Result<Value, Located> {
        let map = object(operation, at)?;
        let mut out = Map::new();
        for key in ["tags", "summary", "description", "operationId", "deprecated"] {
            if let Some(value) = map.get(key) {
                out.insert(key.into(), value.clone());
            }
        }

        let own = elements(map, "parameters", at)?;
        let mut parameters = Vec::new();
        let mut bodies = Vec::new();
        for (at, value) in &own {
            if self.is_body(value, at)? {
                let (at, value) = deref_at(self.swagger, value, at)?;
                bodies.push((at.clone(), object(value, &at)?));
            } else {
                parameters.push(parameter(value, at)?);
            }
        }
        if bodies.is_empty() {
            for (at, value) in shared {
                if self.is_body(value, at)? {
                    let (at, value) = deref_at(self.swagger, value, at)?;
                    bodies.push((at.clone(), object(value, &at)?));
                }
            }
        }
        if !parameters.is_empty() {
            out.insert("parameters".into(), Value::Array(parameters));
        }
        if !bodies.is_empty() {
            out.insert("requestBody".into(), self.request_body(map, &bodies, at)?);
        }

        let produces = media_types(map, self.map, "produces");
        let mut responses = Map::new();
        if !map.contains_key("responses") {
            return Err(Located::new(at, Fault::Missing("responses")));
        }
        for (at, code, value) in entries(map, "responses", at)? {
            responses.insert(code.to_owned(), response(value, produces.as_deref(), &at)?);
        }
        out.insert("responses".into(), Value::Object(responses));
        if let Some(security) = map.get("security") {
            out.insert("security".into(), security.clone());
        }
        // Example references are dropped: they lead to separate files with the publisher's own texts.
        for (key, value) in map
            .iter()
            .filter(|(k, _)| k.starts_with("x-") && *k != "x-ms-examples")
        {
            out.insert(key.clone(), value.clone());
        }
        Ok(Value::Object(out))
    }

    fn components(&self, root: &Pointer) -> Result<Value, Located> {
        let mut out = Map::new();
        let mut schemas = Map::new();
        for (at, name, value) in entries(self.map, "definitions", root)? {
            schemas.insert(name.to_owned(), schema(value, &at)?);
        }
        out.insert("schemas".into(), Value::Object(schemas));
        let mut parameters = Map::new();
        for (at, name, value) in entries(self.map, "parameters", root)? {
            if !self.is_body(value, &at)? {
                parameters.insert(name.to_owned(), parameter(value, &at)?);
            }
        }
        out.insert("parameters".into(), Value::Object(parameters));
        let produces = media_types(&Map::new(), self.map, "produces");
        let mut responses = Map::new();
        for (at, name, value) in entries(self.map, "responses", root)? {
            responses.insert(name.to_owned(), response(value, produces.as_deref(), &at)?);
        }
        if !responses.is_empty() {
            out.insert("responses".into(), Value::Object(responses));
        }
        let mut schemes = Map::new();
        for (at, name, value) in entries(self.map, "securityDefinitions", root)? {
            schemes.insert(name.to_owned(), security::scheme(value, &at)?);
        }
        if !schemes.is_empty() {
            out.insert("securitySchemes".into(), Value::Object(schemes));
        }
        Ok(Value::Object(out))
    }
}

/// Returns the media types of the operation, or else of the document. An empty list is treated as absent.
fn media_types(
    operation: &Map<String, Value>,
    document: &Map<String, Value>,
    key: &str,
) -> Option<Vec<String>> {
    [operation, document].into_iter().find_map(|map| {
        let list = map.get(key)?.as_array()?;
        let list: Vec<_> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        (!list.is_empty()).then_some(list)
    })
}

/// The keywords of a parameter outside its schema.
const PARAMETER: [&str; 4] = ["name", "in", "description", "required"];

fn parameter(value: &Value, at: &Pointer) -> Result<Value, Located> {
    let map = object(value, at)?;
    if let Some(reference) = map.get("$ref") {
        return Ok(json!({ "$ref": local_reference(reference, at)? }));
    }
    let location = string(map, "in", at)?;
    if !matches!(location, "path" | "query" | "header") {
        return Err(unsupported(
            &at.at("in"),
            format!("parameter location `{location}`"),
            "use one of these: `path`, `query` and `header`",
        ));
    }
    let mut out = Map::new();
    out.insert("name".into(), json!(string(map, "name", at)?));
    out.insert("in".into(), json!(location));
    description(map, &mut out);
    if location == "path" || map.get("required").and_then(Value::as_bool) == Some(true) {
        out.insert("required".into(), json!(true));
    }
    for (key, value) in map
        .iter()
        .filter(|(k, _)| k.starts_with("x-") && *k != "x-nullable")
    {
        out.insert(key.clone(), value.clone());
    }
    if let Some(value) = map.get("allowEmptyValue") {
        out.insert("allowEmptyValue".into(), value.clone());
    }
    let other_keywords = [PARAMETER.as_slice(), &["collectionFormat", "allowEmptyValue"]].concat();
    out.insert(
        "schema".into(),
        Value::Object(parameter_schema(map, &other_keywords, at)?),
    );
    if map.get("type").and_then(Value::as_str) == Some("array") {
        let format = map
            .get("collectionFormat")
            .and_then(Value::as_str)
            .unwrap_or("csv");
        let (style, explode) = match (format, location) {
            ("csv", "query") => ("form", Some(false)),
            ("multi", "query") => ("form", Some(true)),
            ("pipes", "query") => ("pipeDelimited", Some(false)),
            ("ssv", "query") => ("spaceDelimited", Some(false)),
            ("csv", _) => ("simple", None),
            (other, location) => {
                return Err(unsupported(
                    &at.at("collectionFormat"),
                    format!("collectionFormat `{other}` of a {location} parameter"),
                    "use one of these: `csv`, `multi`, `pipes` and `ssv` in a query, `csv` elsewhere",
                ));
            }
        };
        out.insert("style".into(), json!(style));
        if let Some(explode) = explode {
            out.insert("explode".into(), json!(explode));
        }
    }
    Ok(Value::Object(out))
}

fn response(value: &Value, produces: Option<&[String]>, at: &Pointer) -> Result<Value, Located> {
    let map = object(value, at)?;
    if let Some(reference) = map.get("$ref") {
        return Ok(json!({ "$ref": local_reference(reference, at)? }));
    }
    let mut out = Map::new();
    out.insert(
        "description".into(),
        map.get("description").cloned().unwrap_or(json!("")),
    );
    let mut headers = Map::new();
    for (at, name, value) in entries(map, "headers", at)? {
        let header = object(value, &at)?;
        let mut converted = Map::new();
        description(header, &mut converted);
        let schema = parameter_schema(header, &["description", "collectionFormat"], &at)?;
        if header
            .get("collectionFormat")
            .is_some_and(|format| format != "csv")
        {
            return Err(unsupported(
                &at.at("collectionFormat"),
                "array in a header",
                "its `collectionFormat` must be `csv`",
            ));
        }
        converted.insert("schema".into(), Value::Object(schema));
        headers.insert(name.to_owned(), Value::Object(converted));
    }
    if !headers.is_empty() {
        out.insert("headers".into(), Value::Object(headers));
    }
    if let Some(value) = map.get("schema") {
        let is_file = value.get("type").and_then(Value::as_str) == Some("file");
        let (content, default) = if is_file {
            (
                json!({ "type": "string", "format": "binary" }),
                "application/octet-stream",
            )
        } else {
            (schema(value, &at.at("schema"))?, "application/json")
        };
        let default = [default.to_owned()];
        let content: Map<_, _> = produces
            .unwrap_or(&default)
            .iter()
            .map(|media| (media.clone(), json!({ "schema": content })))
            .collect();
        out.insert("content".into(), Value::Object(content));
    }
    Ok(Value::Object(out))
}
