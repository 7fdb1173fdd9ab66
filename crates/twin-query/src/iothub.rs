//! The query language of Azure IoT Hub.
//!
//! ```text
//! query = SELECT [TOP n] ("*" | item {"," item})
//!         FROM (devices | devices.modules | devices.jobs)
//!         [WHERE expression]
//!         [GROUP BY path {"," path}]
//! item  = (path | COUNT() | AVG(path) | SUM(path) | MIN(path) | MAX(path)) [AS alias]
//! ```
//!
//! [`parse`] checks the grammar, [`Query::validate`] the service's rules, [`parse_and_validate`] both; [`bind`] fills
//! `@name` placeholders; [`Query::select`] and [`Query::select_all`] start a builder. Conditions stand on their own
//! in scheduled jobs and configurations: [`parse_condition`], [`parse_target_condition`].
//!
//! The tree's enums are exhaustive on purpose: an evaluator that matches on them stops compiling when the language
//! grows, instead of ignoring what it doesn't know.

mod ast;
mod binding;
mod build;
mod error;
mod filter;
mod function;
mod parse;
mod print;
mod validate;

pub use crate::filter::not;
pub use ast::{
    Aggregate, Constant, Expression, Item, ItemValue, ProductOperator, Query, Select, Source, SumOperator,
    TargetCondition,
};
pub use build::{Column, QueryBuilder, avg, column, count, max, min, sum};
pub use error::{Error, ValidationError};
pub use filter::{Filter, PropertyPath, desired, path, reported, tag};
pub use function::Function;
pub use validate::MAX_TEXT_LENGTH;

use crate::bind::{Parameter, bound};
use crate::error::ParseError;
use crate::syntax::{Dialect, run, unused_parameter};

static DIALECT: Dialect = Dialect {
    reserved: &[
        "AND",
        "AS",
        "FALSE",
        "FROM",
        "GROUP",
        "IN",
        "NIN",
        "NOT",
        "NULL",
        "OR",
        "SELECT",
        "TRUE",
        "UNDEFINED",
        "WHERE",
    ],
    clauses: &[],
    reserved_after_dot: true,
    json_strings: true,
    hexadecimal: true,
};

/// Parses a query; checks the grammar only.
///
/// Keywords, sources and function names may have any case.
///
/// # Errors
///
/// [`ParseError`] with the place of the first error, what was expected there and what was found.
///
/// # Example
///
/// ```
/// use twin_query::iothub::{Source, parse};
///
/// let query = parse("select deviceId from devices.modules where moduleId <> '$edgeAgent'")?;
/// assert_eq!(query.source, Source::Modules);
/// assert_eq!(query.to_string(), "SELECT deviceId FROM devices.modules WHERE moduleId != '$edgeAgent'");
/// # Ok::<(), twin_query::ParseError>(())
/// ```
pub fn parse(text: &str) -> Result<Query, ParseError> {
    run(text, &DIALECT, &[], parse::query)
}

/// Parses a query and checks it against the service's rules, the length of the text included.
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

/// Parses a condition without `WHERE`.
///
/// # Errors
///
/// [`ParseError`] as from [`parse`].
///
/// # Example
///
/// ```
/// let condition = twin_query::iothub::parse_condition("deviceId IN ['a', 'b'] AND tags.floor = 3")?;
/// assert_eq!(condition.to_string(), "deviceId IN ['a', 'b'] AND tags.floor = 3");
/// # Ok::<(), twin_query::ParseError>(())
/// ```
pub fn parse_condition(text: &str) -> Result<Expression, ParseError> {
    run(text, &DIALECT, &[], parse::expression)
}

/// Parses the target condition of a configuration or the query condition of a scheduled job: nothing, `*`, a
/// condition on devices, or `FROM devices.modules WHERE` and a condition on modules.
///
/// # Errors
///
/// [`ParseError`] as from [`parse`].
pub fn parse_target_condition(text: &str) -> Result<TargetCondition, ParseError> {
    run(text, &DIALECT, &[], parse::target_condition)
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
/// use twin_query::iothub::bind;
///
/// let query = bind("SELECT * FROM devices WHERE tags.owner = @owner", [("owner", "O'Hara".into())])?;
/// assert_eq!(query.to_string(), r"SELECT * FROM devices WHERE tags.owner = 'O\'Hara'");
/// # Ok::<(), twin_query::iothub::Error>(())
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
