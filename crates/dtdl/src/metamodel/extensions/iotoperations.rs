//! The Azure IoT Operations extension.

use super::extension::{BLANK, Constraint, Extension, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::kind::NUMERIC;
use crate::metamodel::language::{Limit, Pattern, Property, Value};

pub(super) const ALL: &[Extension] = &[Extension {
    context: "dtmi:iotoperations:context",
    version: 4,
    dtdl: &[4],
    type_id: "dtmi:iotoperations:class:{};4",
    property_id: "dtmi:iotoperations:property:{};4",
    types: TYPES,
    ..BLANK
}];

const DATA: &[K] = &[
    K::CommandRequest,
    K::CommandResponse,
    K::Field,
    K::MapValue,
    K::Property,
    K::Telemetry,
];

const NUMERIC_ONLY: &[Constraint] = &[Constraint::Kinds {
    property: "schema",
    kinds: NUMERIC,
    noun: "a numeric schema",
}];

const fn label(name: &'static str, pattern: Option<Pattern>) -> Property {
    Property {
        name,
        required: true,
        value: Value::String {
            max: Some(Limit::of(128)),
            pattern,
        },
    }
}

const fn number(name: &'static str, required: bool) -> Property {
    Property {
        name,
        required,
        value: Value::Number,
    }
}

const TYPES: &[Type] = &[
    Type {
        excludes: &["Event"],
        properties: &[label("ontology", None)],
        ..adjunct("Article", &[K::Interface])
    },
    Type {
        properties: &[label("typeRef", None)],
        ..adjunct(
            "Congruence",
            &[K::Array, K::Enum, K::Interface, K::Map, K::Object],
        )
    },
    adjunct("Detail", &[K::Object]),
    adjunct("Event", &[K::Interface]),
    Type {
        properties: &[label("group", Some(Pattern::Name))],
        ..adjunct("GroupMember", &[K::Command])
    },
    Type {
        excludes: &["HasComponent"],
        ..adjunct("HasCapability", &[K::Relationship])
    },
    adjunct("HasComponent", &[K::Relationship]),
    Type {
        properties: &[number("maximum", false), number("minimum", false)],
        constraints: &[
            NUMERIC_ONLY[0],
            Constraint::Conforms {
                property: "maximum",
                schema: "schema",
            },
            Constraint::Conforms {
                property: "minimum",
                schema: "schema",
            },
        ],
        ..adjunct("Limited", DATA)
    },
    Type {
        properties: &[Property {
            name: "decimalPlaces",
            required: true,
            value: Value::Integer { min: None, max: None },
        }],
        constraints: NUMERIC_ONLY,
        ..adjunct("Precise", DATA)
    },
    Type {
        properties: &[label("namespace", None)],
        ..adjunct(
            "Qualified",
            &[
                K::Command,
                K::Component,
                K::Field,
                K::Property,
                K::Relationship,
                K::Telemetry,
            ],
        )
    },
    Type {
        properties: &[number("scaleFactor", true)],
        constraints: &[
            NUMERIC_ONLY[0],
            Constraint::Conforms {
                property: "scaleFactor",
                schema: "schema",
            },
        ],
        ..adjunct("ScaledStatically", DATA)
    },
    Type {
        constraints: &[Constraint::OnlyIn {
            property: "fields",
            parent: "Detail",
        }],
        ..adjunct("Subject", &[K::Field])
    },
];
