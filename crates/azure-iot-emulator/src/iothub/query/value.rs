//! Values of query expressions.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value};
use twin_query::Literal;
use twin_query::iothub::Constant;

/// A value, borrowed from the store or the query if possible.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand<'a> {
    /// A missing property, or the result of an operation on values of the wrong types.
    Undefined,
    Null,
    Bool(bool),
    Number(Numeric),
    Text(Cow<'a, str>),
    Array(Cow<'a, [Value]>),
    Object(Cow<'a, Map<String, Value>>),
}

/// A number; integers stay exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Numeric {
    Integer(i64),
    Float(f64),
}

impl<'a> Operand<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(crate) fn integer(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Undefined, |value| Self::Number(Numeric::Integer(value)))
    }

    /// Converts an optional string; `None` is undefined.
    pub(crate) fn optional(text: Option<&'a str>) -> Self {
        text.map_or(Self::Undefined, Self::text)
    }

    /// Converts a float; infinity and NaN are undefined.
    pub(crate) fn float(value: f64) -> Self {
        if value.is_finite() {
            Self::Number(Numeric::Float(value))
        } else {
            Self::Undefined
        }
    }

    pub(crate) fn borrowed(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::number(number),
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::Array(Cow::Borrowed(items)),
            Value::Object(members) => Self::Object(Cow::Borrowed(members)),
        }
    }

    pub(crate) fn owned(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::number(&number),
            Value::String(text) => Self::Text(Cow::Owned(text)),
            Value::Array(items) => Self::Array(Cow::Owned(items)),
            Value::Object(members) => Self::Object(Cow::Owned(members)),
        }
    }

    fn number(number: &Number) -> Self {
        match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Self::Number(Numeric::Integer(integer)),
            (None, Some(float)) => Self::float(float),
            (None, None) => Self::Undefined,
        }
    }

    pub(crate) fn constant(constant: &'a Constant) -> Self {
        match constant {
            Constant::Undefined => Self::Undefined,
            Constant::Literal(Literal::Null) => Self::Null,
            Constant::Literal(Literal::Bool(value)) => Self::Bool(*value),
            Constant::Literal(Literal::Number(number)) => match number.as_i64() {
                Some(integer) => Self::Number(Numeric::Integer(integer)),
                None => Self::float(number.as_f64()),
            },
            Constant::Literal(Literal::String(text)) => Self::text(text),
            Constant::Array(items) => {
                let items = items.iter().filter_map(|item| Self::constant(item).into_value());
                Self::Array(Cow::Owned(items.collect()))
            }
        }
    }

    /// Returns the value as JSON; `None` if it is undefined.
    pub(crate) fn into_value(self) -> Option<Value> {
        match self {
            Self::Undefined => None,
            Self::Null => Some(Value::Null),
            Self::Bool(value) => Some(Value::Bool(value)),
            Self::Number(Numeric::Integer(value)) => Some(Value::from(value)),
            Self::Number(Numeric::Float(value)) => Some(Value::from(value)),
            Self::Text(text) => Some(Value::String(text.into_owned())),
            Self::Array(items) => Some(Value::Array(items.into_owned())),
            Self::Object(members) => Some(Value::Object(members.into_owned())),
        }
    }

    /// Returns whether a row with this result matches. Only `true` does.
    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    pub(crate) fn as_number(&self) -> Option<Numeric> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Compares two values. Only primitives of the same type are ordered; strings compare by code points.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Number(left), Self::Number(right)) => left.order(*right),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

impl Numeric {
    #[expect(clippy::cast_precision_loss, reason = "calculations with a float use floats")]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}
