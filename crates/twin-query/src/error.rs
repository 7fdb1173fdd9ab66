//! Syntax errors.

use std::fmt;

use crate::syntax::MAX_DEPTH;

/// A syntax error: its position, the tokens expected there, and the token found.
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
    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// Returns the line of the error, starting at 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column of the error in characters, starting at 1.
    ///
    /// The Digital Twins service reports `Position`, which is the same column starting at 0.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the byte offset of the error in the query; always on a character boundary.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the tokens that the grammar accepts at this position, without duplicates. A single entry means that
    /// exactly this token is missing.
    #[must_use]
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// Returns the token at this position as written, or `None` at the end of input.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    fn write_expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected ")?;
        for (index, expected) in self.expected.iter().enumerate() {
            let is_last = index + 1 == self.expected.len();
            f.write_str(match index {
                0 => "",
                _ if is_last => " or ",
                _ => ", ",
            })?;
            write!(f, "{expected}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ParseErrorKind as Kind;

        write!(f, "line {}, column {}: ", self.line, self.column)?;
        let found = Found(self.found.as_deref());
        match self.kind {
            Kind::UnexpectedToken | Kind::ReservedWord => {
                self.write_expected(f)?;
                write!(f, ", found {found}")?;
                match (&self.kind, &self.found) {
                    (Kind::ReservedWord, Some(word)) => {
                        write!(f, " (a reserved word; write `[[{word}]]` to use it as a name)")
                    }
                    _ => Ok(()),
                }
            }
            Kind::UnexpectedCharacter => {
                write!(f, "character {found} is allowed only in strings and in `[[…]]`")
            }
            Kind::UnterminatedString => write!(
                f,
                r"string {found} has no closing quote; write a quote inside a string as `\'`"
            ),
            Kind::UnterminatedBracket => write!(f, "name {found} has no closing `]]`"),
            Kind::InvalidBracketedName => {
                write!(
                    f,
                    "{found} is not a valid name; names must not be empty or contain control characters"
                )
            }
            Kind::UnknownEscape => write!(
                f,
                r"string {found} contains an unknown escape sequence; write a backslash as `\\`"
            ),
            Kind::MalformedNumber => {
                write!(
                    f,
                    "{found} is not a valid number; a name that starts with a digit needs `[[…]]`"
                )
            }
            Kind::NumberOutOfRange => write!(f, "number {found} is out of range"),
            Kind::UnknownFunction => write!(f, "unknown function {found}"),
            Kind::RoutingFunction => write!(
                f,
                "{found} is a function of message routing, which twin and job queries do not have; use STARTSWITH \
                 for prefixes, and filter the rows in your own code for anything else"
            ),
            Kind::TooDeep => {
                write!(f, "nesting at {found} exceeds the limit of {MAX_DEPTH} levels")
            }
            Kind::UnboundParameter => write!(f, "placeholder {found} has no value; pass one to `bind`"),
            Kind::ParameterType => write!(
                f,
                "value of placeholder {found} has the wrong type for this position; IN and NIN take a list, string \
                 arguments a string, other positions a single value"
            ),
        }
    }
}

/// Prints the token found. Long tokens, such as an unterminated string, are truncated.
struct Found<'a>(Option<&'a str>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARACTERS: usize = 40;
        match self.0 {
            None => Expected::End.fmt(f),
            Some(token) if token.chars().count() > MAX_CHARACTERS => {
                write!(f, "`{}…`", token.chars().take(MAX_CHARACTERS).collect::<String>())
            }
            Some(token) => write!(f, "`{token}`"),
        }
    }
}

/// The kinds of syntax errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// A token that the grammar does not accept at this position; see [`ParseError::expected`].
    #[error("unexpected token")]
    UnexpectedToken,
    /// A reserved word where a name is expected; it is a name only in `[[…]]`.
    #[error("reserved word used as a name")]
    ReservedWord,
    /// A character that cannot start a token.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// A string without a closing quote.
    #[error("unterminated string")]
    UnterminatedString,
    /// A `[[` without a closing `]]`.
    #[error("unterminated `[[`")]
    UnterminatedBracket,
    /// A `[[…]]` that is empty or contains control characters.
    #[error("invalid name in `[[…]]`")]
    InvalidBracketedName,
    /// An escape sequence that the language does not define.
    #[error("unknown escape sequence")]
    UnknownEscape,
    /// Digits followed directly by letters. A name that starts with a digit needs `[[…]]`.
    #[error("malformed number")]
    MalformedNumber,
    /// A number that does not fit the type its position requires.
    #[error("number out of range")]
    NumberOutOfRange,
    /// A call to a function that the language does not define.
    #[error("unknown function")]
    UnknownFunction,
    /// A call to `STARTS_WITH`, `ENDS_WITH` or `CONTAINS` in an IoT Hub query. These are message routing functions,
    /// which the service refuses in twin and job queries.
    #[error("function of message routing")]
    RoutingFunction,
    /// Parentheses, `NOT`, arithmetic, calls, or arrays nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("nesting too deep")]
    TooDeep,
    /// An `@name` placeholder without a value.
    #[error("placeholder without a value")]
    UnboundParameter,
    /// An `@name` placeholder whose value has the wrong type for its position, such as a list outside `IN`.
    #[error("placeholder value of the wrong type")]
    ParameterType,
}

/// A token that the grammar accepts at the position of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// A keyword in its canonical spelling.
    Keyword(&'static str),
    /// An operator or bracket.
    Symbol(&'static str),
    /// An alias, property name, or relationship name.
    Name,
    /// A string.
    String,
    /// A number.
    Number,
    /// A non-negative integer.
    Integer,
    /// A constant written as a keyword: `true`, `false`, `null`, or `undefined`.
    Constant,
    /// The end of input.
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
            Self::Integer => f.write_str("a non-negative integer"),
            Self::Constant => f.write_str("a constant (such as `null`)"),
            Self::End => f.write_str("end of input"),
        }
    }
}
