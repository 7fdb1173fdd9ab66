//! The historization extension: values whose history is recorded.

use super::extension::{BLANK, Extension, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:extension:historization",
        version: 1,
        dtdl: &[3],
        type_id: "dtmi:dtdl:extension:historization:v1:{}",
        types: TYPES,
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:historization",
        version: 2,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:historization:v2:{}",
        types: TYPES,
        ..BLANK
    },
];

const TYPES: &[Type] = &[adjunct("Historized", &[K::Property, K::Telemetry])];
