//! The errors of parsing, building, and validating a query.

use super::limits;
use crate::error::ParseError;
use crate::name::Name;
use crate::syntax::MAX_DEPTH;
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
    /// `SELECT *` in a query with `JOIN`.
    #[error("SELECT * cannot be combined with JOIN; list the variables or properties to return")]
    SelectAllWithJoin,
    /// `JOIN` or `MATCH` in a query over `RELATIONSHIPS`.
    #[error("JOIN and MATCH cannot be combined with FROM RELATIONSHIPS; use FROM DIGITALTWINS")]
    GraphClauseOnRelationships,
    /// More `JOIN` clauses than [`MAX_JOINS`](super::MAX_JOINS).
    #[error("query has {count} JOIN clauses; at most {max} are allowed", max = limits::MAX_JOINS)]
    TooManyJoins {
        /// The number of `JOIN` clauses.
        count: usize,
    },
    /// A `MATCH` edge with more hops than [`MAX_HOPS`](super::MAX_HOPS).
    #[error("edge in MATCH has up to {hops} hops; at most {max} are allowed", max = limits::MAX_HOPS)]
    TooManyHops {
        /// The upper bound of the edge.
        hops: u32,
    },
    /// A `MATCH` edge whose hop range is empty, such as `*0` or `*5..3`.
    #[error(
        "hop range of an edge in MATCH is empty; the upper bound must be at least 1 and not below the lower bound"
    )]
    EmptyHopRange,
    /// An `IN` or `NIN` list with more values than [`MAX_IN_VALUES`](super::MAX_IN_VALUES).
    #[error("IN or NIN list has {count} values; at most {max} are allowed", max = limits::MAX_IN_VALUES)]
    TooManyInValues {
        /// The number of values.
        count: usize,
    },
    /// More `AND` and `OR` operators than [`MAX_LOGICAL_OPERATORS`](super::MAX_LOGICAL_OPERATORS).
    #[error(
        "condition has {count} AND and OR operators; at most {max} are allowed",
        max = limits::MAX_LOGICAL_OPERATORS
    )]
    TooManyLogicalOperators {
        /// The number of operators.
        count: usize,
    },
    /// `JOIN` or `MATCH` without a condition that restricts the `$dtId` of a twin to constants.
    #[error(
        "queries with JOIN or MATCH must restrict the $dtId of a twin; add a condition such as `T.$dtId = 'id'` to WHERE"
    )]
    MissingTwinId,
    /// A path that must start with a variable but does not.
    #[error(
        "`{0}` is not a variable of this query; use a variable bound in FROM, JOIN or MATCH, as in `T.name`"
    )]
    UnknownVariable(Name),
    /// A variable that is bound more than once.
    #[error("variable `{0}` is bound more than once; choose a different name for one of them")]
    DuplicateVariable(Name),
    /// A relationship variable as the source of `JOIN` or in `IS_OF_MODEL`.
    #[error("`{0}` is a relationship variable; JOIN … RELATED and IS_OF_MODEL need a twin variable")]
    NotATwin(Name),
    /// `IS_OF_MODEL` without a variable in a query with `JOIN` or `MATCH`.
    #[error("IS_OF_MODEL needs a variable in queries with JOIN or MATCH, such as `IS_OF_MODEL(T, 'dtmi:…')`")]
    MissingModelVariable,
    /// `IS_OF_MODEL` in a query over `RELATIONSHIPS`.
    #[error("IS_OF_MODEL applies only to twins, but the query reads RELATIONSHIPS; use FROM DIGITALTWINS")]
    ModelTestOnRelationships,
    /// `ARRAY_CONTAINS` on a property of a relationship.
    #[error("ARRAY_CONTAINS applies only to properties of twins, not of relationships")]
    ArrayContainsOnRelationship,
    /// A relationship variable on an edge of more than one hop.
    #[error(
        "relationship variable `{0}` is on an edge of more than one hop; remove the variable or use one hop"
    )]
    VariableOnMultiHopEdge(Name),
    /// A `JOIN` path that is not a variable and a relationship name. Occurs only in builders.
    #[error("JOIN path `{0}` is not of the form `variable.relationship`")]
    InvalidJoinPath(String),
    /// `COUNT()` with `TOP`. Occurs only in builders.
    #[error("COUNT() cannot be combined with TOP; remove one of them")]
    CountWithTop,
    /// An empty `SELECT` list, `IN` list, `AND`, or `OR`. Occurs only in trees that were not parsed.
    #[error("query contains an empty list; SELECT, IN, AND and OR need at least one entry")]
    EmptyList,
    /// A condition nested deeper than [`MAX_DEPTH`]. Occurs only in trees that were not parsed.
    #[error("nesting of the condition exceeds the limit of {MAX_DEPTH} levels")]
    TooDeep,
}
