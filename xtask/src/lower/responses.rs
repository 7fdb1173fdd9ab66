//! Lowers the responses of an operation.

use serde_json::{Map, Value, json};

use super::body::{is_binary, is_json};
use super::{Lowering, inline, schema};
use crate::document::{deref, entries, object};
use crate::error::{Located, Pointer, unsupported};
use crate::names::type_name;

/// The media type and schema of a body.
type Content = (String, Value);

/// The lowered responses of an operation.
pub(super) struct Responses {
    pub(super) lowered: Value,
    /// The successful codes; empty if every 2xx code is successful.
    pub(super) success: Vec<u16>,
    /// The successful codes without a body, if others have one.
    pub(super) without_body: Vec<u16>,
}

impl Lowering<'_> {
    /// Keeps only successful responses, with one common body. Error responses are decoded by the convenience crates, and
    /// the generator supports only one return type per method.
    pub(super) fn responses(
        &mut self,
        id: &str,
        operation: &Map<String, Value>,
        at: &Pointer,
    ) -> Result<Responses, Located> {
        let at = at.at("responses");
        let found = self.successful(operation, &at)?;
        let contents: Vec<_> = found.iter().filter_map(|(_, content)| content.as_ref()).collect();
        let body = self.one_body(id, contents, &at)?;
        let mut out = Map::new();
        for (code, _) in &found {
            let mut response = json!({ "description": "" });
            if let Some((media, schema)) = &body {
                response["content"] = json!({ media: { "schema": schema } });
            }
            out.insert(code.clone(), response);
        }
        let number = |code: &String| code.parse().ok();
        // A stream can be empty, so it needs no `Option`.
        let is_json = body.is_some_and(|(media, _)| is_json(&media));
        let without_body = found.iter().filter(|(_, content)| is_json && content.is_none());
        Ok(Responses {
            lowered: Value::Object(out),
            success: found.iter().filter_map(|(code, _)| number(code)).collect(),
            without_body: without_body.filter_map(|(code, _)| number(code)).collect(),
        })
    }

    /// Returns the successful responses: those with a 2xx code, or the response for all of them, `2XX` or `default`.
    fn successful(
        &self,
        operation: &Map<String, Value>,
        at: &Pointer,
    ) -> Result<Vec<(String, Option<Content>)>, Located> {
        let all = operation.get("responses").and_then(Value::as_object);
        let mut found = Vec::new();
        for (code, value) in all
            .into_iter()
            .flatten()
            .filter(|(code, _)| code.starts_with('2'))
        {
            let at = at.at(code);
            let response = object(deref(self.document, value, &at)?, &at)?;
            found.push((code.clone(), content(response, &at)?));
        }
        if let Some(range) = found.iter().find(|(code, _)| code == "2XX")
            && found.len() > 1
        {
            return Err(unsupported(
                &at.at(&range.0),
                "mix of status codes and ranges",
                "list the successful codes, or give only the range",
            ));
        }
        let codes: Vec<_> = all.into_iter().flatten().map(|(code, _)| code.as_str()).collect();
        if let (true, Some(value)) = (codes == ["default"], all.and_then(|all| all.get("default"))) {
            let at = at.at("default");
            let response = object(deref(self.document, value, &at)?, &at)?;
            found.push(("2XX".to_owned(), content(response, &at)?));
        }
        if found.is_empty() {
            return Err(unsupported(
                at,
                "operation without a successful response",
                "declare at least one 2xx code",
            ));
        }
        Ok(found)
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
        if different.iter().any(|(other, _)| other != media) {
            return Err(unsupported(
                at,
                "mix of media types in successful responses",
                "all successful responses must have the same media type",
            ));
        }
        let name = format!("{id}-response");
        if different.len() == 1 && (contents.len() == 1 || schema.get("$ref").is_some()) {
            let schema = inline::name(schema.clone(), &name, &mut self.schemas, &mut self.types);
            return Ok(Some((media.clone(), schema)));
        }
        let name = self.free_type(&type_name(&name));
        let hoisted = match different.as_slice() {
            [(_, schema)] => schema.clone(),
            several => json!({ "oneOf": several.iter().map(|(_, schema)| schema).collect::<Vec<_>>() }),
        };
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.schemas.insert(name, hoisted);
        Ok(Some((media.clone(), reference)))
    }
}

/// Returns the body of a response, preferring JSON.
fn content(response: &Map<String, Value>, at: &Pointer) -> Result<Option<Content>, Located> {
    let all = entries(response, "content", at)?;
    let chosen = all.iter().find(|(_, media, _)| is_json(media)).or(all.first());
    Ok(chosen.map(|(_, media, value)| {
        let schema = value.get("schema").unwrap_or(&Value::Null);
        let media = match *media {
            _ if is_binary(schema) => "application/octet-stream",
            media if is_json(media) => "application/json",
            media => media,
        };
        (media.to_owned(), schema::lower(schema, &Map::new(), false))
    }))
}
