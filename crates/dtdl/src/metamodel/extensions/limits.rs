//! The limit extensions onvif and aio, which raise limits of DTDL version 4.

use super::extension::{BLANK, Extension};
use crate::metamodel::language::Limits;

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:limits:onvif",
        version: 1,
        dtdl: &[4],
        limits: Some((Limits::Onvif, 4)),
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:limits:aio",
        version: 1,
        dtdl: &[4],
        limits: Some((Limits::Aio, 4)),
        ..BLANK
    },
];
