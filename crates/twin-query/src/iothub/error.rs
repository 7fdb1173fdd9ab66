//! The errors of parsing, building, and validating a query.

use std::fmt;

use super::function::Function;
use super::limits;
use crate::error::ParseError;
use crate::name::Path;
use crate::syntax::MAX_DEPTH;
use crate::syntax::print::Joined;
use crate::value::ValueError;

/// An error from parsing, building, or validating a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A syntax error.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A name or value that a query cannot contain.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A syntactically correct query that the service would reject.
    #[error(transparent)]
    Invalid(#[from] ValidationError),
}

/// A rule or limit of the service that a query violates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// The query is longer than [`MAX_QUERY_LENGTH`](super::MAX_QUERY_LENGTH).
    #[error("query has {length} characters; at most {max} are allowed", max = limits::MAX_QUERY_LENGTH)]
    QueryTooLong {
        /// The length in characters.
        length: usize,
    },
    /// A query over `devices.jobs` without `SELECT *`.
    #[error("queries over devices.jobs must use SELECT *")]
    JobsRequireSelectAll,
    /// A query over `devices.jobs` with `GROUP BY`.
    #[error("queries over devices.jobs cannot use GROUP BY; group the rows in your own code")]
    JobsWithGroupBy,
    /// A tag or twin property in a query over `devices.jobs`.
    #[error("devices.jobs has no twin property `{path}`; query devices or devices.modules instead", path = JoinedNames(.0))]
    TwinPropertyOnJobs(Path),
    /// A path prefixed with a source other than the one in `FROM`.
    #[error("`{path}` belongs to a source other than the one in FROM; remove the prefix or change FROM", path = JoinedNames(.0))]
    SourceMismatch(Path),
    /// `GROUP BY` with `SELECT *`.
    #[error("SELECT * cannot be combined with GROUP BY; list the properties and aggregates to return")]
    SelectAllWithGroupBy,
    /// A property that is selected together with an aggregate or with `GROUP BY`, but is not grouped.
    #[error("`{path}` must appear in GROUP BY or in an aggregate function", path = JoinedNames(.0))]
    NotGrouped(Path),
    /// A function call with the wrong number of arguments.
    #[error("{name} takes {expected}, but got {count}", name = .function.name(), expected = Arity(*.function))]
    ArgumentCount {
        /// The function.
        function: Function,
        /// The number of arguments.
        count: usize,
    },
    /// An empty `SELECT` list, `IN` list, `AND`, or `OR`. Occurs only in trees that were not parsed.
    #[error("query contains an empty list; SELECT, IN, AND and OR need at least one entry")]
    EmptyList,
    /// An expression nested deeper than [`MAX_DEPTH`]. Occurs only in trees that were not parsed.
    #[error("nesting of the expression exceeds the limit of {MAX_DEPTH} levels")]
    TooDeep,
}

/// Prints a path without brackets.
struct JoinedNames<'a>(&'a Path);

impl fmt::Display for JoinedNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Joined(self.0.names(), ".").fmt(f)
    }
}

/// Prints the number of arguments that a function takes.
struct Arity(Function);

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.arguments().into_inner() {
            (1, 1) => f.write_str("1 argument"),
            (min, max) if min == max => write!(f, "{min} arguments"),
            (min, usize::MAX) => write!(f, "at least {min} arguments"),
            (min, max) => write!(f, "{min} to {max} arguments"),
        }
    }
}
