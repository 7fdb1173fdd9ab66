//! What can be wrong with a query.

use crate::error::ParseError;
use crate::name::Path;
use crate::value::ValueError;

/// Why there is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text doesn't follow the grammar.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A name or value that can't stand in a query.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The query follows the grammar but the service would refuse it.
    #[error(transparent)]
    Invalid(#[from] ValidationError),
}

/// A rule or limit of the service that a query breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// The text has more characters than the service takes.
    #[error("the query has {length} characters, {max} are allowed", max = super::validate::MAX_TEXT_LENGTH)]
    TextTooLong {
        /// The length in characters.
        length: usize,
    },
    /// `devices.jobs` with anything but `SELECT *`.
    #[error("FROM devices.jobs needs SELECT *")]
    JobsNeedSelectAll,
    /// `devices.jobs` with `GROUP BY`.
    #[error("FROM devices.jobs can't be combined with GROUP BY")]
    JobsWithGroupBy,
    /// A condition on the twin's tags or properties in a query over `devices.jobs`.
    #[error("FROM devices.jobs has no twin property `{}`", dotted(.0))]
    TwinPropertyOfJob(Path),
    /// A path that starts with another source than the one queried.
    #[error("`{}` belongs to another source than FROM names", dotted(.0))]
    OtherSource(Path),
    /// `GROUP BY` with `SELECT *`.
    #[error("GROUP BY can't be combined with SELECT *; name what to return")]
    SelectAllWithGroupBy,
    /// A property next to an aggregate, or in a query with `GROUP BY`, that is not grouped by.
    #[error("`{}` is neither an aggregate nor in GROUP BY", dotted(.0))]
    NotGrouped(Path),
    /// A function with the wrong number of arguments.
    #[error("{function} doesn't take {count} arguments")]
    ArgumentCount {
        /// The function's name.
        function: &'static str,
        /// How many arguments there are.
        count: usize,
    },
    /// A list that must not be empty is: what to select, the values of `IN`, the parts of `AND` or `OR`. Only a tree
    /// that wasn't parsed can have this.
    #[error("a list in the query is empty")]
    EmptyList,
    /// An expression nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH). Only a tree that wasn't parsed can have
    /// this.
    #[error("the expression is nested too deeply")]
    TooDeep,
}

fn dotted(path: &Path) -> String {
    path.names()
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<&str>>()
        .join(".")
}
