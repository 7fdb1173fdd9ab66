//! The filters of event routes: parsed when a route is stored, evaluated for each event.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::digitaltwins::events::cloud_event::CloudEvent;
use crate::digitaltwins::events::event_type;

/// A condition on events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Constant(bool),
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Compare(Operand, Comparison, Operand),
    Text(Function, Operand, Operand),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Attribute(Attribute),
    /// The path of a member of the event's data. Array elements have no path.
    Body(Vec<String>),
    Literal(Value),
}

/// An attribute of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Attribute {
    Type,
    Source,
    Subject,
    DataSchema,
    DataContentType,
    SpecVersion,
    /// The event type under its name in the first preview, which filters still accept.
    EventType,
}

impl Filter {
    /// Returns whether an event matches.
    pub(crate) fn matches(&self, event: &CloudEvent) -> bool {
        match self {
            Filter::Constant(value) => *value,
            Filter::Or(parts) => parts.iter().any(|part| part.matches(event)),
            Filter::And(parts) => parts.iter().all(|part| part.matches(event)),
            Filter::Compare(left, operator, right) => {
                compare(&left.value(event), *operator, &right.value(event))
            }
            Filter::Text(function, whole, part) => {
                match (whole.value(event).as_str(), part.value(event).as_str()) {
                    (Some(whole), Some(part)) => match function {
                        Function::StartsWith => whole.starts_with(part),
                        Function::EndsWith => whole.ends_with(part),
                        Function::Contains => whole.contains(part),
                    },
                    _ => false,
                }
            }
        }
    }
}

impl Operand {
    /// Returns the value of the operand; null if it is missing.
    fn value(&self, event: &CloudEvent) -> Value {
        match self {
            Operand::Literal(value) => value.clone(),
            Operand::Body(path) => path
                .iter()
                .try_fold(&event.data, |value, name| value.as_object()?.get(name))
                .cloned()
                .unwrap_or_default(),
            Operand::Attribute(attribute) => Value::from(match attribute {
                Attribute::Type => event.event_type,
                Attribute::Source => &event.source,
                Attribute::Subject => &event.subject,
                Attribute::DataSchema => return event.dataschema.clone().into(),
                Attribute::DataContentType => event.datacontenttype,
                Attribute::SpecVersion => event.specversion,
                Attribute::EventType => preview_type(event.event_type),
            }),
        }
    }
}

/// Returns the preview name of an event type. The names for relationships are inferred from the names for twins.
fn preview_type(event_type: &str) -> &'static str {
    match event_type {
        event_type::TELEMETRY => "DigitalTwinTelemetryMessages",
        event_type::TWIN_UPDATE => "DigitalTwinChangeNotification",
        event_type::TWIN_CREATE | event_type::TWIN_DELETE => "DigitalTwinLifecycleNotification",
        event_type::RELATIONSHIP_UPDATE => "RelationshipChangeNotification",
        _ => "RelationshipLifecycleNotification",
    }
}

/// Compares two values. Values of different types are neither equal nor ordered.
fn compare(left: &Value, operator: Comparison, right: &Value) -> bool {
    let ordering = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Null, Value::Null) => Some(std::cmp::Ordering::Equal),
        _ => None,
    };
    match (operator, ordering) {
        (Comparison::Equal, ordering) => ordering.is_some_and(std::cmp::Ordering::is_eq),
        (Comparison::NotEqual, ordering) => !ordering.is_some_and(std::cmp::Ordering::is_eq),
        (_, None) => false,
        (Comparison::Less, Some(ordering)) => ordering.is_lt(),
        (Comparison::LessOrEqual, Some(ordering)) => ordering.is_le(),
        (Comparison::Greater, Some(ordering)) => ordering.is_gt(),
        (Comparison::GreaterOrEqual, Some(ordering)) => ordering.is_ge(),
    }
}
