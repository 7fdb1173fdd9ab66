//! Lowers the path and the parameters of an operation.

use serde_json::{Map, Value, json};

use super::lowered::ApiVersion;
use super::{Lowering, schema};
use crate::document::{deref, elements, object, string, version};
use crate::error::{Located, Pointer, unsupported};
use crate::names::{distinct, member_name, wire};

/// The local variables of generated methods, which a parameter of the same name would clash with.
const VARIABLES: [&str; 6] = ["url", "request", "response", "result", "header_map", "info"];

/// The lowered path and parameters of an operation.
pub(super) struct Parameters<'a> {
    pub(super) template: String,
    pub(super) fixed_query: Option<String>,
    pub(super) unencoded: Vec<String>,
    pub(super) api_version: ApiVersion,
    pub(super) lowered: Vec<Value>,
    /// The names and values of the query in the path.
    fixed: Vec<(&'a str, &'a str)>,
}

/// A parameter with its location.
type Declared<'a> = (Pointer, &'a Map<String, Value>);

impl<'a> Lowering<'a> {
    /// Lowers the parameters of a path item and of its operation.
    pub(super) fn parameters<'p>(
        &self,
        shared: (&'a Map<String, Value>, &Pointer),
        own: (&'a Map<String, Value>, &Pointer),
        path: &'p str,
    ) -> Result<Parameters<'p>, Located> {
        let mut out = Parameters::new(path);
        let mut kept = Vec::new();
        for (at, parameter) in self.declared(shared, own)? {
            if self.is_version(parameter, &mut out) || out.is_fixed(parameter) {
                continue;
            }
            kept.push((parameter, out.parameter(parameter, &at)?));
        }
        if let Some((name, value)) = out.fixed.iter().find(|(_, value)| value.contains('{')) {
            return Err(unsupported(
                own.1,
                format!("query `{name}={value}` in the path"),
                "a placeholder there needs a query parameter with the name of the query",
            ));
        }
        let pairs: Vec<_> = out
            .fixed
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        out.fixed_query = (!pairs.is_empty()).then(|| pairs.join("&"));
        out.name(kept, own.0.contains_key("requestBody"));
        Ok(out)
    }

    /// Returns the parameters of the path that the operation does not override, and those of the operation.
    fn declared(
        &self,
        shared: (&'a Map<String, Value>, &Pointer),
        own: (&'a Map<String, Value>, &Pointer),
    ) -> Result<Vec<Declared<'a>>, Located> {
        let mut out: Vec<Declared<'_>> = Vec::new();
        for (holder, at) in [shared, own] {
            for (at, value) in elements(holder, "parameters", at)? {
                let target = object(deref(self.document, value, &at)?, &at)?;
                let same = |other: &Map<String, Value>| {
                    ["in", "name"]
                        .iter()
                        .all(|key| other.get(*key) == target.get(*key))
                };
                out.retain(|(_, other)| !same(other));
                out.push((at, target));
            }
        }
        Ok(out)
    }

    /// Returns whether the parameter is the API version, and records its place in the request. `TypedRequest` adds the
    /// version there.
    fn is_version(&self, parameter: &Map<String, Value>, out: &mut Parameters<'_>) -> bool {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let only = self.only_version(parameter);
        match (text("in"), text("name")) {
            ("query", "api-version") => {
                out.api_version = ApiVersion::Query(only);
                out.fixed.retain(|(name, _)| *name != "api-version");
            }
            ("header", name) if name.eq_ignore_ascii_case("api-version") => {
                if out.api_version != ApiVersion::None {
                    return false;
                }
                out.api_version = ApiVersion::Header(only);
            }
            ("path", "api-version") => {
                let value = only.unwrap_or_else(|| version(self.document).to_owned());
                out.template = out.template.replace("{api-version}", &value);
            }
            _ => return false,
        }
        true
    }
}

impl<'a> Parameters<'a> {
    fn new(path: &'a str) -> Self {
        let base = path.split('?').next().unwrap_or_default();
        let query = path.get(base.len() + 1..).unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self {
            // The query distinguishes this path from others. Its braces are removed, because they would mark
            // placeholders.
            template: format!(
                "{}{}",
                base.replace("//", "/"),
                path[base.len()..].replace(['{', '}'], "")
            ),
            fixed_query: None,
            unencoded: Vec::new(),
            api_version: ApiVersion::None,
            lowered: Vec::new(),
            fixed: pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .collect(),
        }
    }

