//! What a parser reports.

use std::fmt;
use std::sync::Arc;

use crate::{Code, Dtmi};

/// One thing that is wrong with a model, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Which rule is broken.
    pub code: Code,
    /// The element concerned: for a value, the element that has it. Absent if it has no usable identifier.
    pub element: Option<Dtmi>,
    /// The property of that element.
    pub property: Option<String>,
    /// Where it is.
    pub location: Location,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to change, as a sentence.
    pub help: String,
}

/// A place in one of the documents that were parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The name that the document was given, or `document 1` and so on.
    pub document: Arc<str>,
    /// JSON pointer (RFC 6901) of the value or member.
    pub pointer: String,
    /// Line, from 1. Absent if the document was not given as text.
    pub line: Option<u32>,
    /// Column in characters, from 1. Absent like `line`.
    pub column: Option<u32>,
    /// Offset of the first byte in the text.
    pub offset: usize,
    /// Length in bytes.
    pub length: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "{}:{line}:{column}", self.document),
            _ => write!(f, "{}#{}", self.document, self.pointer),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} {} [{}]",
            self.location, self.message, self.help, self.code
        )
    }
}

/// A reference to an element that none of the documents defines.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unresolved {
    /// The element that is missing.
    pub id: Dtmi,
    /// The element that refers to it.
    pub referrer: Dtmi,
    /// The property that refers to it.
    pub property: String,
    /// Where the reference is.
    pub location: Location,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: property `{}` of {} refers to {}, which is not defined. Add its document, or give the parser a resolver that knows it.",
            self.location, self.property, self.referrer, self.id
        )
    }
}

/// Why documents could not be parsed: everything that is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// The broken rules, in the order in which they were found.
    pub diagnostics: Vec<Diagnostic>,
    /// The references that lead nowhere.
    pub unresolved: Vec<Unresolved>,
}

impl ParseError {
    /// The identifiers that are referred to but not defined, each once, sorted.
    #[must_use]
    pub fn unresolved_ids(&self) -> Vec<Dtmi> {
        let mut ids: Vec<Dtmi> = self.unresolved.iter().map(|missing| missing.id.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Whether a rule with this code is broken.
    #[must_use]
    pub fn has(&self, code: Code) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.code == code)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.diagnostics.iter().map(ToString::to_string);
        let lines = lines.chain(self.unresolved.iter().map(ToString::to_string));
        for (index, line) in lines.enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {}
