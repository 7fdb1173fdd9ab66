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
//! [`parse`] checks the grammar, [`Query::validate`] checks the service's rules, and [`parse_and_validate`] checks
//! both. [`bind`] binds values to `@name` placeholders. [`Query::select`], [`Query::select_all`], and
//! [`Query::select_count`] start a builder.
//!
//! The enums of the syntax tree are exhaustive on purpose: when the language gains a construct, an evaluator that
//! matches on them stops compiling instead of ignoring it.

mod ast;
mod build;
mod dialect;
mod error;
mod filter;
mod limits;
mod parse;
mod pattern;
mod print;
mod scope;
mod validate;

pub use crate::filter::not;
pub use ast::{
    Collection, Condition, Direction, Edge, Function, Hops, Join, Operand, Pattern, Projection, Query,
    Select, Step, StringTest, TypeTest,
};
pub use build::{Column, QueryBuilder, column};
pub use error::{Error, ValidationError};
pub use filter::{Filter, PropertyPath, is_of_exact_model, is_of_model, path};
pub use limits::{MAX_HOPS, MAX_IN_VALUES, MAX_JOINS, MAX_LOGICAL_OPERATORS, MAX_QUERY_LENGTH};
pub use pattern::{EdgeBuilder, PatternBuilder, any_node, edge, node};
pub use scope::{ResolvedPath, Scope, VariableKind};

use crate::bind::{Parameter, check_parameters};
use crate::error::ParseError;
use crate::syntax::stream::{check_parameters_used, parse_all};
use dialect::DIALECT;

/// Parses a query, checking the grammar only.
///
/// Keywords, collections, and function names are case-insensitive; other names and strings are case-sensitive.
///
/// # Errors
///
/// [`ParseError`] with the position of the first error, the tokens expected there, and the token found.
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
    parse_all(text, &DIALECT, &[], parse::query)
}

/// Parses a query and checks it against the service's rules and limits, including its length.
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

/// Parses a query with `@name` placeholders, binds their values, and validates the result.
///
/// Values are inserted into the syntax tree as constants, never into the query string. `IN` and `NIN` accept a
/// placeholder for the whole list. Every placeholder needs a value, and every value a placeholder.
///
/// # Errors
///
/// [`Error::Parse`] for a syntax error or a placeholder without a matching value, [`Error::Value`] for a value that
/// the language cannot represent or that has no placeholder, [`Error::Invalid`] for a violated rule or limit of the
/// service.
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
    let parameters = check_parameters(parameters)?;
    let query = parse_all(text, &DIALECT, &parameters, parse::query)?;
    check_parameters_used(text, &DIALECT, &parameters)?;
    query.validate()?;
    validate::check_length(&query.to_string())?;
    Ok(query)
}
