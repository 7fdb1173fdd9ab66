//! The kinds of elements: the concrete classes of DTDL.

use std::fmt;

/// The kind of an element: the DTDL class in its `@type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the variants are the classes of DTDL, which documents them"
)]
pub enum ElementKind {
    Array,
    Boolean,
    Byte,
    Bytes,
    Command,
    CommandPayload,
    CommandRequest,
    CommandResponse,
    CommandType,
    Component,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    EnumValue,
    Field,
    Float,
    Integer,
    Interface,
    Long,
    Map,
    MapKey,
    MapValue,
    Object,
    Property,
    Relationship,
    Short,
    String,
    Telemetry,
    Time,
    Unit,
    UnsignedByte,
    UnsignedInteger,
    UnsignedLong,
    UnsignedShort,
    Uuid,
}

use ElementKind as K;

impl ElementKind {
    /// Returns the name of the class, as written in `@type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("Entity", |(_, name)| name)
    }

    /// Returns the name with its article, for messages.
    pub(crate) fn with_article(self) -> String {
        let name = self.name();
        let article = if name.starts_with(['A', 'E', 'I', 'O']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {name}")
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(kind, _)| *kind)
    }

    /// Returns whether elements of this kind are allowed in the `contents` of an Interface.
    #[must_use]
    pub fn is_content(self) -> bool {
        CONTENT.contains(&self)
    }

    /// Returns whether elements of this kind are schemas.
    #[must_use]
    pub fn is_schema(self) -> bool {
        PRIMITIVE.contains(&self) || COMPLEX.contains(&self)
    }

    /// Returns whether this is Array, Enum, Map or Object.
    #[must_use]
    pub fn is_complex_schema(self) -> bool {
        COMPLEX.contains(&self)
    }

    /// Returns whether this is a numeric schema, which quantities such as Temperature require.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        NUMERIC.contains(&self)
    }
}

impl fmt::Display for ElementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

pub(crate) const CONTENT: &[K] = &[
    K::Command,
    K::Component,
    K::Property,
    K::Relationship,
    K::Telemetry,
];

pub(crate) const COMPLEX: &[K] = &[K::Array, K::Enum, K::Map, K::Object];

pub(crate) const NUMERIC: &[K] = &[
    K::Byte,
    K::Decimal,
    K::Double,
    K::Float,
    K::Integer,
    K::Long,
    K::Short,
    K::UnsignedByte,
    K::UnsignedInteger,
    K::UnsignedLong,
    K::UnsignedShort,
];

pub(crate) const PRIMITIVE: &[K] = &[
    K::Boolean,
    K::Byte,
    K::Bytes,
    K::Date,
    K::DateTime,
    K::Decimal,
    K::Double,
    K::Duration,
    K::Float,
    K::Integer,
    K::Long,
    K::Short,
    K::String,
    K::Time,
    K::UnsignedByte,
    K::UnsignedInteger,
    K::UnsignedLong,
    K::UnsignedShort,
    K::Uuid,
];

/// All schemas, primitive and complex.
pub(crate) const SCHEMA: &[K] = &[
    K::Array,
    K::Enum,
    K::Map,
    K::Object,
    K::Boolean,
    K::Byte,
    K::Bytes,
    K::Date,
    K::DateTime,
    K::Decimal,
    K::Double,
    K::Duration,
    K::Float,
    K::Integer,
    K::Long,
    K::Short,
    K::String,
    K::Time,
    K::UnsignedByte,
    K::UnsignedInteger,
    K::UnsignedLong,
    K::UnsignedShort,
    K::Uuid,
];

/// Abstract classes, whose names are not allowed in `@type`.
pub(crate) const ABSTRACT: &[&str] = &[
    "ComplexSchema",
    "Content",
    "Entity",
    "LatentType",
    "NamedEntity",
    "NamedLatentType",
    "NumericSchema",
    "PrimitiveSchema",
    "Schema",
    "SchemaField",
    "TemporalSchema",
    "UnitAttribute",
];

const NAMES: &[(K, &str)] = &[
    (K::Array, "Array"),
    (K::Boolean, "Boolean"),
    (K::Byte, "Byte"),
    (K::Bytes, "Bytes"),
    (K::Command, "Command"),
    (K::CommandPayload, "CommandPayload"),
    (K::CommandRequest, "CommandRequest"),
    (K::CommandResponse, "CommandResponse"),
    (K::CommandType, "CommandType"),
    (K::Component, "Component"),
    (K::Date, "Date"),
    (K::DateTime, "DateTime"),
    (K::Decimal, "Decimal"),
    (K::Double, "Double"),
    (K::Duration, "Duration"),
    (K::Enum, "Enum"),
    (K::EnumValue, "EnumValue"),
    (K::Field, "Field"),
    (K::Float, "Float"),
    (K::Integer, "Integer"),
    (K::Interface, "Interface"),
    (K::Long, "Long"),
    (K::Map, "Map"),
    (K::MapKey, "MapKey"),
    (K::MapValue, "MapValue"),
    (K::Object, "Object"),
    (K::Property, "Property"),
    (K::Relationship, "Relationship"),
    (K::Short, "Short"),
    (K::String, "String"),
    (K::Telemetry, "Telemetry"),
    (K::Time, "Time"),
    (K::Unit, "Unit"),
    (K::UnsignedByte, "UnsignedByte"),
    (K::UnsignedInteger, "UnsignedInteger"),
    (K::UnsignedLong, "UnsignedLong"),
    (K::UnsignedShort, "UnsignedShort"),
    (K::Uuid, "Uuid"),
];
