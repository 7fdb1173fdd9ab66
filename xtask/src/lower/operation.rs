//! Lowers operations.

use serde_json::{Map, Value, json};

use super::Lowering;
use super::lowered::{Operation, Paging};
use crate::document::{object, string, version};
use crate::error::{Located, Pointer, unsupported};
use crate::names::{member_name, named};

/// The functions that every generated client has.
pub(super) const RESERVED: [&str; 9] = [
    "new",
    "new_with_client",
    "with_api_version",
    "api_version",
    "baseurl",
    "client",
    "inner",
    "pre",
    "exec",
];

impl<'a> Lowering<'a> {
    /// Lowers an operation; returns it with its path for the generator and its metadata.
    pub(super) fn operation(
        &mut self,
        method: &str,
        path: &str,
        (item, item_at): (&'a Map<String, Value>, &Pointer),
        value: &'a Value,
    ) -> Result<(String, Value, Operation), Located> {
        let at = item_at.at(method);
        let map = object(value, &at)?;
        let id = string(map, "operationId", &at)?.to_owned();
        let kept = ["summary", "description", "operationId", "deprecated"];
        let kept = kept
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), map.get(*key)?.clone())));
        let mut out: Map<_, _> = kept.collect();
        let parameters = self.parameters((item, item_at), (map, &at), path)?;
        let body = match map.get("requestBody") {
            Some(body) => Some(self.body(&id, body, &at.at("requestBody"))?),
            None => None,
        };
        let responses = self.responses(&id, map, &at)?;
        let paging = paging(map, &at)?;
        // All fallible steps are done, so a skipped operation does not reserve a method name.
        self.name_method(&id, &mut out);
        if !parameters.lowered.is_empty() {
            out.insert("parameters".into(), Value::Array(parameters.lowered));
        }
        let (content_type, optional_body) = match body {
            Some(body) => {
                out.insert("requestBody".into(), body.lowered);
                (Some(body.media), body.optional)
            }
            None => (None, false),
        };
        out.insert("responses".into(), responses.lowered);
        let idempotent = matches!(method, "get" | "head" | "put" | "delete");
        let overlaid = map.get("x-idempotent").and_then(Value::as_bool);
        let operation = Operation {
            id,
            method: method.to_uppercase(),
            path: path.to_owned(),
            template: parameters.template.clone(),
            fixed_query: parameters.fixed_query,
            unencoded: parameters.unencoded,
            api_version: parameters.api_version,
            success: responses.success,
            without_body: responses.without_body,
            content_type,
            optional_body,
            idempotent: overlaid.unwrap_or(idempotent),
            paging,
        };
        Ok((parameters.template, Value::Object(out), operation))
    }

    /// Gives the method a name that no other method and no request function has.
    fn name_method(&mut self, id: &str, operation: &mut Map<String, Value>) {
        let name = member_name(id);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        for candidate in std::iter::once(name.clone()).chain(numbered) {
            let request = format!("{candidate}_request");
            if self.methods.contains(&candidate) || self.methods.contains(&request) {
                continue;
            }
            if candidate != name {
                operation.insert("operationId".into(), json!(named(&candidate, id)));
            }
            self.methods.extend([candidate, request]);
            return;
        }
    }

    /// Returns the value of an `api-version` parameter if it has a single allowed value that differs from the
    /// description's version.
    pub(super) fn only_version(&self, parameter: &Map<String, Value>) -> Option<String> {
        let values = parameter.get("schema")?.get("enum")?.as_array()?;
        match values.as_slice() {
            [Value::String(only)] if only != version(self.document) => Some(only.clone()),
            _ => None,
        }
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
