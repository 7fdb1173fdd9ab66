//! The parser: reads documents, resolves references and builds a model.

mod api;
mod builtin;
mod context;
mod document;
mod element;
mod identifier;
mod iri;
mod literal;
mod localized;
mod pattern;
mod properties;
mod references;
mod report;
mod resolve;
pub(crate) mod session;
mod slot;
mod types;

pub use api::{NoResolver, Parser, Resolver};
pub use document::{Document, Input};
