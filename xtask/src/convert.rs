//! Converts Swagger 2.0, in which Azure publishes its APIs, to OpenAPI 3.0, which the later stages read.
//!
//! The conversion only changes the structure: a body is a parameter in one format and a `requestBody` in the other, media
//! types are global or per body, and so on. Overlays correct the facts; [`crate::lower`] handles what the generator does
//! not support.

mod origin;
pub(crate) mod schema;
mod security;
mod servers;

use serde_json::{Map, Value, json};

use crate::document::{METHODS, deref, deref_at, elements, entries, object, text};
use crate::error::{Fault, Located, Pointer, unsupported};
pub use origin::in_swagger;
use schema::{description, local_reference, only, parameter_schema, schema};

/// Converts a Swagger 2.0 document to OpenAPI 3.0.3.
///
/// # Errors
/// A fault with its location in the Swagger document: a missing member, a wrong type, an unresolvable reference, or a
/// construct without an equivalent.
pub fn convert(swagger: &Value) -> Result<Value, Located> {
    let root = Pointer::root();
    let map = object(swagger, &root)?;
    if let Some(key) = map.keys().find(|k| *k == "x-ms-paths") {
        return Err(unsupported(
            &root.at(key),
            "member `x-ms-paths`",
            "move its operations to `paths`",
        ));
    }
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
    for (at, path, item) in entries(map, "paths", &root)? {
        paths.insert(path.to_owned(), converter.path_item(item, &at)?);
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
        out.insert("title".into(), json!(text(info, "title", &at)?));
        out.insert("version".into(), json!(text(info, "version", &at)?));
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
        Ok(matches!(text(target, "in", at)?, "body" | "formData"))
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
        // Examples are separate files with the publisher's own descriptions.
        for (key, value) in map
            .iter()
            .filter(|(k, _)| k.starts_with("x-") && *k != "x-ms-examples")
        {
            out.insert(key.clone(), value.clone());
        }
        Ok(Value::Object(out))
    }

    fn request_body(
        &self,
        operation: &Map<String, Value>,
        bodies: &[(Pointer, &Map<String, Value>)],
        at: &Pointer,
    ) -> Result<Value, Located> {
        let consumes = media_types(operation, self.map, "consumes");
        let is_form = |b: &Map<String, Value>| b.get("in").and_then(Value::as_str) == Some("formData");
        let mut out = Map::new();
        let (required, media, content) = match bodies {
            [(at, body)] if !is_form(body) => {
                only(body, |key| key == "schema" || PARAMETER.contains(&key), at)?;
                description(body, &mut out);
                let value = body
                    .get("schema")
                    .ok_or_else(|| Located::new(at, Fault::Missing("schema")))?;
                let content = schema(value, &at.at("schema"))?;
                let media = consumes.unwrap_or_else(|| vec!["application/json".into()]);
                (
                    body.get("required").and_then(Value::as_bool).unwrap_or(false),
                    media,
                    content,
                )
            }
            _ if bodies.iter().all(|(_, b)| is_form(b)) => {
                let has_file = bodies
                    .iter()
                    .any(|(_, b)| b.get("type").and_then(Value::as_str) == Some("file"));
                let default = if has_file {
                    "multipart/form-data"
                } else {
                    "application/x-www-form-urlencoded"
                };
                let mut properties = Map::new();
                let mut required = Vec::new();
                for (at, field) in bodies {
                    let name = text(field, "name", at)?;
                    let mut property = Map::new();
                    description(field, &mut property);
                    if field.get("type").and_then(Value::as_str) == Some("array") {
                        return Err(unsupported(
                            &at.at("type"),
                            "array in a form",
                            "form fields must be scalars or files",
                        ));
                    }
                    property.extend(parameter_schema(field, &PARAMETER, at)?);
                    properties.insert(name.to_owned(), Value::Object(property));
                    if field.get("required").and_then(Value::as_bool) == Some(true) {
                        required.push(json!(name));
                    }
                }
                let any = !required.is_empty();
                let mut form = json!({ "type": "object", "properties": properties });
                if any {
                    form["required"] = Value::Array(required);
                }
                (any, consumes.unwrap_or_else(|| vec![default.into()]), form)
            }
            _ => {
                return Err(unsupported(
                    at,
                    "combination of body parameters",
                    "an operation has either one body or only form fields",
                ));
            }
        };
        if required {
            out.insert("required".into(), json!(true));
        }
        let content: Map<_, _> = media
            .into_iter()
            .map(|m| (m, json!({ "schema": content })))
            .collect();
        out.insert("content".into(), Value::Object(content));
        // Only Swagger 2.0 names the body; the extension keeps the name that the API's authors chose.
        if let [(_, body)] = bodies
            && !is_form(body)
            && let Some(name) = body.get("name")
        {
            out.insert("x-body-name".into(), name.clone());
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
    let location = text(map, "in", at)?;
    if !matches!(location, "path" | "query" | "header") {
        return Err(unsupported(
            &at.at("in"),
            format!("parameter location `{location}`"),
            "allowed are `path`, `query` and `header`",
        ));
    }
    let mut out = Map::new();
    out.insert("name".into(), json!(text(map, "name", at)?));
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
                    "allowed are `csv`, `multi`, `pipes` and `ssv` in a query, `csv` elsewhere",
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
