//! The DTDL versions.

use super::extensions::{self, extension::Extension};
use super::language::Version;
use super::{v2, v3, v4};

/// Returns the table of a DTDL version, if it exists.
pub(crate) fn version(number: u8) -> Option<&'static Version> {
    VERSIONS.into_iter().find(|version| version.number == number)
}

pub(crate) static VERSIONS: [&Version; 3] = [&v2::VERSION, &v3::VERSION, &v4::VERSION];

/// Prefixes of identifiers that are reserved for DTDL.
const RESERVED_PREFIXES: [&str; 2] = ["dtmi:dtdl:", "dtmi:standard:"];

/// Returns whether an identifier is reserved for DTDL or an extension, so models cannot define it.
pub(crate) fn is_reserved(id: &str) -> bool {
    is_reserved_in(id, extensions::all())
}

/// Returns whether an identifier is reserved for DTDL or for one of the `used` extensions, so a model that uses them
/// cannot define it.
pub(crate) fn is_reserved_in<'e>(id: &str, used: impl IntoIterator<Item = &'e Extension>) -> bool {
    // The context of an extension outside DTDL is `<reserved prefix>context`.
    let of_extensions = used
        .into_iter()
        .filter_map(|extension| extension.context.strip_suffix(":context"));
    RESERVED_PREFIXES.iter().any(|prefix| id.starts_with(prefix))
        || of_extensions
            .filter_map(|prefix| id.strip_prefix(prefix))
            .any(|rest| rest.starts_with(':'))
}
