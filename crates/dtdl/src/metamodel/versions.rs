//! The versions of the language.

use super::language::Version;
use super::{v2, v3, v4};

/// The table of a version, if the version exists.
pub(crate) fn version(number: u8) -> Option<&'static Version> {
    VERSIONS.into_iter().find(|version| version.number == number)
}

pub(crate) static VERSIONS: [&Version; 3] = [&v2::VERSION, &v3::VERSION, &v4::VERSION];

/// Identifiers with these beginnings belong to the language.
pub(crate) const RESERVED_PREFIXES: [&str; 2] = ["dtmi:dtdl:", "dtmi:standard:"];
