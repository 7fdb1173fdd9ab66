//! Validation of values against schemas.

use dtdl::{ElementKind, InstanceError, InstanceErrorKind, Schema};
use serde_json::Value;

use crate::digitaltwins::rules::limits::Limits;

/// Validates the value of a property and adds a message per violation. `parent` is the component, the relationship or
/// `Twin`. Returns whether the value is valid.
pub(crate) fn check(
    schema: &Schema,
    value: &Value,
    (name, parent): (&str, &str),
    limits: &Limits,
    faults: &mut Vec<String>,
) -> bool {
    let before = faults.len();
    let errors = dtdl::validate_instance(value, schema);
    faults.extend(errors.iter().map(|error| describe(error, name, parent)));
    if has_long_string(value, limits.string_bytes) {
        faults.push(format!(
            "A string of {name} on {parent} is longer than the maximum of {} bytes.",
            limits.string_bytes
        ));
    }
    faults.len() == before
}

/// Returns the message for a violation: the service's message where it is known. For a violation inside a value,
/// the path follows the name.
fn describe(error: &InstanceError, name: &str, parent: &str) -> String {
    let name = format!("{name}{}", error.pointer);
    match &error.kind {
        InstanceErrorKind::WrongType { expected, .. }
        | InstanceErrorKind::Null { expected }
        | InstanceErrorKind::OutOfRange { expected }
        | InstanceErrorKind::WrongFormat { expected } => {
            format!(
                "Expected value of type {} for {name} on {parent}.",
                term(*expected)
            )
        }
        InstanceErrorKind::NotInEnum { allowed } => {
            format!(
                "Expected one of the enum values {} for {name} on {parent}.",
                allowed.join(", ")
            )
        }
        InstanceErrorKind::UnknownField { .. } => format!("{name} does not appear on the DTDL for {parent}."),
        other => format!("The value of {name} on {parent} is not valid: {other}."),
    }
}

/// Returns the DTDL term for a schema. Terms for primitive schemas start in lower case.
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

fn has_long_string(value: &Value, limit: usize) -> bool {
    match value {
        Value::String(text) => text.len() > limit,
        Value::Array(items) => items.iter().any(|item| has_long_string(item, limit)),
        Value::Object(members) => members.values().any(|member| has_long_string(member, limit)),
        _ => false,
    }
}
