//! The initialization extension: Properties with an initial value. Published as a preview only.

use super::extension::{BLANK, Constraint, Extension, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Property, Value};

pub(super) const ALL: &[Extension] = &[Extension {
    context: "dtmi:dtdl:extension:initialization",
    version: 1,
    dtdl: &[2, 3],
    type_id: "dtmi:dtdl:extension:initialization:v1:{}",
    property_id: "dtmi:dtdl:extension:initialization:v1:{type}:{}",
    types: TYPES,
    ..BLANK
}];

const TYPES: &[Type] = &[Type {
    properties: &[Property {
        name: "initialValue",
        required: true,
        value: Value::Json,
    }],
    constraints: &[Constraint::Conforms {
        property: "initialValue",
        schema: "schema",
    }],
    ..adjunct("Initialized", &[K::Property])
}];
