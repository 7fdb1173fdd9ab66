//! The change report.

use std::fmt;

/// The changes between two descriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The api-version of the old description.
    pub old: String,
    /// The api-version of the new description.
    pub new: String,
    /// The changes, in order of location.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The changed element.
    pub element: Element,
    /// The path and name of the element.
    pub location: String,
    /// The kind of change, with the old and new value.
    pub delta: Delta,
    /// Whether the change can break a caller.
    pub breaking: bool,
}

/// An element of an API description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Element {
    /// An operation.
    Operation,
    /// A parameter of an operation.
    Parameter,
    /// A request body.
    Body,
    /// A content type of a request or response.
    ContentType,
    /// A status code that means success.
    SuccessCode,
    /// Any other response.
    ErrorResponse,
    /// A header of a response.
    Header,
    /// An `x-ms-…` extension, such as paging.
    Extension,
    /// A named schema.
    Type,
    /// A property of a schema.
    Property,
    /// The type of a value.
    Schema,
    /// An enum value.
    EnumValue,
    /// A constraint or default.
    Constraint,
}

/// The kind of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// The element was added.
    Added,
    /// The element was removed.
    Removed,
    /// The element changed from the first value to the second.
    Changed(String, String),
}

impl Report {
    /// Counts the changes that can break a caller.
    pub fn breaking(&self) -> usize {
        self.changes.iter().filter(|c| c.breaking).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return write!(f, "{} → {}: no changes", self.old, self.new);
        }
        let (all, breaking) = (self.changes.len(), self.breaking());
        write!(
            f,
            "{} → {}: {all} change(s), {breaking} breaking",
            self.old, self.new
        )?;
        self.changes.iter().try_for_each(|change| write!(f, "\n{change}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.breaking { "BREAKING" } else { "" };
        let element = match self.element {
            Element::Operation => "operation",
            Element::Parameter => "parameter",
            Element::Body => "body",
            Element::ContentType => "content type",
            Element::SuccessCode => "success code",
            Element::ErrorResponse => "error response",
            Element::Header => "header",
            Element::Extension => "extension",
            Element::Type => "type",
            Element::Property => "property",
            Element::Schema => "type of",
            Element::EnumValue => "enum value",
            Element::Constraint => "constraint",
        };
        match &self.delta {
            Delta::Added => write!(f, "{prefix:8}  added    {element} {}", self.location),
            Delta::Removed => write!(f, "{prefix:8}  removed  {element} {}", self.location),
            Delta::Changed(old, new) => write!(
                f,
                "{prefix:8}  changed  {element} {}: {old} → {new}",
                self.location
            ),
        }
    }
}
