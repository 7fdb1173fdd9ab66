//! Lowers the responses of an operation.

use serde_json::{Map, Value, json};

use super::{Lowering, is_json, schema};
use crate::document::{deref, entries, object};
use crate::error::{Located, Pointer, unsupported};

/// The media type and schema of a body.
type Content = (String, Value);

impl Lowering<'_> {
    /// Keeps only successful responses, with one common body. Error responses are decoded by the convenience crates, and
    /// the generator supports only one return type per method.
    pub(super) fn responses(
        &mut self,
        id: &str,
        operation: &Map<String, Value>,
        at: &Pointer,
    ) -> Result<(Value, Vec<u16>), Located> {
        let at = at.at("responses");
        let mut found: Vec<(u16, Option<Content>)> = Vec::new();
        for (code, value) in operation
            .get("responses")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if !code.starts_with('2') {
                continue;
            }
            let at = at.at(code);
            let number = code.parse().map_err(|_| {
                unsupported(&at, format!("status range `{code}`"), "list the successful codes")
            })?;
            let response = object(deref(self.document, value, &at)?, &at)?;
            found.push((number, content(response, &at)?));
        }
        if found.is_empty() {
            return Err(unsupported(
                &at,
                "operation without a successful response",
                "declare at least one 2xx code",
            ));
        }
        let body = if found.iter().any(|(_, content)| content.is_none()) {
            None
        } else {
            self.one_body(
                id,
                found.iter().filter_map(|(_, content)| content.as_ref()).collect(),
                &at,
            )?
        };
        let mut out = Map::new();
        for (code, _) in &found {
            let mut response = json!({ "description": "" });
            if let Some((media, schema)) = &body {
                response["content"] = json!({ media: { "schema": schema } });
            }
            out.insert(code.to_string(), response);
        }
        Ok((
            Value::Object(out),
            found.into_iter().map(|(code, _)| code).collect(),
        ))
    }

    /// Returns one type for all successful bodies: the common type, or an untagged union.
    fn one_body(
        &mut self,
        id: &str,
        contents: Vec<&Content>,
        at: &Pointer,
    ) -> Result<Option<Content>, Located> {
        let mut different: Vec<&Content> = Vec::new();
        for content in &contents {
            if !different.contains(content) {
                different.push(content);
            }
        }
        let Some((media, schema)) = different.first() else {
            return Ok(None);
        };
        if different.len() == 1 && (contents.len() == 1 || schema.get("$ref").is_some()) {
            return Ok(Some((media.clone(), schema.clone())));
        }
        if different.iter().any(|(other, _)| other != media) {
            return Err(unsupported(
                at,
                "mix of media types in successful responses",
                "all successful responses must have the same media type",
            ));
        }
        let name = format!("{}Response", id.replace('_', ""));
        if self.schemas.contains_key(&name) {
            return Err(unsupported(
                at,
                format!("union of response types: its name `{name}` is in use"),
                "rename the schema of that name",
            ));
        }
        let hoisted = match different.as_slice() {
            [(_, schema)] => schema.clone(),
            several => json!({ "oneOf": several.iter().map(|(_, schema)| schema).collect::<Vec<_>>() }),
        };
        self.schemas.insert(name.clone(), hoisted);
        Ok(Some((
            media.clone(),
            json!({ "$ref": format!("#/components/schemas/{name}") }),
        )))
    }
}

/// Returns the body of a response, preferring JSON.
fn content(response: &Map<String, Value>, at: &Pointer) -> Result<Option<Content>, Located> {
    let all = entries(response, "content", at)?;
    let chosen = all.iter().find(|(_, media, _)| is_json(media)).or(all.first());
    Ok(chosen.map(|(_, media, value)| {
        let schema = value.get("schema").map(schema::lower).unwrap_or(json!({}));
        let media = if is_json(media) { "application/json" } else { media };
        (media.to_owned(), schema)
    }))
}
