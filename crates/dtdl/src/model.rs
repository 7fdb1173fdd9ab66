//! The parsed model.

mod contents;
mod data;
mod element;
mod interface;
mod lookup;
mod order;
mod per_element;
mod schema;

pub use contents::{Command, Component, Content, Payload, Property, Relationship, Telemetry};
pub use data::Model;
pub use element::{Element, Localized};
pub use interface::Interface;
pub use schema::{
    ArraySchema, EnumSchema, EnumValue, EnumValueLiteral, Field, MapSchema, ObjectSchema, Schema, SchemaType,
};

pub(crate) use data::{Arena, ElementData, Literal, Span};
pub(crate) use per_element::{ElementIndex, PerElement};
