//! The IoT Central extension.

use super::extension::{BLANK, Constraint, Extension, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Property, Target, Value};

pub(super) const ALL: &[Extension] = &[Extension {
    context: "dtmi:iotcentral:context",
    version: 2,
    dtdl: &[2],
    type_id: "dtmi:iotcentral:class:{};2",
    property_id: "dtmi:dtdl:property:{};2",
    types: TYPES,
    records: &[
        (
            "geopoint",
            "dtmi:iotcentral:schema:geopoint;2",
            &[("lat", K::Double), ("lon", K::Double), ("alt", K::Double)],
        ),
        (
            "vector",
            "dtmi:iotcentral:schema:vector;2",
            &[("x", K::Double), ("y", K::Double), ("z", K::Double)],
        ),
    ],
    ..BLANK
}];

const COTYPES: &[K] = &[K::Property, K::Telemetry];

const fn unit(kind_of_unit: &'static str) -> Property {
    Property {
        name: "unit",
        required: false,
        value: Value::Element(Target {
            supplement: Some(kind_of_unit),
            ..Target::one("Unit", &[], &[K::Unit]).optional()
        }),
    }
}

const TYPES: &[Type] = &[
    Type {
        properties: &[unit("dtmi:standard:class:AccelerationUnit;2")],
        constraints: &[Constraint::Values {
            property: "schema",
            terms: &["vector"],
        }],
        ..adjunct("AccelerationVector", COTYPES)
    },
    Type {
        constraints: &[Constraint::Kinds {
            property: "schema",
            kinds: &[K::Double, K::Float, K::Integer, K::Long, K::String],
            noun: "a numeric or string schema",
        }],
        ..adjunct("Event", COTYPES)
    },
    Type {
        constraints: &[Constraint::Values {
            property: "schema",
            terms: &[
                "point",
                "multiPoint",
                "lineString",
                "multiLineString",
                "polygon",
                "multiPolygon",
                "geopoint",
            ],
        }],
        ..adjunct("Location", COTYPES)
    },
    Type {
        constraints: &[Constraint::Kinds {
            property: "schema",
            kinds: &[K::Enum],
            noun: "an Enum",
        }],
        ..adjunct("State", COTYPES)
    },
    Type {
        properties: &[unit("dtmi:standard:class:VelocityUnit;2")],
        constraints: &[Constraint::Values {
            property: "schema",
            terms: &["vector"],
        }],
        ..adjunct("VelocityVector", COTYPES)
    },
];
