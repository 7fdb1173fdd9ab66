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
//! [`parse`] checks the grammar, [`Query::validate`] checks the service's rules, and [`parse_and_validate`] checks
//! both. [`bind`] binds values to `@name` placeholders. [`Query::select`] and [`Query::select_all`] start a builder.
//! Scheduled jobs and configurations use conditions without a query: see [`parse_condition`] and
//! [`parse_target_condition`]. For configuration metrics, see [`parse_metric`].
//!
//! The enums of the syntax tree are exhaustive on purpose: when the language gains a construct, an evaluator that
//! matches on them stops compiling instead of ignoring it.

mod ast;
mod build;
mod dialect;
mod error;
mod filter;
mod function;
mod limits;
mod parse;
mod precedence;
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
pub use limits::MAX_QUERY_LENGTH;

use crate::bind::{Parameter, check_parameters};
use crate::error::ParseError;
use crate::syntax::stream::{check_parameters_used, parse_all};
use dialect::DIALECT;

/// Parses a query, checking the grammar only.
///
/// Keywords, sources, and function names are case-insensitive.
///
/// # Errors
///
/// [`ParseError`] with the position of the first error, the tokens expected there, and the token found.
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

/// Parses a configuration metric and checks it as [`parse_and_validate`] does. Unlike other queries, a metric may omit
/// `FROM`, as in `select *`; it then counts devices.
///
/// # Errors
///
/// [`Error::Parse`] or [`Error::Invalid`].
///
/// # Example
///
/// ```
/// use twin_query::iothub::parse_metric;
///
/// assert_eq!(parse_metric("select *")?.to_string(), "SELECT * FROM devices");
/// # Ok::<(), twin_query::iothub::Error>(())
/// ```
pub fn parse_metric(text: &str) -> Result<Query, Error> {
    validate::check_length(text)?;
    let query = parse_all(text, &DIALECT, &[], parse::metric)?;
    query.validate()?;
    Ok(query)
}

/// Parses a condition, without the keyword `WHERE`.
///
/// # Errors
///
/// The same as [`parse`].
///
/// # Example
///
/// ```
/// let condition = twin_query::iothub::parse_condition("deviceId IN ['a', 'b'] AND tags.floor = 3")?;
/// assert_eq!(condition.to_string(), "deviceId IN ['a', 'b'] AND tags.floor = 3");
/// # Ok::<(), twin_query::ParseError>(())
/// ```
pub fn parse_condition(text: &str) -> Result<Expression, ParseError> {
    parse_all(text, &DIALECT, &[], parse::expression)
}

/// Parses the target condition of a configuration or the query condition of a scheduled job: an empty string, `*`, a
/// condition on devices, or `FROM devices.modules WHERE` followed by a condition on modules.
///
/// # Errors
///
/// The same as [`parse`].
pub fn parse_target_condition(text: &str) -> Result<TargetCondition, ParseError> {
    parse_all(text, &DIALECT, &[], parse::target_condition)
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
    let parameters = check_parameters(parameters)?;
    let query = parse_all(text, &DIALECT, &parameters, parse::query)?;
    check_parameters_used(text, &DIALECT, &parameters)?;
    query.validate()?;
    validate::check_length(&query.to_string())?;
    Ok(query)
}
