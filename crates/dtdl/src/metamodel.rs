//! DTDL as data: a table for each version and each extension. The parser's code implements kinds of rules; the tables
//! name the classes and properties that the rules apply to.

pub(crate) mod extensions;
mod index;
pub(crate) mod kind;
mod language;
mod quantities;
mod standard;
mod v2;
mod v3;
mod v4;
mod versions;

pub(crate) use extensions::extension::{Constraint, Extension, Sibling};
pub(crate) use index::{Index, Supplement, index};
pub use kind::ElementKind;
pub(crate) use language::{Class, Control, Limit, Limits, Pattern, Property, Target, Value, Version};
pub(crate) use standard::{Builtin, Shape};
pub(crate) use versions::{VERSIONS, is_reserved, is_reserved_in, version};
