//! Checks that an OpenAPI 3.0 document has only constructs that the later stages support.
//!
//! The generator's libraries panic or report no location for unsupported input, so their assumptions are checked here,
//! where the location is known.

mod names;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::convert::schema::only;
use crate::document::{METHODS, deref_at, elements, entries, object, string};
use crate::error::{Fault, Located, Pointer, unsupported};

/// Checks a whole document.
///
/// # Errors
/// The first fault, with its location.
pub fn check(document: &Value) -> Result<(), Located> {
    let root = Pointer::root();
    let map = object(document, &root)?;
    let info = map
        .get("info")
        .ok_or_else(|| Located::new(&root, Fault::Missing("info")))?;
    let info = object(info, &root.at("info"))?;
    string(info, "title", &root.at("info"))?;
    let version = string(info, "version", &root.at("info"))?;
    let file_name_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if version.is_empty() || version.starts_with('.') || !version.chars().all(file_name_safe) {
        return Err(unsupported(
            &root.at("info").at("version"),
            format!("version `{version}`"),
            "it becomes a file name: only ASCII letters, digits, `.`, `-` and `_`, without a leading `.`",
        ));
    }
    if !map.contains_key("paths") {
        return Err(Located::new(&root, Fault::Missing("paths")));
    }
    let checker = Checker { document };
    let mut ids = BTreeSet::new();
    for (at, path, item) in entries(map, "paths", &root)? {
        checker.path_item(path, item, &at, &mut ids)?;
    }
    if ids.is_empty() {
        return Err(unsupported(
            &root.at("paths"),
            "description without operations",
            "it only defines components for other files; pass a file that has operations",
        ));
    }
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    names::check(object(&map["paths"], &root.at("paths"))?, schemas)?;
    let no_components = Map::new();
    let components = match map.get("components") {
        Some(value) => object(value, &root.at("components"))?,
        None => &no_components,
    };
    let at = root.at("components");
    for (at, _, value) in entries(components, "schemas", &at)? {
        checker.schema(value, &at)?;
    }
    for (at, _, value) in entries(components, "parameters", &at)? {
        checker.parameter(value, &at)?;
    }
    for (at, _, value) in entries(components, "requestBodies", &at)? {
        checker.body(value, &at)?;
    }
    for (at, _, value) in entries(components, "responses", &at)? {
        checker.response(value, &at)?;
    }
    Ok(())
}

/// The allowed keywords of a parameter. `allowReserved` and `content` are refused, because they change how a value is
/// encoded.
const PARAMETER: [&str; 11] = [
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "style",
    "explode",
    "schema",
    "example",
    "examples",
];

struct Checker<'a> {
    document: &'a Value,
}

