//! The requirement extension: required fields and, since version 2 of the extension, required Properties.

use super::extension::{BLANK, Extension, adjunct};
use crate::metamodel::kind::ElementKind as K;

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:extension:requirement",
        version: 1,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:requirement:v1:{}",
        types: &[adjunct("Required", &[K::Field])],
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:requirement",
        version: 2,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:requirement:v2:{}",
        types: &[adjunct("Required", &[K::Field, K::Property])],
        ..BLANK
    },
];
