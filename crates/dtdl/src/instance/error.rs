//! What can be wrong with data.

use std::fmt;

use serde_json::Value;

use crate::{Dtmi, ElementKind};

/// One thing in which data does not fit a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceError {
    /// JSON pointer (RFC 6901) to the value, within the data that was checked; for something that is missing, to
    /// what should have it.
    pub pointer: String,
    /// What is wrong.
    pub kind: InstanceErrorKind,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceErrorKind {
    /// The JSON type does not go with the schema.
    WrongType {
        /// What the schema is.
        expected: ElementKind,
        /// What the value is.
        found: JsonType,
    },
    /// Null, which stands for no value and is none.
    Null {
        /// What the schema is.
        expected: ElementKind,
    },
    /// A number that does not fit the schema.
    OutOfRange {
        /// What the schema is.
        expected: ElementKind,
    },
    /// A text that is not written as the schema wants it.
    WrongFormat {
        /// What the schema is.
        expected: ElementKind,
    },
    /// None of the values of an Enum.
    NotInEnum {
        /// The values, as JSON.
        allowed: Vec<String>,
    },
    /// An Object has no field of this name.
    UnknownField {
        /// The name.
        name: String,
    },
    /// A field that has to be there is not.
    MissingField {
        /// The name.
        name: String,
    },
    /// The Interface or Relationship has nothing of this name.
    UnknownProperty {
        /// The name.
        name: String,
    },
    /// The Interface has something of this name, but not a Property or Component.
    NotAProperty {
        /// The name.
        name: String,
        /// What it is.
        kind: ElementKind,
    },
    /// A Component of the Interface is not there.
    MissingComponent {
        /// The name.
        name: String,
    },
    /// `$metadata` is not there, or not an object.
    MissingMetadata,
    /// `$metadata` has no `$model`.
    MissingModel,
    /// `$metadata` names another model.
    WrongModel {
        /// The Interface that the twin was checked against.
        expected: Dtmi,
        /// What it says.
        found: String,
    },
    /// Values are nested deeper than any model allows.
    TooDeep,
    /// The model has no schema for this; does not happen with a parsed model.
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
    /// A text.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    /// The type of a value.
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
            Self::String => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// What a value of a schema looks like in JSON.
fn shape(kind: ElementKind) -> &'static str {
    match kind {
        ElementKind::Array => "an array",
        ElementKind::Boolean => "true or false",
        ElementKind::Byte => "a whole number from -128 to 127",
        ElementKind::Bytes => "bytes as a Base64 text",
        ElementKind::Component | ElementKind::Interface => "an object with `$metadata`",
        ElementKind::Date => "a date such as \"2024-02-29\"",
        ElementKind::DateTime => "a date and time such as \"2024-02-29T08:30:00Z\"",
        ElementKind::Decimal => "a decimal number as text, such as \"-12.50\"",
        ElementKind::Double => "a number",
        ElementKind::Duration => "a duration such as \"PT15M\"",
        ElementKind::Enum => "a value of the Enum",
        ElementKind::Float => "a number that a 32-bit float can hold",
        ElementKind::Integer => "a whole number of 32 bits",
        ElementKind::Long => "a whole number of 64 bits",
        ElementKind::Map | ElementKind::Object | ElementKind::Relationship => "an object",
        ElementKind::Short => "a whole number of 16 bits",
        ElementKind::Time => "a time such as \"08:30:00Z\"",
        ElementKind::UnsignedByte => "a whole number from 0 to 255",
        ElementKind::UnsignedInteger => "a whole number of 32 bits, not negative",
        ElementKind::UnsignedLong => "a whole number of 64 bits, not negative",
        ElementKind::UnsignedShort => "a whole number of 16 bits, not negative",
        ElementKind::Uuid => "a UUID such as \"6f1c2a34-0b5d-4e6f-8a90-1b2c3d4e5f60\"",
        _ => "a text",
    }
}

impl fmt::Display for InstanceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongType { expected, found } => {
                write!(f, "this is {found}; {expected} needs {}", shape(*expected))
            }
            Self::Null { expected } => write!(f, "null is no value; {expected} needs {}", shape(*expected)),
            Self::OutOfRange { expected } => write!(
                f,
                "the number is too large; {expected} needs {}",
                shape(*expected)
            ),
            Self::WrongFormat { expected } => {
                write!(f, "the text does not fit; {expected} needs {}", shape(*expected))
            }
            Self::NotInEnum { allowed } => {
                write!(f, "the Enum has no such value; it has {}", allowed.join(", "))
            }
            Self::UnknownField { name } => write!(f, "the Object has no field `{name}`"),
            Self::MissingField { name } => write!(f, "the required field `{name}` is missing"),
            Self::UnknownProperty { name } => write!(f, "the model has no Property `{name}`"),
            Self::NotAProperty { name, kind } => write!(f, "`{name}` is a {kind}, which has no stored value"),
            Self::MissingComponent { name } => {
                write!(
                    f,
                    "the Component `{name}` is missing; it needs at least {{\"$metadata\": {{}}}}"
                )
            }
            Self::MissingMetadata => f.write_str("there is no `$metadata` object"),
            Self::MissingModel => f.write_str("`$metadata` has no `$model`"),
            Self::WrongModel { expected, found } => {
                write!(f, "`$model` is `{found}` instead of `{expected}`")
            }
            Self::TooDeep => f.write_str("values are nested too deep"),
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
