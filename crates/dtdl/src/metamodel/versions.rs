//! The DTDL versions.

use super::language::Version;
use super::{v2, v3, v4};

/// Returns the table of a DTDL version, if it exists.
pub(crate) fn version(number: u8) -> Option<&'static Version> {
    VERSIONS.into_iter().find(|version| version.number == number)
}

pub(crate) static VERSIONS: [&Version; 3] = [&v2::VERSION, &v3::VERSION, &v4::VERSION];

/// Prefixes of identifiers that are reserved for DTDL.
pub(crate) const RESERVED_PREFIXES: [&str; 2] = ["dtmi:dtdl:", "dtmi:standard:"];
