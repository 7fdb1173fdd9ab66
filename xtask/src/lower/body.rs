//! Lowers request bodies.

use serde_json::{Map, Value, json};

use super::{Lowering, inline};
use crate::document::{deref_at, entries, object};
use crate::error::{Located, Pointer, unsupported};

/// A lowered request body.
pub(super) struct Body {
    pub(super) lowered: Value,
    /// The content type that is sent.
    pub(super) media: String,
    pub(super) optional: bool,
}

impl Lowering<'_> {
    pub(super) fn body(&mut self, id: &str, value: &Value, at: &Pointer) -> Result<Body, Located> {
        let (at, value) = deref_at(self.document, value, at)?;
        let (at, map) = (&at, object(value, &at)?);
        let content = entries(map, "content", at)?;
        let media: Vec<_> = content.iter().map(|(_, media, _)| *media).collect();
        let schema = content.first().and_then(|(_, _, media)| media.get("schema"));
        let (chosen, sent_as) = if schema.is_some_and(is_binary) && !is_form(&media) {
            (binary(&media), "application/octet-stream")
        } else {
            choose(&media, at)?
        };
        let fields = schema.and_then(|schema| schema.get("properties")?.as_object());
        if sent_as == "application/octet-stream" && fields.is_some_and(|fields| fields.len() > 1) {
            let form = media.iter().find(|media| media.starts_with("multipart/"));
            return Err(unsupported_body(at, form.unwrap_or(&chosen)));
        }
        let schema = content
            .iter()
            .find(|(_, media, _)| *media == chosen)
            .and_then(|(_, _, media)| media.get("schema"));
        let schema = match sent_as {
            "application/octet-stream" => json!({ "type": "string", "format": "binary" }),
            "text/plain" => json!({ "type": "string" }),
            _ => {
                let mut schema = self.sent_schema(schema.unwrap_or(&Value::Null));
                if let Some(schema) = schema.as_object_mut() {
                    schema.shift_remove("nullable");
                }
                inline::name(schema, &format!("{id}-body"), &mut self.schemas, &mut self.types)
            }
        };
        let mut out = Map::new();
        if let Some(text) = map.get("description") {
            out.insert("description".into(), text.clone());
        }
        out.insert("required".into(), json!(true));
        out.insert("content".into(), json!({ sent_as: { "schema": schema } }));
        Ok(Body {
            lowered: Value::Object(out),
            media: chosen.to_owned(),
            optional: map.get("required").and_then(Value::as_bool) != Some(true),
        })
    }
}

fn is_form(media: &[&str]) -> bool {
    media
        .iter()
        .all(|media| media.starts_with("multipart/") || media.contains("form-urlencoded"))
}

/// Returns the content type for a stream of bytes: `application/octet-stream`, unless only another suitable type is
/// declared.
fn binary<'a>(media: &[&'a str]) -> &'a str {
    let octets = "application/octet-stream";
    let fits = |media: &&&str| !is_json(media) && !media.contains('*') && !media.starts_with("multipart/");
    match media.iter().find(fits) {
        _ if media.contains(&octets) => octets,
        Some(media) => media,
        None => octets,
    }
}

/// Chooses a declared content type. Returns it with the equivalent type that the generator supports.
fn choose<'a>(media: &[&'a str], at: &Pointer) -> Result<(&'a str, &'static str), Located> {
    let chosen = media
        .iter()
        .find(|media| is_plain_json(media))
        .or_else(|| media.iter().find(|media| is_json(media)))
        .or_else(|| media.iter().find(|media| sent_as(media).is_some()));
    let chosen = *chosen.or(media.first()).unwrap_or(&"");
    let sent_as = sent_as(chosen).ok_or_else(|| unsupported_body(at, chosen))?;
    Ok((chosen, sent_as))
}

fn unsupported_body(at: &Pointer, media: &str) -> Located {
    unsupported(
        &at.at("content").at(media),
        format!("body of type `{media}`"),
        "allowed are JSON types, text types, application/octet-stream and application/x-www-form-urlencoded",
    )
}

fn sent_as(media: &str) -> Option<&'static str> {
    Some(match media.split(';').next().unwrap_or_default() {
        _ if is_json(media) => "application/json",
        "application/octet-stream" => "application/octet-stream",
        "application/x-www-form-urlencoded" => "application/x-www-form-urlencoded",
        "text/xml" => return None,
        text if text.starts_with("text/") => "text/plain",
        _ => return None,
    })
}

/// Returns whether a schema is a stream of bytes. Azure's descriptions write `format: file` too.
pub(super) fn is_binary(schema: &Value) -> bool {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    match text("format") {
        Some("binary") => text("type") == Some("string"),
        Some("file") => true,
        _ => false,
    }
}

pub(super) fn is_plain_json(media: &str) -> bool {
    media == "application/json" || media.starts_with("application/json;")
}

pub(super) fn is_json(media: &str) -> bool {
    is_plain_json(media)
        || media
            .split(';')
            .next()
            .is_some_and(|media| media == "text/json" || media.ends_with("+json"))
}
