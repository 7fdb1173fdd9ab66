//! The error of a listing.

use std::path::PathBuf;

/// Reason why a crate cannot be listed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Could not read a source file.
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A source file is not valid Rust.
    Parse {
        /// The file.
        path: PathBuf,
        /// The first syntax error.
        source: syn::Error,
    },
    /// A public re-export of this crate has no definition in the source, for instance because a macro generates its
    /// name.
    Unresolved {
        /// The path in the `use` item.
        path: String,
        /// The module of the `use` item.
        module: String,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read { path, source } => write!(formatter, "{}: {source}", path.display()),
            Self::Parse { path, source } => write!(formatter, "{}: {source}", path.display()),
            Self::Unresolved { path, module } => {
                write!(
                    formatter,
                    "`{path}` in `{module}` has no definition in the source"
                )
            }
        }
    }
}

impl std::error::Error for Error {}
