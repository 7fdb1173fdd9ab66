//! Errors of the parser, with their locations.

use std::fmt;
use std::sync::Arc;

use crate::{Code, Dtmi};

/// An error in a model, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The code of the violated rule.
    pub code: Code,
    /// The element with the error or, for an error in a property value, the element that has the property. `None` if
    /// the element has no valid identifier.
    pub element: Option<Dtmi>,
    /// The property of the element.
    pub property: Option<String>,
    /// The location of the error.
    pub location: Location,
    /// The error, as a sentence.
    pub message: String,
    /// The fix, as a sentence.
    pub help: String,
}

/// A location in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The name of the document; `document 1` and so on if it has none.
    pub document: Arc<str>,
    /// JSON pointer (RFC 6901) of the value or member.
    pub pointer: String,
    /// Line, from 1. `None` if the document is a JSON value rather than text.
    pub line: Option<u32>,
    /// Column in characters, from 1. `None` if `line` is.
    pub column: Option<u32>,
    /// Byte offset in the document.
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
    /// The missing element.
    pub id: Dtmi,
    /// The element that refers to it.
    pub referrer: Dtmi,
    /// The property that refers to it.
    pub property: String,
    /// The location of the reference.
    pub location: Location,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: property `{}` of {} refers to {}, which is not defined. Add the document that defines it, or a resolver that returns it.",
            self.location, self.property, self.referrer, self.id
        )
    }
}

/// All errors in a set of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// The errors, in the order in which the parser found them.
    pub diagnostics: Vec<Diagnostic>,
    /// The references to elements that no document defines.
    pub unresolved: Vec<Unresolved>,
}

impl ParseError {
    /// Returns the identifiers of the missing elements, sorted and without duplicates.
    #[must_use]
    pub fn unresolved_ids(&self) -> Vec<Dtmi> {
        let mut ids: Vec<Dtmi> = self.unresolved.iter().map(|missing| missing.id.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Returns whether one of the errors has this code.
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
