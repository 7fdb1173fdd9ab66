//! Changes, and how they are shown.

use std::fmt;

/// The changes between two descriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The api-version of the old one.
    pub old: String,
    /// The api-version of the new one.
    pub new: String,
    /// The changes, by place.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of thing changed.
    pub noun: Noun,
    /// Which one.
    pub place: String,
    /// How.
    pub how: How,
    /// Whether it can break a caller.
    pub breaking: bool,
}

/// The kinds of things that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Noun {
    /// An operation.
    Operation,
    /// A parameter of an operation.
    Parameter,
    /// The body of a request.
    Body,
    /// A content type of a request or response.
    ContentType,
    /// A status code that means success.
    SuccessCode,
    /// Any other response.
    ErrorResponse,
    /// A header of a response.
    Header,
    /// A mark such as paging.
    Mark,
    /// A named schema.
    Type,
    /// A property of a schema.
    Property,
    /// The type of something.
    Shape,
    /// A listed value.
    EnumValue,
    /// A constraint or default.
    Constraint,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed(String, String),
}

impl Report {
    /// How many changes can break a caller.
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
        let mark = if self.breaking { "BREAKING" } else { "" };
        let noun = match self.noun {
            Noun::Operation => "operation",
            Noun::Parameter => "parameter",
            Noun::Body => "body",
            Noun::ContentType => "content type",
            Noun::SuccessCode => "success code",
            Noun::ErrorResponse => "error response",
            Noun::Header => "header",
            Noun::Mark => "mark",
            Noun::Type => "type",
            Noun::Property => "property",
            Noun::Shape => "type of",
            Noun::EnumValue => "enum value",
            Noun::Constraint => "constraint",
        };
        match &self.how {
            How::Added => write!(f, "{mark:8}  added    {noun} {}", self.place),
            How::Removed => write!(f, "{mark:8}  removed  {noun} {}", self.place),
            How::Changed(old, new) => write!(f, "{mark:8}  changed  {noun} {}: {old} → {new}", self.place),
        }
    }
}
