//! Errors of the maintenance commands. Each names the file, the JSON pointer, the problem, the rule and the fix.
//!
//! `tests/errors.rs` has a snapshot of every text.

use std::path::{Path, PathBuf};

/// Error of a command. [`crate::generate`] and [`crate::import`] write nothing if they return one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// The underlying I/O error.
        source: std::io::Error,
    },
    /// A file is not valid JSON.
    #[error("{}: not valid JSON: {source}; convert YAML to JSON first", file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// The parser's error, with line and column.
        source: serde_json::Error,
    },
    /// `services.toml` or a `Cargo.toml` is invalid.
    #[error("{}: {reason}", file.display())]
    Toml {
        /// The file.
        file: PathBuf,
        /// The problem, and the rule.
        reason: String,
    },
    /// An API description contains a fault.
    #[error("{}#{pointer}: {fault}", file.display())]
    Description {
        /// The file.
        file: PathBuf,
        /// The JSON pointer of the fault in that file.
        pointer: String,
        /// The problem, and the rule.
        fault: Fault,
    },
    /// An overlay is malformed, an action matches nothing, or the overlaid description is invalid.
    #[error("{}", overlay_faults(file, faults))]
    Overlay {
        /// The overlay file.
        file: PathBuf,
        /// The faults, in the order of the actions.
        faults: Vec<OverlayFault>,
    },
    /// A Rust source file does not parse.
    #[error("{}: not valid Rust: {reason}", file.display())]
    Rust {
        /// The file.
        file: PathBuf,
        /// The parser's message.
        reason: String,
    },
    /// `import` would change a version that exists.
    #[error(
        "{}: the version exists and would change; pass --replace to overwrite it, with the texts written for it kept",
        file.display()
    )]
    Exists {
        /// The description.
        file: PathBuf,
    },
    /// `services.toml` does not list the service.
    #[error("unknown service `{name}`; specs/services.toml lists: {known}")]
    UnknownService {
        /// The requested name.
        name: String,
        /// The listed names.
        known: String,
    },
    /// `new-service` got a name that cannot be used.
    #[error("cannot add service `{name}`: {reason}")]
    NewService {
        /// The name.
        name: String,
        /// The rule that it breaks, and what to do.
        reason: String,
    },
    /// Committed generated files differ from what the descriptions generate.
    #[error(
        "stale generated files; run `cargo xtask generate` and commit the result:\n{}",
        list(files)
    )]
    Stale {
        /// The stale files, relative to the workspace root.
        files: Vec<PathBuf>,
    },
    /// `diff --exit-code` found changes that break callers.
    #[error("{0} breaking change(s), listed above")]
    Breaking(usize),
    /// `coverage --require-all` found operations that no convenience method reaches.
    #[error("no convenience method reaches {}; add one for each", .0.join(", "))]
    NotReached(Vec<String>),
    /// A step of `ci` failed.
    #[error("step `{step}` failed: {reason}")]
    Step {
        /// The step.
        step: String,
        /// The exit status, or the problem.
        reason: String,
    },
}

/// A fault of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayFault {
    /// The JSON pointer of the action in the overlay file.
    pub pointer: String,
    /// The problem, and the rule.
    pub reason: String,
}

/// A fault in an API description, with the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Neither Swagger 2.0 nor OpenAPI 3.0.
    #[error("not an API description: {0}; supported are Swagger 2.0 and OpenAPI 3.0")]
    NotAnApiDescription(String),
    /// A required member is absent.
    #[error("required member `{0}` is missing")]
    Missing(&'static str),
    /// A value has the wrong JSON type.
    #[error("must be {0}")]
    Expected(&'static str),
    /// The target of a `$ref` does not exist.
    #[error("unresolvable reference `{0}`; its target must exist in this file, or in the file that it names")]
    UnresolvableReference(String),
    /// A construct that the generator cannot handle.
    #[error("unsupported {found}; {rule}")]
    Unsupported {
        /// The construct, with its value.
        found: String,
        /// The allowed values, or the fix.
        rule: &'static str,
    },
    /// A key occurs twice in one object.
    #[error("key `{0}` is used twice in one object; a parser keeps only the last, so remove one")]
    DuplicateKey(String),
    /// Two names that would get the same Rust name.
    #[error("`{name}` gets the Rust name `{rust}`, which {other} already has; rename one")]
    NameClash {
        /// The second name.
        name: String,
        /// The Rust name of both.
        rust: String,
        /// The pointer of the first name.
        other: String,
    },
    /// A schema that extends itself.
    #[error("schema `{0}` extends itself; remove one of the references in `allOf`")]
    Cycle(String),
    /// A property that has different types in two parts of a schema.
    #[error(transparent)]
    Contradiction(Box<Contradiction>),
    /// The code generator rejected a description that passed all checks of this program.
    #[error(
        "the code generator rejected the lowered description: {0}; correct it in the overlay, or extend xtask/src/lower.rs"
    )]
    Generator(String),
    /// The generated code is not what the post-pass expects, for example after an update of the generator.
    #[error(
        "post-pass `{pass}`: expected {expected}, found {found}; the generator's output has changed, adapt xtask/src/postpass.rs"
    )]
    PostPass {
        /// The name of the correction.
        pass: &'static str,
        /// The expected number of replacements, or the expected code.
        expected: String,
        /// The actual number of replacements, or the code found.
        found: String,
    },
    /// Two operations with the same id.
    #[error("operation id `{0}` is used twice; ids name the generated methods and must be unique")]
    DuplicateOperation(String),
}

/// A [`Fault`] and its location; the caller adds the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// JSON pointer.
    pub pointer: String,
    /// The problem at this location.
    pub fault: Fault,
}

/// Two types of one property.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("property `{property}` is {here} here and {there} in {other}; a value cannot be both, so change one")]
pub struct Contradiction {
    /// The property.
    pub property: String,
    /// Its type in this place.
    pub here: String,
    /// Its type in the other place.
    pub there: String,
    /// The pointer of the other place.
    pub other: String,
}

impl Fault {
    /// Returns the pointer of the other place that the fault names, if any.
    pub(crate) fn other_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::NameClash { other, .. } => Some(other),
            Self::Contradiction(fault) => Some(&mut fault.other),
            _ => None,
        }
    }
}

impl Located {
    /// Locates a fault.
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

/// Returns a [`Fault::Unsupported`] located at `at`.
pub(crate) fn unsupported(at: &Pointer, found: impl Into<String>, rule: &'static str) -> Located {
    Located::new(
        at,
        Fault::Unsupported {
            found: found.into(),
            rule,
        },
    )
}

/// A JSON pointer (RFC 6901) under construction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// Returns the pointer to the whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns the pointer that a local reference (`#/…`) contains.
    pub fn to(reference: &str) -> Self {
        Self(reference.trim_start_matches('#').to_owned())
    }

    /// Appends a token.
    #[must_use]
    pub fn at(&self, token: impl std::fmt::Display) -> Self {
        let token = token.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{token}", self.0))
    }

    /// Returns the pointer as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads a UTF-8 file.
///
/// # Errors
/// [`Error::Io`].
pub fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|source| Error::Io {
        file: file.to_owned(),
        source,
    })
}

fn overlay_faults(file: &Path, faults: &[OverlayFault]) -> String {
    let line = |fault: &OverlayFault| format!("{}#{}: {}", file.display(), fault.pointer, fault.reason);
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn list(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|f| format!("  {}", f.display()))
        .collect::<Vec<_>>()
        .join("\n")
}
