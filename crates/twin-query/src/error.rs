//! Syntax errors.

use std::fmt;

/// Why a text isn't a query: where, what was expected there and what was found.
///
/// `Display` says it in one line:
///
/// ```
/// let error = twin_query::digitaltwins::parse("SELECT *\nFORM DIGITALTWINS").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 1: expected FROM, found `FORM`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    pub(crate) kind: ParseErrorKind,
    pub(crate) offset: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) expected: Vec<Expected>,
    pub(crate) found: Option<String>,
}

impl ParseError {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// The line of the error, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column of the error in characters, counted from 1.
    ///
    /// The Digital Twins service reports `Position`, which is the column counted from 0.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// The place of the error in bytes from the start of the text; always on a character boundary.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What could have stood there, without duplicates. With one entry the text lacks exactly that.
    #[must_use]
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// The word, symbol, string or other piece of the text found there, as written; `None` at the end of the text.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        match &self.kind {
            ParseErrorKind::Unexpected | ParseErrorKind::Reserved => {
                f.write_str("expected ")?;
                for (index, expected) in self.expected.iter().enumerate() {
                    let last = index + 1 == self.expected.len();
                    f.write_str(if index == 0 {
                        ""
                    } else if last {
                        " or "
                    } else {
                        ", "
                    })?;
                    write!(f, "{expected}")?;
                }
                f.write_str(", found ")?;
                self.write_found(f)?;
                if self.kind == ParseErrorKind::Reserved {
                    write!(
                        f,
                        " (a reserved word; as a name write `[[{}]]`)",
                        self.found.as_deref().unwrap_or_default()
                    )?;
                }
                Ok(())
            }
            kind => {
                write!(f, "{kind}")?;
                if self.found.is_some() {
                    f.write_str(" at ")?;
                    self.write_found(f)?;
                }
                Ok(())
            }
        }
    }
}

impl ParseError {
    /// Long pieces, such as an unterminated string, are cut: the position says where they stand.
    fn write_found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 40;
        match self.found.as_deref() {
            None => f.write_str("the end"),
            Some(found) if found.chars().count() > SHOWN => {
                write!(f, "`{}…`", found.chars().take(SHOWN).collect::<String>())
            }
            Some(found) => write!(f, "`{found}`"),
        }
    }
}

/// The kinds of syntax error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text doesn't continue as the grammar asks; see [`ParseError::expected`].
    #[error("unexpected text")]
    Unexpected,
    /// As [`Unexpected`](Self::Unexpected), where a name was possible and the word found is one only in `[[…]]`.
    #[error("reserved word")]
    Reserved,
    /// A character that starts nothing in this language.
    #[error("unexpected character")]
    Character,
    /// A string without its closing quote.
    #[error("string without closing quote")]
    UnterminatedString,
    /// A `[[` without its `]]`.
    #[error("`[[` without `]]`")]
    UnterminatedName,
    /// A `[[…]]` that holds no name: nothing, or control characters.
    #[error("no name in `[[…]]`")]
    BracketedName,
    /// An escape sequence in a string that the language doesn't have.
    #[error("unknown escape sequence in a string")]
    Escape,
    /// Digits that run into letters. A name that starts with a digit needs `[[…]]`.
    #[error("digits followed by letters (a name that starts with a digit needs `[[…]]`)")]
    Digits,
    /// A number too large for its place.
    #[error("number too large")]
    NumberRange,
    /// A function that the language doesn't have.
    #[error("unknown function")]
    UnknownFunction,
    /// More nesting of parentheses, `NOT`, arithmetic or arrays than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("nested too deeply")]
    TooDeep,
    /// A `@name` placeholder that has no value.
    #[error("placeholder without a value")]
    UnboundParameter,
    /// A `@name` placeholder whose value can't stand there, such as a list outside `IN`.
    #[error("the placeholder's value can't stand here")]
    ParameterType,
}

/// What the grammar would accept at the place of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// A keyword, in capitals.
    Keyword(&'static str),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// An alias, a property or a relationship name.
    Name,
    /// A string.
    String,
    /// A number.
    Number,
    /// An integer that isn't negative.
    Integer,
    /// `true`, `false`, `null` or another constant that is a word.
    Constant,
    /// A function call.
    Function,
    /// The end of the text.
    End,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyword(word) => f.write_str(word),
            Self::Symbol(symbol) => write!(f, "`{symbol}`"),
            Self::Name => f.write_str("a name"),
            Self::String => f.write_str("a string"),
            Self::Number => f.write_str("a number"),
            Self::Integer => f.write_str("an integer"),
            Self::Constant => f.write_str("a constant"),
            Self::Function => f.write_str("a function"),
            Self::End => f.write_str("the end"),
        }
    }
}
