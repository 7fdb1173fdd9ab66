//! Checks values against the schemas of a model.

use dtdl::{ElementKind, InstanceError, InstanceErrorKind, Schema};
use serde_json::Value;

use crate::digitaltwins::rules::limits::Limits;

/// Checks the value of a property and adds a message per fault; `place` is the component, the relationship or `Twin`.
/// Returns whether there is none.
pub(crate) fn check(
    schema: &Schema,
    value: &Value,
    (name, place): (&str, &str),
    limits: &Limits,
    faults: &mut Vec<String>,
) -> bool {
    let before = faults.len();
    let errors = dtdl::validate_instance(value, schema);
    faults.extend(errors.iter().map(|error| describe(error, name, place)));
    if has_long_text(value, limits.string_bytes) {
        faults.push(format!(
            "A string of {name} on {place} is longer than the maximum of {} bytes.",
            limits.string_bytes
        ));
    }
    faults.len() == before
}

/// Returns the service's message where it is known. A fault inside a value has its path behind the name.
fn describe(error: &InstanceError, name: &str, place: &str) -> String {
    let name = format!("{name}{}", error.pointer);
    match &error.kind {
        InstanceErrorKind::WrongType { expected, .. }
        | InstanceErrorKind::Null { expected }
        | InstanceErrorKind::OutOfRange { expected }
        | InstanceErrorKind::WrongFormat { expected } => {
            format!(
                "Expected value of type {} for {name} on {place}.",
                term(*expected)
            )
        }
        InstanceErrorKind::NotInEnum { allowed } => {
            format!(
                "Expected one of the enum values {} for {name} on {place}.",
                allowed.join(", ")
            )
        }
        InstanceErrorKind::UnknownField { .. } => format!("{name} does not appear on the DTDL for {place}."),
        other => format!("The value of {name} on {place} does not fit: {other}."),
    }
}

/// Returns the DTDL term for a schema; primitive ones begin with a small letter.
fn term(kind: ElementKind) -> String {
    let word = kind.to_string();
    match kind {
        ElementKind::Array | ElementKind::Enum | ElementKind::Map | ElementKind::Object => word,
        _ => {
            let mut characters = word.chars();
            let first = characters.next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(characters).collect()
        }
    }
}

fn has_long_text(value: &Value, limit: usize) -> bool {
    match value {
        Value::String(text) => text.len() > limit,
        Value::Array(items) => items.iter().any(|item| has_long_text(item, limit)),
        Value::Object(members) => members.values().any(|member| has_long_text(member, limit)),
        _ => false,
    }
}
