//! The quantitativeTypes extension: quantities such as Temperature, with units. DTDL version 2 has them built in.

use super::extension::{BLANK, Extension};
use crate::metamodel::quantities;

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:extension:quantitativeTypes",
        version: 1,
        dtdl: &[3],
        type_id: "dtmi:dtdl:extension:quantitativeTypes:v1:class:{}",
        property_id: "dtmi:dtdl:extension:quantitativeTypes:v1:property:{}",
        quantities: Some(&quantities::EXTENSION),
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:quantitativeTypes",
        version: 2,
        dtdl: &[4],
        type_id: "dtmi:dtdl:extension:quantitativeTypes:v2:class:{}",
        property_id: "dtmi:dtdl:extension:quantitativeTypes:v2:property:{}",
        quantities: Some(&quantities::EXTENSION),
        ..BLANK
    },
];
