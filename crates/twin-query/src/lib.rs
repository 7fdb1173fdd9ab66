//! The query languages of Azure Digital Twins and Azure IoT Hub: syntax tree, parser, printer, and an injection-safe
//! builder.
//!
//! | Module | Language | Example |
//! |---|---|---|
//! | [`digitaltwins`] | graph queries over `DIGITALTWINS` and `RELATIONSHIPS` | `SELECT T FROM DIGITALTWINS T WHERE T.temperature > 70` |
//! | [`iothub`] | queries over `devices`, `devices.modules`, `devices.jobs` | `SELECT deviceId FROM devices WHERE tags.floor = 3` |
//!
//! Both modules have the same structure:
//!
//! * `Query` is the syntax tree: plain public data that an evaluator can walk. `Display` prints the canonical form,
//!   which parses back to the same tree.
//! * `parse` checks the grammar, `Query::validate` checks the service's rules and limits, and `parse_and_validate`
//!   checks both plus the length of the query.
//! * `Query::select…` starts a builder. Values are bound as constants, never concatenated into the query.
//! * `bind` parses a query with `@name` placeholders and binds their values.
//!
//! The root contains the types that both languages share: [`Name`] and [`Path`], [`Literal`] and [`Number`],
//! [`Comparison`], the builders' [`Value`] and [`Filter`], and [`ParseError`].
//!
//! # Building
//!
//! ```
//! use twin_query::digitaltwins::{Query, is_of_model, path};
//!
//! let name = "O'Hara"; // untrusted input is safe: a bound value cannot change the structure of the query
//! let query = Query::select(["T"])
//!     .from_twins("T")
//!     .filter(path("T.name").eq(name).and(is_of_model("T", "dtmi:example:Room;1")))
//!     .build()?;
//! assert_eq!(
//!     query.to_string(),
//!     r"SELECT T FROM DIGITALTWINS T WHERE T.name = 'O\'Hara' AND IS_OF_MODEL(T, 'dtmi:example:Room;1')"
//! );
//! # Ok::<(), twin_query::digitaltwins::Error>(())
//! ```
//!
//! # Parsing
//!
//! ```
//! let error = twin_query::iothub::parse("SELECT * FROM devices WHERE tags.floor = ").unwrap_err();
//! assert_eq!((error.line(), error.column()), (1, 42));
//! assert_eq!(error.found(), None); // end of input
//! ```
//!
//! Parsing never panics, and rejects queries nested deeper than [`MAX_DEPTH`].

mod bind;
mod error;
mod filter;
mod literal;
mod name;
mod operator;
mod syntax;
mod value;

pub mod digitaltwins;
pub mod iothub;

pub use bind::Parameter;
pub use error::{Expected, ParseError, ParseErrorKind};
pub use filter::{Comparand, Filter, Predicate, PropertyPath, not};
pub use literal::{Literal, Number};
pub use name::{IntoPath, Name, NameError, Path};
pub use operator::Comparison;
pub use syntax::MAX_DEPTH;
pub use value::{Value, ValueError};
