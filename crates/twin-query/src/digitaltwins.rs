//! The query language of Azure Digital Twins.
//!
//! ```text
//! query  = SELECT ("*" | COUNT() | TOP(n) [projections] | projections)
//!          FROM (DIGITALTWINS | RELATIONSHIPS) [alias]
//!          {JOIN target RELATED source.relationship [alias]}
//!          [MATCH (node) {-[edge]-> (node)}]
//!          [WHERE condition]
//! ```
//!
//! [`parse`] checks the grammar, [`Query::validate`] the service's rules, [`parse_and_validate`] both; [`bind`] fills
//! `@name` placeholders; [`Query::select`] and its sisters start a builder.
//!
//! The tree's enums are exhaustive on purpose: an evaluator that matches on them stops compiling when the language
//! grows, instead of ignoring what it doesn't know.

mod ast;
mod build;
mod error;
mod filter;
mod parse;
mod pattern;
mod print;
mod scope;
mod validate;

pub use crate::filter::not;
pub use ast::{
    Collection, Condition, Direction, Edge, Function, Hops, Join, Operand, Pattern, Projection, Query,
    Select, Step, TextTest, TypeTest,
};
pub use build::{Column, QueryBuilder, column};
pub use error::{Error, ValidationError};
pub use filter::{Filter, PropertyPath, is_of_exact_model, is_of_model, path};
pub use pattern::{EdgeBuilder, PatternBuilder, any_node, edge, node};
pub use scope::{Resolved, Scope, VariableKind};
pub use validate::{MAX_HOPS, MAX_IN_VALUES, MAX_JOINS, MAX_LOGICAL_OPERATORS, MAX_TEXT_LENGTH};

use crate::bind::{Parameter, bound};
use crate::error::ParseError;
use crate::syntax::{Dialect, run, unused_parameter};

static DIALECT: Dialect = Dialect {
    reserved: &[
        "ALL",
        "AND",
        "AS",
        "ASC",
        "AVG",
        "BY",
        "COUNT",
        "DESC",
        "DEVICES",
        "DEVICES_JOBS",
        "DEVICES_MODULES",
        "ENDS_WITH",
        "FALSE",
        "FROM",
        "GROUP",
        "IN",
        "IS_BOOL",
        "IS_DEFINED",
        "IS_NULL",
        "IS_NUMBER",
        "IS_OBJECT",
        "IS_OF_MODEL",
        "IS_PRIMITIVE",
        "IS_STRING",
        "MAX",
        "MIN",
        "NOT",
        "NOT_IN",
        "NULL",
        "OR",
        "ORDER",
        "SELECT",
        "STARTS_WITH",
        "SUM",
        "TOP",
        "TRUE",
        "WHERE",
    ],
    clauses: &["JOIN", "MATCH", "RELATED"],
    reserved_after_dot: false,
    json_strings: false,
    hexadecimal: false,
};

/// Parses a query; checks the grammar only.
///
/// Keywords, collections and function names may have any case; names and strings are case-sensitive.
///
/// # Errors
///
/// [`ParseError`] with the place of the first error, what was expected there and what was found.
///
/// # Example
///
/// ```
/// use twin_query::digitaltwins::{Collection, parse};
///
/// let query = parse("select * from digitaltwins where temperature > 70")?;
/// assert_eq!(query.collection, Collection::Twins);
/// assert_eq!(query.to_string(), "SELECT * FROM DIGITALTWINS WHERE temperature > 70");
/// # Ok::<(), twin_query::ParseError>(())
/// ```
pub fn parse(text: &str) -> Result<Query, ParseError> {
    run(text, &DIALECT, &[], parse::query)
}

/// Parses a query and checks it against the service's rules and limits, that of the text's length included.
///
/// # Errors
///
/// [`Error::Parse`] or [`Error::Invalid`].
pub fn parse_and_validate(text: &str) -> Result<Query, Error> {
    validate::check_length(text)?;
    let query = parse(text)?;
    query.validate()?;
    Ok(query)
}

/// Parses a query in which `@name` placeholders stand for constants, fills in their values and validates the result.
///
/// A value never becomes part of the text: it enters the syntax tree as the constant that it is. A list may stand
/// where `IN` and `NIN` want one. Every placeholder needs a value and every value a placeholder.
///
/// # Errors
///
/// [`Error::Parse`] for the text, [`Error::Value`] for a value that the language can't write or that has no
/// placeholder, [`Error::Invalid`] for what the service would refuse.
///
/// # Example
///
/// ```
/// use twin_query::digitaltwins::bind;
///
/// let query = bind("SELECT * FROM DIGITALTWINS T WHERE T.name = @name", [("name", "O'Hara".into())])?;
/// assert_eq!(query.to_string(), r"SELECT * FROM DIGITALTWINS T WHERE T.name = 'O\'Hara'");
/// # Ok::<(), twin_query::digitaltwins::Error>(())
/// ```
pub fn bind<'a>(
    text: &str,
    parameters: impl IntoIterator<Item = (&'a str, Parameter)>,
) -> Result<Query, Error> {
    let parameters = bound(parameters)?;
    let query = run(text, &DIALECT, &parameters, parse::query)?;
    unused_parameter(text, &DIALECT, &parameters)?;
    query.validate()?;
    validate::check_length(&query.to_string())?;
    Ok(query)
}