impl<'a> Checker<'a> {
    fn path_item(
        &self,
        path: &str,
        item: &'a Value,
        at: &Pointer,
        ids: &mut BTreeSet<&'a str>,
    ) -> Result<(), Located> {
        let item = object(item, at)?;
        if item.contains_key("$ref") {
            return Err(unsupported(at, "`$ref` in a path item", "inline the path item"));
        }
        if !path.starts_with('/') {
            return Err(unsupported(
                at,
                format!("path `{path}`"),
                "a path starts with `/`",
            ));
        }
        let base = path.split('?').next().unwrap_or_default();
        let placeholders = placeholders(base)
            .ok_or_else(|| unsupported(at, format!("path `{path}`"), "its braces must be balanced"))?;
        let shared = self.parameters(item, at)?;
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let at = at.at(method);
            let operation = object(operation, &at)?;
            let id = string(operation, "operationId", &at)?;
            if !ids.insert(id) {
                let fault = Fault::DuplicateOperation(id.to_owned());
                return Err(Located::new(&at.at("operationId"), fault));
            }
            let own = self.parameters(operation, &at)?;
            let in_path: BTreeSet<_> = shared
                .iter()
                .chain(&own)
                .filter(|(p, _)| *p == "path")
                .map(|(_, n)| *n)
                .collect();
            if let Some(name) = placeholders.iter().find(|p| !in_path.contains(*p)) {
                return Err(unsupported(
                    &at,
                    format!("placeholder `{{{name}}}` in the path"),
                    "a placeholder needs a parameter with the same name and `in: path`",
                ));
            }
            if let Some(name) = in_path.iter().find(|p| !placeholders.contains(*p)) {
                return Err(unsupported(
                    &at,
                    format!("path parameter `{name}`"),
                    "a path parameter needs a placeholder with the same name in the path",
                ));
            }
            if let Some(body) = operation.get("requestBody") {
                self.body(body, &at.at("requestBody"))?;
            }
            if !operation.contains_key("responses") {
                return Err(Located::new(&at, Fault::Missing("responses")));
            }
            for (at, code, value) in entries(operation, "responses", &at)? {
                if code != "default" && !is_status(code) {
                    return Err(unsupported(
                        &at,
                        format!("status `{code}`"),
                        "use one of these: codes such as 200, ranges such as 2XX, and `default`",
                    ));
                }
                self.response(value, &at)?;
            }
        }
        Ok(())
    }

    /// Checks the parameters of a path or operation; returns the location (`in`) and name of each.
    fn parameters(
        &self,
        holder: &'a Map<String, Value>,
        at: &Pointer,
    ) -> Result<Vec<(&'a str, &'a str)>, Located> {
        elements(holder, "parameters", at)?
            .into_iter()
            .map(|(at, value)| self.parameter(value, &at))
            .collect()
    }

    fn parameter(&self, value: &'a Value, at: &Pointer) -> Result<(&'a str, &'a str), Located> {
        let (at, value) = deref_at(self.document, value, at)?;
        let (at, map) = (&at, object(value, &at)?);
        let (location, name) = (string(map, "in", at)?, string(map, "name", at)?);
        if !matches!(location, "path" | "query" | "header") {
            return Err(unsupported(
                &at.at("in"),
                format!("parameter location `{location}`"),
                "use one of these: `path`, `query` and `header`",
            ));
        }
        only(map, |key| PARAMETER.contains(&key), at)?;
        let schema = map
            .get("schema")
            .ok_or_else(|| Located::new(at, Fault::Missing("schema")))?;
        self.schema(schema, &at.at("schema"))?;
        match (location, map.get("style").and_then(Value::as_str)) {
            (_, None)
            | ("query", Some("form" | "spaceDelimited" | "pipeDelimited"))
            | ("path" | "header", Some("simple")) => {}
            (_, Some(style)) => {
                return Err(unsupported(
                    &at.at("style"),
                    format!("style `{style}` of a {location} parameter"),
                    "use one of these: `form`, `spaceDelimited` and `pipeDelimited` in a query, `simple` elsewhere",
                ));
            }
        }
        Ok((location, name))
    }

    fn body(&self, value: &'a Value, at: &Pointer) -> Result<(), Located> {
        let (at, value) = deref_at(self.document, value, at)?;
        let (at, map) = (&at, object(value, &at)?);
        if map
            .get("content")
            .and_then(Value::as_object)
            .is_none_or(Map::is_empty)
        {
            return Err(Located::new(at, Fault::Missing("content")));
        }
        self.content(map, at)
    }

    fn response(&self, value: &'a Value, at: &Pointer) -> Result<(), Located> {
        let (at, value) = deref_at(self.document, value, at)?;
        let (at, map) = (&at, object(value, &at)?);
        for (at, _, header) in entries(map, "headers", at)? {
            let header = object(header, &at)?;
            if let Some(schema) = header.get("schema") {
                self.schema(schema, &at.at("schema"))?;
            }
        }
        self.content(map, at)
    }

    fn content(&self, holder: &'a Map<String, Value>, at: &Pointer) -> Result<(), Located> {
        for (at, _, media) in entries(holder, "content", at)? {
            if let Some(schema) = object(media, &at)?.get("schema") {
                self.schema(schema, &at.at("schema"))?;
            }
        }
        Ok(())
    }

    fn schema(&self, value: &Value, at: &Pointer) -> Result<(), Located> {
        let map = object(value, at)?;
        if let Some(reference) = map.get("$ref") {
            let at = at.at("$ref");
            let text = reference
                .as_str()
                .ok_or_else(|| Located::new(&at, Fault::Expected("a string")))?;
            let found = text.strip_prefix("#/components/schemas/").and_then(|name| {
                self.document
                    .pointer("/components/schemas")?
                    .get(name.replace("~1", "/").replace("~0", "~"))
            });
            return match found {
                Some(_) => Ok(()),
                None => Err(Located::new(&at, Fault::UnresolvableReference(text.to_owned()))),
            };
        }
        if let Some(schema_type) = map.get("type") {
            let at = at.at("type");
            let schema_type = schema_type
                .as_str()
                .ok_or_else(|| Located::new(&at, Fault::Expected("a string: one type")))?;
            if !matches!(
                schema_type,
                "object" | "array" | "string" | "integer" | "number" | "boolean"
            ) {
                return Err(unsupported(
                    &at,
                    format!("type `{schema_type}`"),
                    "use one of these: object, array, string, integer, number and boolean",
                ));
            }
            if schema_type == "array" && !map.contains_key("items") {
                return Err(Located::new(&at, Fault::Missing("items")));
            }
        }
        if map.contains_key("not") {
            return Err(unsupported(
                &at.at("not"),
                "keyword `not`",
                "describe the allowed values instead",
            ));
        }
        for (at, value) in elements(map, "enum", at)? {
            if !value.is_string() && !value.is_number() && !value.is_boolean() && !value.is_null() {
                return Err(unsupported(
                    &at,
                    "enum value that is an object or array",
                    "use one of these: strings, numbers, booleans and null",
                ));
            }
        }
        for (at, name) in elements(map, "required", at)? {
            if !name.is_string() {
                return Err(Located::new(&at, Fault::Expected("a string")));
            }
        }
        for (at, _, property) in entries(map, "properties", at)? {
            self.schema(property, &at)?;
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            for (at, part) in elements(map, key, at)? {
                self.schema(part, &at)?;
            }
        }
        if let Some(items) = map.get("items") {
            self.schema(items, &at.at("items"))?;
        }
        match map.get("additionalProperties") {
            None | Some(Value::Bool(_)) => Ok(()),
            Some(value) => self.schema(value, &at.at("additionalProperties")),
        }
    }
}

/// Returns whether `code` is a status code or a range such as `2XX`.
fn is_status(code: &str) -> bool {
    let mut chars = code.chars();
    let head = chars.next().is_some_and(|c| ('1'..='5').contains(&c));
    let tail = chars.as_str();
    head && (tail == "XX" || tail.len() == 2 && tail.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns the names in braces, or `None` if the braces are unbalanced.
pub(crate) fn placeholders(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}')? + open;
        names.push(&rest[open + 1..close]);
        rest = &rest[close + 1..];
    }
    (!rest.contains('}')).then_some(names)
}
