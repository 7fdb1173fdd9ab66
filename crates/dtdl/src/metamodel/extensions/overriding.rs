//! The overriding extension: Properties whose value in a twin overrides a value in the model.

use super::extension::{BLANK, Constraint, Extension, Sibling, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Property, Value};

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:extension:overriding",
        version: 1,
        dtdl: &[3],
        type_id: "dtmi:dtdl:extension:overriding:v1:{}",
        property_id: "dtmi:dtdl:extension:overriding:v1:{type}:{}",
        types: &[Type {
            requires: &["dtmi:dtdl:extension:annotation:v1:ValueAnnotation"],
            excludes: &["dtmi:dtdl:extension:initialization:v1:Initialized"],
            ..OVERRIDE
        }],
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:overriding",
        version: 2,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:overriding:v2:{}",
        property_id: "dtmi:dtdl:extension:overriding:v2:{type}:{}",
        types: &[Type {
            requires: &["dtmi:dtdl:extension:annotation:v2:ValueAnnotation"],
            ..OVERRIDE
        }],
        ..BLANK
    },
];

const OVERRIDE: Type = Type {
    properties: &[Property {
        name: "overrides",
        required: true,
        value: Value::Iri,
    }],
    constraints: &[Constraint::SchemaOfOverridden],
    siblings: &[Sibling::Overridden {
        by: "annotates",
        property: "overrides",
    }],
    ..adjunct("Override", &[K::Property])
};
