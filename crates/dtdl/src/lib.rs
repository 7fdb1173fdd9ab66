//! Parser and validator for the Digital Twins Definition Language, versions 2, 3 and 4.
//!
//! The crate is not async and does no IO, except that [`ModelFiles`] reads files and folders. Documents are text, bytes
//! or JSON values; elements that they do not define are requested from a [`Resolver`]. The result is a [`Model`], or
//! all errors at once. Each error has a code, a location, a message and help.
//!
//! ```
//! use dtdl::{Code, Parser};
//!
//! let error = Parser::new().parse([r#"{
//!     "@context": "dtmi:dtdl:context;3",
//!     "@id": "dtmi:com:example:Valve;1",
//!     "@type": "Interface",
//!     "contents": [{ "@type": "Property", "name": "open", "shcema": "boolean" }]
//! }"#]).unwrap_err();
//! let first = &error.diagnostics[0];
//! assert_eq!(first.code, Code::PropertyUndefinedTerm);
//! assert_eq!(first.location.pointer, "/contents/0/shcema");
//! assert_eq!(first.location.line, Some(5));
//! assert_eq!(first.help, "Did you mean `schema`? If not, remove it.");
//! assert!(error.has(Code::MissingObjectProperty));
//! ```
//!
//! | To | use |
//! |---|---|
//! | read documents from a file or folder | [`ModelFiles`] |
//! | parse documents with options and a resolver | [`Parser`], [`Document`], [`Resolver`] |
//! | accept what Azure Digital Twins accepts | [`Parser::azure_digital_twins`] |
//! | inspect the elements of a model | [`Model`], [`Interface`], [`Content`], [`Schema`], [`Element`] |
//! | handle errors | [`ParseError`], [`Diagnostic`], [`Code`] |
//! | order Interfaces for upload | [`Model::in_dependency_order`] |
//! | validate data against a model | [`validate_instance`], [`validate_twin`], [`validate_component`], [`validate_relationship`] |
//!
//! The rules are data: `src/metamodel` has a table for each DTDL version and each extension, with all classes,
//! properties and limits.
//!
//! # Extensions
//!
//! The parser supports quantitativeTypes (versions 1 and 2), annotation, historization, overriding, requirement, mqtt
//! (1 to 3), initialization (published as a preview only), IoT Central 2, IoT Operations 4, and the limit extensions
//! onvif and aio. [`UnknownExtensions`] controls how other extensions are handled.

mod check;
mod code;
mod diagnostic;
mod dtmi;
#[cfg(fuzzing)]
pub mod fuzzing;
mod instance;
mod json;
mod metamodel;
mod model;
mod model_files;
mod options;
mod parser;

pub use code::Code;
pub use diagnostic::{Diagnostic, Location, ParseError, Unresolved};
pub use dtmi::{Dtmi, DtmiError, DtmiVersion};
pub use instance::{
    InstanceError, InstanceErrorKind, JsonType, validate_component, validate_instance, validate_relationship,
    validate_twin,
};
pub use metamodel::ElementKind;
pub use model::{
    ArraySchema, Command, Component, Content, Element, EnumSchema, EnumValue, EnumValueLiteral, Field,
    Interface, Localized, MapSchema, Model, ObjectSchema, Payload, Property, Relationship, Schema,
    SchemaType, Telemetry,
};
pub use model_files::{ModelFiles, ModelFilesError};
pub use options::UnknownExtensions;
pub use parser::{Document, Input, NoResolver, Parser, Resolver};
