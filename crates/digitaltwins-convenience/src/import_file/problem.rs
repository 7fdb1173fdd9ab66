//! What can be wrong with an import file.

use std::fmt;

use super::section::ImportFileSection;

/// One thing that is wrong with an import file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportFileProblem {
    /// The line, from 1.
    pub line: u64,
    /// The section that the line is in; `None` before the first.
    pub section: Option<ImportFileSection>,
    /// What is wrong, to be matched on.
    pub kind: ImportFileProblemKind,
    /// What is wrong, to be read.
    pub message: String,
}

/// What is wrong with a line of an import file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFileProblemKind {
    /// The line is no JSON object.
    NotAnObject,
    /// There is no such section, or it comes too late.
    Section,
    /// The header is missing, not the first, or of a version that is not known.
    Header,
    /// A member that is needed is missing, or is no text.
    MissingMember,
    /// The line, or the whole file, has more than the service takes.
    TooLarge,
    /// A model is no valid DTDL.
    InvalidModel,
    /// A model that is needed is not there.
    UnknownModel,
    /// A twin or a relationship does not fit its model.
    Invalid,
    /// The same model, twin or relationship was there before.
    Duplicate,
    /// A twin that a relationship needs is not in the file.
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
