//! What can be wrong with a query.

use crate::error::ParseError;
use crate::name::Name;
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
    /// `SELECT *` together with `JOIN`.
    #[error("SELECT * can't be combined with JOIN; name what to return")]
    SelectAllWithJoin,
    /// `JOIN` or `MATCH` over `RELATIONSHIPS`.
    #[error("JOIN and MATCH need FROM DIGITALTWINS")]
    GraphOverRelationships,
    /// More `JOIN` clauses than the service takes.
    #[error("the query has {count} JOIN clauses, {max} are allowed", max = super::validate::MAX_JOINS)]
    TooManyJoins {
        /// How many there are.
        count: usize,
    },
    /// An edge of `MATCH` that may take more hops than the service follows.
    #[error("an edge of MATCH may take {hops} hops, {max} are allowed", max = super::validate::MAX_HOPS)]
    TooManyHops {
        /// The upper bound.
        hops: u32,
    },
    /// An edge of `MATCH` that can't take any number of hops, such as `*0` or `*5..3`.
    #[error("the hops of an edge of MATCH admit no number")]
    NoHops,
    /// A list of `IN` or `NIN` with more values than the service takes.
    #[error("a list of IN has {count} values, {max} are allowed", max = super::validate::MAX_IN_VALUES)]
    TooManyInValues {
        /// How many there are.
        count: usize,
    },
    /// More `AND` and `OR` than the service takes.
    #[error("the condition has {count} AND and OR, {max} are allowed", max = super::validate::MAX_LOGICAL_OPERATORS)]
    TooManyLogicalOperators {
        /// How many there are.
        count: usize,
    },
    /// `JOIN` or `MATCH` without a condition that fixes the `$dtId` of one of the twins.
    #[error("JOIN and MATCH need a condition in WHERE that fixes the $dtId of one of the twins")]
    MissingTwinId,
    /// A path that has to start with a variable and starts with something else.
    #[error("`{0}` is not a variable of this query")]
    UnknownVariable(Name),
    /// A variable that is bound twice.
    #[error("the variable `{0}` is bound twice")]
    DuplicateVariable(Name),
    /// A relationship where a twin is needed: as the source of `JOIN` or in `IS_OF_MODEL`.
    #[error("`{0}` is a relationship, a twin is needed")]
    NotATwin(Name),
    /// `IS_OF_MODEL` without a variable where the query has more than one.
    #[error("IS_OF_MODEL needs a variable where the query has JOIN or MATCH")]
    ModelOfWhat,
    /// `IS_OF_MODEL` on `RELATIONSHIPS`.
    #[error("IS_OF_MODEL needs twins, the query reads RELATIONSHIPS")]
    ModelOfRelationships,
    /// `ARRAY_CONTAINS` on a property of a relationship.
    #[error("ARRAY_CONTAINS needs a property of a twin, not one of a relationship")]
    ArrayOfRelationship,
    /// A relationship variable on an edge with more than one hop.
    #[error("the relationship `{0}` can't be bound over more than one hop")]
    VariableOverHops(Name),
    /// A path for `JOIN` that isn't made of a twin's variable and a relationship name. Only a builder can have this.
    #[error("`{0}` isn't of the form `variable.relationship`")]
    JoinPath(String),
    /// `COUNT()` with `TOP`. Only a builder can have this.
    #[error("COUNT() can't be combined with TOP")]
    CountWithTop,
    /// A list that must not be empty is: projections, the values of `IN`, the parts of `AND` or `OR`. Only a tree
    /// that wasn't parsed can have this.
    #[error("a list in the query is empty")]
    EmptyList,
    /// A condition nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH). Only a tree that wasn't parsed can have this.
    #[error("the condition is nested too deeply")]
    TooDeep,
}
