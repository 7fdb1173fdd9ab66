//! Elements that the languages and extensions bring along: primitive schemas, geometries, units.

use super::kind::ElementKind as K;

/// An element that models refer to without defining it.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) id: String,
    pub(crate) term: &'static str,
    /// The DTDL version it belongs to.
    pub(crate) version: u8,
    pub(crate) shape: Shape,
}

/// How such an element is made up.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// An element with nothing but its kind.
    Plain(K),
    /// An Object with `type`, always this string, and `coordinates`, doubles in so many nested Arrays.
    Geometry { name: &'static str, arrays: usize },
    /// An Object with fields of primitive schemas.
    Record(&'static [(&'static str, K)]),
    /// A unit of version 2 with its supplemental type.
    Unit { kind_of_unit: String },
    /// An Enum of units, by the prefix of their identifiers.
    UnitEnum {
        units: &'static [&'static str],
        unit_id: String,
    },
    /// A unit that is one of the values of an Enum.
    UnitValue { enum_id: String },
}

/// The geometries of GeoJSON, in every version.
pub(crate) const GEOMETRIES: &[(&str, &str, usize)] = &[
    ("lineString", "LineString", 2),
    ("multiLineString", "MultiLineString", 3),
    ("multiPoint", "MultiPoint", 2),
    ("multiPolygon", "MultiPolygon", 4),
    ("point", "Point", 1),
    ("polygon", "Polygon", 3),
];

/// A decimal and the number of places to shift it by; from version 4.
pub(crate) const SCALED_DECIMAL: &[(&str, K)] = &[("scale", K::Short), ("value", K::Decimal)];

/// The two ways a command was once meant to run.
pub(crate) const COMMAND_TYPES: &[&str] = &["asynchronous", "synchronous"];
