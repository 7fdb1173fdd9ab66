//! The bodies in which the services report errors.
//!
//! | where from | body |
//! |---|---|
//! | Digital Twins | `{"error":{"code":..,"message":..,"details":[..],"innererror":..}}` |
//! | its throttling | `{"error":{"statusCode":429,"message":..}}` |
//! | the gateway before it | `{"statusCode":401,"message":..}` |
//! | IoT Hub | `{"Message":"ErrorCode:<name>;<text>","ExceptionMessage":"Tracking ID:<id>-TimeStamp:<time>"}` |
//! | its newer parts | `{"errorCode":<number>,"message":..,"trackingId":..,"info":..}` |
//! | direct methods | the same as a string in `Message` |
//! | proxies | `application/problem+json`: `{"title":..,"detail":..}` |
//!
//! Nothing here fails: what is not understood is left out, and the caller still has the status.

use azure_core::http::headers::Headers;
use serde_json::{Map, Value};

use crate::header::header;

/// One of the errors that make up another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The service's code.
    pub code: Option<String>,
    /// The service's explanation.
    pub message: Option<String>,
    /// What the error is about, such as the name of a property.
    pub target: Option<String>,
}

/// What was understood.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) tracking_id: Option<String>,
    pub(super) details: Vec<ErrorDetail>,
    pub(super) inner_error: Option<Value>,
}

/// Reads headers and body. A code in the headers is preferred: it is the name where the body may have a number.
pub(super) fn parse(headers: &Headers, body: &[u8]) -> Envelope {
    let mut envelope = serde_json::from_slice(body)
        .map(|value| parse_value(&value))
        .unwrap_or_default();
    let code = header(headers, "iothub-errorcode").or_else(|| header(headers, "x-ms-error-code"));
    envelope.code = code.map(str::to_owned).or(envelope.code);
    envelope.tracking_id = envelope
        .tracking_id
        .or_else(|| header(headers, "mise-correlation-id").map(str::to_owned));
    envelope
}

/// Reads a body that is JSON.
pub(super) fn parse_value(body: &Value) -> Envelope {
    match body {
        Value::Object(object) => parse_object(object),
        // Some proxies pass the object on as a string.
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

/// IoT Hub's `Message`: `ErrorCode:<name>;<text>`, or a whole object as a string, or just a text.
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
        // One level only: the string must not lead into another.
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

/// The id in `Tracking ID:<id>-TimeStamp:<time>`.
fn tracking_id(exception: &str) -> Option<String> {
    without_time(exception.strip_prefix("Tracking ID:")?)
}

/// The id in `<id>-TimeStamp:<time>`.
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

/// A text or a number as text.
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

/// The beginning of a body, if it has one.
pub(super) fn excerpt(body: &[u8]) -> Option<String> {
    const CHARACTERS: usize = 1000;
    // A character takes at most four bytes, so no more of the body need be looked at.
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
