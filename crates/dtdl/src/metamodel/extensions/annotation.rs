//! The annotation extension: elements that annotate a sibling.

use super::extension::{BLANK, Extension, Sibling, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Property, Value};

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:extension:annotation",
        version: 1,
        dtdl: &[3],
        type_id: "dtmi:dtdl:extension:annotation:v1:{}",
        property_id: "dtmi:dtdl:extension:annotation:v1:{type}:{}",
        types: TYPES,
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:annotation",
        version: 2,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:annotation:v2:{}",
        property_id: "dtmi:dtdl:extension:annotation:v2:{type}:{}",
        types: TYPES,
        ..BLANK
    },
];

const TYPES: &[Type] = &[Type {
    properties: &[Property {
        name: "annotates",
        required: true,
        value: Value::String {
            max: None,
            pattern: None,
        },
    }],
    siblings: &[Sibling::Named {
        by: "annotates",
        kinds: &[K::Property, K::Telemetry],
        not: Some("ValueAnnotation"),
    }],
    ..adjunct("ValueAnnotation", &[K::Property, K::Telemetry])
}];