    /// Returns whether the query in the path sets the parameter to its only value. A parameter with a choice of values
    /// replaces the query in the path.
    fn is_fixed(&mut self, parameter: &Map<String, Value>) -> bool {
        let name = parameter.get("name").and_then(Value::as_str);
        let Some(index) = self.fixed.iter().position(|(fixed, _)| Some(*fixed) == name) else {
            return false;
        };
        if parameter.get("in").and_then(Value::as_str) != Some("query") {
            return false;
        }
        let values = parameter.get("schema").and_then(|schema| schema.get("enum"));
        let only = values.and_then(Value::as_array).map(Vec::as_slice);
        if matches!(only, Some([Value::String(only)]) if only == self.fixed[index].1) {
            return true;
        }
        self.fixed.remove(index);
        false
    }

    fn parameter(&mut self, parameter: &Map<String, Value>, at: &Pointer) -> Result<Value, Located> {
        let (name, location) = (string(parameter, "name", at)?, string(parameter, "in", at)?);
        let is = |key: &str| parameter.get(key).and_then(Value::as_bool) == Some(true);
        if parameter.contains_key("x-ms-header-collection-prefix") {
            return Err(unsupported(
                at,
                format!("collection of headers `{name}`"),
                "declare each header, or remove the parameter in the overlay",
            ));
        }
        if is("x-ms-skip-url-encoding") {
            match location {
                "path" => self.unencoded.push(name.to_owned()),
                "query" => {
                    return Err(unsupported(
                        at,
                        format!("unencoded query parameter `{name}`"),
                        "only path parameters can be sent without encoding",
                    ));
                }
                _ => {}
            }
        }
        let mut out = Map::new();
        for key in ["name", "in", "description", "required"] {
            if let Some(value) = parameter.get(key) {
                out.insert(key.into(), value.clone());
            }
        }
        let original = parameter.get("schema").unwrap_or(&Value::Null);
        let mut lowered = schema::lower(original, &Map::new(), true);
        if let Some(lowered) = lowered.as_object_mut()
            && lowered.shift_remove("nullable").is_some()
            && location != "path"
        {
            // A nullable parameter may be omitted.
            out.insert("required".into(), json!(false));
        }
        if lowered.get("type").and_then(Value::as_str) == Some("array") {
            lowered = joined(lowered, parameter, &mut out);
        }
        out.insert("schema".into(), lowered);
        Ok(Value::Object(out))
    }

    /// Gives each parameter its own Rust name.
    fn name(&mut self, kept: Vec<(&Map<String, Value>, Value)>, has_body: bool) {
        let wire_name = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
        let members: Vec<_> = kept
            .iter()
            .map(|(original, lowered)| {
                let preferred = original.get("x-ms-client-name").and_then(Value::as_str);
                (wire_name(lowered), preferred)
            })
            .collect();
        let mut taken = VARIABLES.to_vec();
        taken.extend(has_body.then_some("body"));
        let pairs = members
            .iter()
            .map(|(name, preferred)| (name.as_str(), *preferred));
        let names = distinct(pairs, &taken, member_name);
        for ((_, mut parameter), name) in kept.into_iter().zip(names) {
            // The name of a path parameter is not sent, so the placeholder is renamed instead of keeping the wire name.
            if let (Some(original), Some("path")) = (wire(&name), parameter["in"].as_str()) {
                let name = member_name(&name);
                let placeholder = format!("{{{original}}}");
                self.template = self.template.replace(&placeholder, &format!("{{{name}}}"));
                parameter["name"] = json!(name);
            } else {
                parameter["name"] = json!(name);
            }
            self.lowered.push(parameter);
        }
    }
}

/// Converts an array that is sent as one value to a string, because the generator would repeat the parameter.
fn joined(array: Value, parameter: &Map<String, Value>, out: &mut Map<String, Value>) -> Value {
    let style = parameter.get("style").and_then(Value::as_str).unwrap_or("form");
    let explode = parameter
        .get("explode")
        .and_then(Value::as_bool)
        .unwrap_or(style == "form");
    let is_query = parameter.get("in").and_then(Value::as_str) == Some("query");
    if is_query && explode {
        return array;
    }
    let separator = match style {
        "pipeDelimited" => "vertical bars",
        "spaceDelimited" => "spaces",
        _ => "commas",
    };
    let original = parameter
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let description = format!("{original} Several values are separated by {separator}.");
    out.insert("description".into(), json!(description.trim_start()));
    json!({ "type": "string" })
}
