//! Problems in an import file.

use std::fmt;

use super::section::ImportFileSection;

/// A problem in an import file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportFileProblem {
    /// The line, from 1.
    pub line: u64,
    /// The section of the line; `None` before the first section.
    pub section: Option<ImportFileSection>,
    /// The category.
    pub kind: ImportFileProblemKind,
    /// The description.
    pub message: String,
}

/// The category of an [`ImportFileProblem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFileProblemKind {
    /// The line is not a JSON object.
    NotAnObject,
    /// The section is unknown or out of order.
    Section,
    /// The header is missing, repeated or not first, or its version is missing or unsupported.
    Header,
    /// A required member is missing, empty or not a string.
    MissingMember,
    /// The line or the file exceeds a limit of the service.
    TooLarge,
    /// A model is not valid DTDL.
    InvalidModel,
    /// The line refers to a model that does not exist.
    UnknownModel,
    /// A twin or a relationship does not fit its model.
    Invalid,
    /// A model, twin or relationship is defined twice.
    Duplicate,
    /// A relationship refers to a twin that is not in the file.
    UnknownTwin,
}

impl fmt::Display for ImportFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(section) = self.section {
            write!(f, " ({section})")?;
        }
        write!(f, ": {}", self.message)
    }
}
