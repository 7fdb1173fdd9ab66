//! Built-in elements of DTDL and its extensions: primitive schemas, geometries, units.

use super::kind::ElementKind as K;

/// A built-in element, which models refer to without defining it.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) id: String,
    pub(crate) term: &'static str,
    /// The DTDL version of the element.
    pub(crate) version: u8,
    pub(crate) shape: Shape,
}

/// The structure of a built-in element.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// An element without properties.
    Plain(K),
    /// An Object with two fields: `type`, an Enum with `name` as its only value, and `coordinates`, doubles in `arrays`
    /// nested Arrays.
    Geometry { name: &'static str, arrays: usize },
    /// An Object with these fields of primitive schemas.
    Record(&'static [(&'static str, K)]),
    /// A unit of DTDL version 2, with its supplemental type.
    Unit { kind_of_unit: String },
    /// An Enum of units; `unit_id` is the prefix of their identifiers.
    UnitEnum {
        units: &'static [&'static str],
        unit_id: String,
    },
    /// A unit that is a value of an Enum.
    UnitValue { enum_id: String },
}

/// The GeoJSON geometries of all DTDL versions: term, GeoJSON type, nesting of the coordinates.
pub(crate) const GEOMETRIES: &[(&str, &str, usize)] = &[
    ("lineString", "LineString", 2),
    ("multiLineString", "MultiLineString", 3),
    ("multiPoint", "MultiPoint", 2),
    ("multiPolygon", "MultiPolygon", 4),
    ("point", "Point", 1),
    ("polygon", "Polygon", 3),
];

/// The fields of `scaledDecimal`, new in DTDL version 4.
pub(crate) const SCALED_DECIMAL: &[(&str, K)] = &[("scale", K::Short), ("value", K::Decimal)];

/// The deprecated values of `commandType`.
pub(crate) const COMMAND_TYPES: &[&str] = &["asynchronous", "synchronous"];
