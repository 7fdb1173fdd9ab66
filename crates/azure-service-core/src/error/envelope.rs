//! Error response bodies.
//!
//! | source | body |
//! |---|---|
//! | Azure REST guidelines | `{"error":{"code":..,"message":..,"details":[..],"innererror":..}}` |
//! | throttling | `{"error":{"statusCode":429,"message":..}}` |
//! | gateways | `{"statusCode":401,"message":..}` |
//! | older services | `{"Message":"ErrorCode:<name>;<text>","ExceptionMessage":"Tracking ID:<id>-TimeStamp:<time>"}` |
//! | numbered codes | `{"errorCode":<number>,"message":..,"trackingId":..,"info":..}`, or this as a string in `Message` |
//! | proxies | `application/problem+json`: `{"title":..,"detail":..}` |
//!
//! Parsing never fails: unknown content is ignored, and the error then has only a status.

use azure_core::http::headers::Headers;
use serde_json::{Map, Value};

use crate::header::header;

/// A detail of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The service's code.
    pub code: Option<String>,
    /// The service's message.
    pub message: Option<String>,
    /// The subject of the error, such as the name of a property.
    pub target: Option<String>,
}

/// The parsed content of an error response.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) tracking_id: Option<String>,
    pub(super) details: Vec<ErrorDetail>,
    pub(super) inner_error: Option<Value>,
}

/// Parses headers and body. A code in the headers takes precedence, because it is a name, while the code in the body
/// may be a number.
pub(super) fn parse(headers: &Headers, body: &[u8]) -> Envelope {
    let mut envelope = serde_json::from_slice(body)
        .map(|value| parse_value(&value))
        .unwrap_or_default();
    envelope.code = code_in(headers).map(str::to_owned).or(envelope.code);
    envelope.tracking_id = envelope
        .tracking_id
        .or_else(|| header(headers, "mise-correlation-id").map(str::to_owned));
    envelope
}

/// Returns the error code from the service-specific header `…-errorcode` or, without one, from `x-ms-error-code`.
pub(crate) fn code_in(headers: &Headers) -> Option<&str> {
    let ending_in = |ending: &str| {
        headers
            .iter()
            .filter(|(name, _)| name.as_str().ends_with(ending))
            .find_map(|(_, value)| Some(value.as_str()).filter(|value| !value.is_empty()))
    };
    ending_in("-errorcode").or_else(|| ending_in("-error-code"))
}

/// Parses a JSON body.
pub(super) fn parse_value(body: &Value) -> Envelope {
    match body {
        Value::Object(object) => parse_object(object),
        // Some proxies forward the object as a string.
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => parse_object(&object),
            _ => Envelope {
                message: non_empty(text),
                ..Envelope::default()
            },
        },
        _ => Envelope::default(),
    }
}

fn parse_object(object: &Map<String, Value>) -> Envelope {
    match object.get("error") {
        Some(Value::Object(error)) => {
            return Envelope {
                code: text(error, "code"),
                message: text(error, "message"),
                tracking_id: text(error, "trackingId"),
                details: error
                    .get("details")
                    .and_then(Value::as_array)
                    .map_or_else(Vec::new, |all| details(all)),
                inner_error: error.get("innererror").filter(|inner| !inner.is_null()).cloned(),
            };
        }
        Some(Value::String(error)) => {
            return Envelope {
                code: non_empty(error),
                message: text(object, "error_description").or_else(|| text(object, "message")),
                ..Envelope::default()
            };
        }
        _ => {}
    }
    if let Some(Value::String(message)) = object.get("Message") {
        return parse_message(message, object);
    }
    let trace = text(object, "trackingId").or_else(|| text(object, "traceId"));
    Envelope {
        code: text(object, "errorCode").or_else(|| text(object, "code")),
        message: text(object, "message")
            .or_else(|| text(object, "detail"))
            .or_else(|| text(object, "title")),
        tracking_id: trace.as_deref().and_then(without_time),
        details: Vec::new(),
        inner_error: object.get("info").filter(|info| !info.is_null()).cloned(),
    }
}

/// Parses a `Message`: `ErrorCode:<name>;<message>`, an object as a string, or plain text.
fn parse_message(message: &str, object: &Map<String, Value>) -> Envelope {
    let exception = text(object, "ExceptionMessage");
    let tracking_id = exception.as_deref().and_then(tracking_id);
    if let Some((code, text)) = message
        .strip_prefix("ErrorCode:")
        .map(|rest| rest.split_once(';').unwrap_or((rest, "")))
    {
        return Envelope {
            code: non_empty(code),
            message: non_empty(text),
            tracking_id,
            ..Envelope::default()
        };
    }
    if let Ok(Value::Object(inner)) = serde_json::from_str(message) {
        // Unwraps one level only, so the recursion is bounded.
        if !inner.contains_key("Message") {
            let envelope = parse_object(&inner);
            return Envelope {
                tracking_id: envelope.tracking_id.or(tracking_id),
                ..envelope
            };
        }
    }
    Envelope {
        message: non_empty(message),
        tracking_id,
        ..Envelope::default()
    }
}

/// Returns the id in `Tracking ID:<id>-TimeStamp:<time>`.
fn tracking_id(exception: &str) -> Option<String> {
    without_time(exception.strip_prefix("Tracking ID:")?)
}

/// Returns the id in `<id>-TimeStamp:<time>`.
fn without_time(id: &str) -> Option<String> {
    non_empty(id.split("-TimeStamp:").next().unwrap_or(id))
}

fn details(all: &[Value]) -> Vec<ErrorDetail> {
    let detail = |value: &Value| {
        let object = value.as_object()?;
        Some(ErrorDetail {
            code: text(object, "code"),
            message: text(object, "message"),
            target: text(object, "target"),
        })
    };
    all.iter().filter_map(detail).collect()
}

/// Returns a non-empty string, or a number as a string.
fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => non_empty(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns the beginning of a body, `None` if it is empty.
pub(super) fn excerpt(body: &[u8]) -> Option<String> {
    const CHARACTERS: usize = 1000;
    // A character has at most four bytes, so a longer prefix is never needed.
    let text = String::from_utf8_lossy(body.get(..4 * CHARACTERS).unwrap_or(body));
    let mut excerpt: String = text.trim().chars().take(CHARACTERS).collect();
    if excerpt.is_empty() {
        return None;
    }
    if excerpt.len() < body.trim_ascii().len() {
        excerpt.push('…');
    }
    Some(excerpt)
}
