//! Everything that can go wrong in a maintenance command.

use std::path::{Path, PathBuf};

/// Why a command failed. Whenever one of these comes back from [`crate::generate`] or [`crate::import`], nothing
/// was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file that should be JSON is not.
    #[error("{}: not JSON: {source}", file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// Where parsing stopped (line and column).
        source: serde_json::Error,
    },
    /// `services.toml` or a `Cargo.toml` is not as expected.
    #[error("{}: {reason}", file.display())]
    Toml {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A place in an API description cannot be used.
    #[error("{}#{pointer}: {fault}", file.display())]
    Description {
        /// The file.
        file: PathBuf,
        /// The JSON pointer of the place in that file.
        pointer: String,
        /// What is wrong there.
        fault: Fault,
    },
    /// An overlay is malformed, or one of its actions selects nothing any more.
    #[error("{}#{pointer}: {reason}", file.display())]
    Overlay {
        /// The overlay file.
        file: PathBuf,
        /// The JSON pointer of the action in that file.
        pointer: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The code generator refused a description that passed our own checks.
    #[error("{}: the code generator refused the lowered description: {reason}", file.display())]
    Generator {
        /// The description.
        file: PathBuf,
        /// The generator's words.
        reason: String,
    },
    /// The generated code does not look as the post-pass expects, for example after an update of the generator.
    #[error("{}: post-pass `{pass}`: expected {expected}, found {found}", file.display())]
    PostPass {
        /// The description the code came from.
        file: PathBuf,
        /// Which correction.
        pass: &'static str,
        /// How often it should have applied, or what should have been there.
        expected: String,
        /// How often it applied, or what was there.
        found: String,
    },
    /// Rust source that should parse does not.
    #[error("{}: not Rust: {reason}", file.display())]
    Rust {
        /// The file.
        file: PathBuf,
        /// The parser's words.
        reason: String,
    },
    /// No such service in `services.toml`.
    #[error("unknown service `{name}`; services.toml has {known}")]
    UnknownService {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Committed generated files are not what the descriptions give.
    #[error(
        "stale generated files, run `cargo xtask generate` and commit the result:\n{}",
        list(files)
    )]
    Stale {
        /// Which files.
        files: Vec<PathBuf>,
    },
    /// The two descriptions differ in a way that breaks callers, and the command was asked to fail then.
    #[error("{0} breaking change(s)")]
    Breaking(usize),
    /// Operations that no convenience method reaches, and the command was asked to fail then.
    #[error("operations not reached by a convenience method: {}", .0.join(", "))]
    NotReached(Vec<String>),
    /// A step of `ci` failed.
    #[error("step `{step}` failed: {reason}")]
    Step {
        /// The step.
        step: String,
        /// Exit status or what was wrong.
        reason: String,
    },
}

/// What is wrong at one place of an API description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Neither Swagger 2.0 nor OpenAPI 3.0.
    #[error("not an API description: {0}")]
    NotAnApiDescription(String),
    /// Something that must be there is not.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of the wrong JSON type.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A `$ref` that leads nowhere, or out of the file.
    #[error("unresolvable reference `{0}`")]
    UnresolvableReference(String),
    /// A construct the generator does not know how to handle.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// Two operations with one id.
    #[error("operation id `{0}` is used twice")]
    DuplicateOperation(String),
}

/// A [`Fault`] and where it is; the file is added by whoever knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub fault: Fault,
}

impl Located {
    /// A fault at a place.
    pub fn new(at: &Pointer, fault: Fault) -> Self {
        Self {
            pointer: at.0.clone(),
            fault,
        }
    }

    /// Adds the file.
    pub fn in_file(self, file: &Path) -> Error {
        Error::Description {
            file: file.to_owned(),
            pointer: self.pointer,
            fault: self.fault,
        }
    }
}

/// A construct at a place that the generator does not know how to handle.
pub(crate) fn unsupported(at: &Pointer, what: impl Into<String>) -> Located {
    Located::new(at, Fault::Unsupported(what.into()))
}

/// A JSON pointer (RFC 6901) under construction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Where a local reference (`#/…`) leads.
    pub fn to(reference: &str) -> Self {
        Self(reference.trim_start_matches('#').to_owned())
    }

    /// One level further down.
    #[must_use]
    pub fn at(&self, token: impl std::fmt::Display) -> Self {
        let token = token.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{token}", self.0))
    }

    /// The pointer as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads a text file; the error names it.
///
/// # Errors
/// [`Error::Io`].
pub fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|source| Error::Io {
        file: file.to_owned(),
        source,
    })
}

fn list(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|f| format!("  {}", f.display()))
        .collect::<Vec<_>>()
        .join("\n")
}
