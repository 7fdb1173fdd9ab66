//! Errors in data.

use std::fmt;

use serde_json::Value;

use crate::{Dtmi, ElementKind};

/// An error in data that was validated against a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceError {
    /// JSON pointer (RFC 6901) to the value within the data. For a missing value, to its parent.
    pub pointer: String,
    /// The rule that the value violates.
    pub kind: InstanceErrorKind,
}

/// A rule that a value can violate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceErrorKind {
    /// The JSON type does not match the schema.
    WrongType {
        /// The kind of the schema.
        expected: ElementKind,
        /// The type of the value.
        found: JsonType,
    },
    /// The value is null, which no schema allows.
    Null {
        /// The kind of the schema.
        expected: ElementKind,
    },
    /// A number is outside the range of the schema.
    OutOfRange {
        /// The kind of the schema.
        expected: ElementKind,
    },
    /// A string does not have the format that the schema requires.
    WrongFormat {
        /// The kind of the schema.
        expected: ElementKind,
    },
    /// The value is not one of the values of the Enum.
    NotInEnum {
        /// The values of the Enum, as JSON.
        allowed: Vec<String>,
    },
    /// The Object has no field with this name.
    UnknownField {
        /// The name.
        name: String,
    },
    /// A required field is missing.
    MissingField {
        /// The name.
        name: String,
    },
    /// The Interface or Relationship defines nothing with this name.
    UnknownProperty {
        /// The name.
        name: String,
    },
    /// The name belongs to a content that is neither a Property nor a Component.
    NotAProperty {
        /// The name.
        name: String,
        /// The kind of the content.
        kind: ElementKind,
    },
    /// A Component of the Interface is missing.
    MissingComponent {
        /// The name.
        name: String,
    },
    /// `$metadata` is missing or not an object.
    MissingMetadata,
    /// `$metadata` has no `$model`.
    MissingModel,
    /// `$metadata` names a model other than the expected Interface.
    WrongModel {
        /// The Interface that the twin was validated against.
        expected: Dtmi,
        /// The model in `$metadata`.
        found: String,
    },
    /// Values are nested more than 128 levels deep.
    TooDeep,
    /// The model has no schema for the value. Does not occur with a parsed model.
    NoSchema,
}

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonType {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    /// Returns the type of a value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// Describes the JSON form of values of a schema, for messages.
fn shape(kind: ElementKind) -> &'static str {
    match kind {
        ElementKind::Array => "a JSON array",
        ElementKind::Boolean => "true or false",
        ElementKind::Byte => "an integer from -128 to 127",
        ElementKind::Bytes => "a Base64 string",
        ElementKind::Component | ElementKind::Interface => "an object with `$metadata`",
        ElementKind::Date => "a date such as \"2024-02-29\"",
        ElementKind::DateTime => "a date and time such as \"2024-02-29T08:30:00Z\"",
        ElementKind::Decimal => "a decimal string such as \"-12.50\"",
        ElementKind::Double => "a number",
        ElementKind::Duration => "a duration such as \"PT15M\"",
        ElementKind::Enum => "a value of the Enum",
        ElementKind::Float => "a number in the range of a 32-bit float",
        ElementKind::Integer => "a 32-bit integer",
        ElementKind::Long => "a 64-bit integer",
        ElementKind::Map | ElementKind::Object | ElementKind::Relationship => "a JSON object",
        ElementKind::Short => "a 16-bit integer",
        ElementKind::Time => "a time such as \"08:30:00Z\"",
        ElementKind::UnsignedByte => "an integer from 0 to 255",
        ElementKind::UnsignedInteger => "an unsigned 32-bit integer",
        ElementKind::UnsignedLong => "an unsigned 64-bit integer",
        ElementKind::UnsignedShort => "an unsigned 16-bit integer",
        ElementKind::Uuid => "a UUID such as \"6f1c2a34-0b5d-4e6f-8a90-1b2c3d4e5f60\"",
        _ => "a string",
    }
}

impl fmt::Display for InstanceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongType {
                expected,
                found: JsonType::Number,
            } if expected.is_numeric() && *expected != ElementKind::Decimal => write!(
                f,
                "found a number with a fractional part; {expected} requires {}",
                shape(*expected)
            ),
            Self::WrongType { expected, found } => {
                write!(f, "found {found}; {expected} requires {}", shape(*expected))
            }
            Self::Null { expected } => write!(f, "found null; {expected} requires {}", shape(*expected)),
            Self::OutOfRange { expected } => write!(
                f,
                "the number is out of range; {expected} requires {}",
                shape(*expected)
            ),
            Self::WrongFormat { expected } => {
                write!(
                    f,
                    "the string is malformed; {expected} requires {}",
                    shape(*expected)
                )
            }
            Self::NotInEnum { allowed } => {
                write!(
                    f,
                    "the value is not in the Enum; it must be one of {}",
                    allowed.join(", ")
                )
            }
            Self::UnknownField { name } => write!(f, "the Object has no field `{name}`"),
            Self::MissingField { name } => write!(f, "the required field `{name}` is missing"),
            Self::UnknownProperty { name } => write!(f, "the model has no Property `{name}`"),
            Self::NotAProperty { name, kind } => write!(
                f,
                "`{name}` is {}, which has no value in a twin",
                kind.with_article()
            ),
            Self::MissingComponent { name } => {
                write!(
                    f,
                    "the Component `{name}` is missing; add at least {{\"$metadata\": {{}}}}"
                )
            }
            Self::MissingMetadata => f.write_str("the `$metadata` object is missing"),
            Self::MissingModel => f.write_str("`$metadata` has no `$model`"),
            Self::WrongModel { expected, found } => {
                write!(f, "`$model` is `{found}`; expected `{expected}`")
            }
            Self::TooDeep => f.write_str("values are nested more than 128 levels deep"),
            Self::NoSchema => f.write_str("the model has no schema for this value"),
        }
    }
}

impl fmt::Display for InstanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "{}: {}", self.pointer, self.kind)
        }
    }
}

impl std::error::Error for InstanceError {}
