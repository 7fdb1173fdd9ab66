//! The types of the extension tables.

use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Limits, Property};
use crate::metamodel::quantities::Quantities;

/// A schema that an extension adds: its term, identifier and fields.
pub(crate) type Record = (&'static str, &'static str, &'static [(&'static str, K)]);

/// A version of an extension. A model enables it by listing its context in `@context`.
#[derive(Debug)]
pub(crate) struct Extension {
    /// The context, without the version.
    pub(crate) context: &'static str,
    pub(crate) version: u32,
    /// The DTDL versions that the types are defined for.
    pub(crate) dtdl: &'static [u8],
    /// The template for identifiers of types, with `{}` for the term.
    pub(crate) type_id: &'static str,
    /// The template for identifiers of properties, with `{type}` and `{}` for the terms.
    pub(crate) property_id: &'static str,
    pub(crate) types: &'static [Type],
    pub(crate) records: &'static [Record],
    pub(crate) quantities: Option<&'static Quantities>,
    /// The limits that the context selects, and their DTDL version.
    pub(crate) limits: Option<(Limits, u8)>,
}

/// A supplemental type.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) term: &'static str,
    pub(crate) cotypes: &'static [K],
    /// Other supplemental types that the element must have: terms of this extension, or identifiers.
    pub(crate) requires: &'static [&'static str],
    /// Supplemental types that the element must not have: terms of this extension, or identifiers.
    pub(crate) excludes: &'static [&'static str],
    pub(crate) properties: &'static [Property],
    /// Properties whose values must be unique among siblings.
    pub(crate) unique: &'static [&'static str],
    pub(crate) constraints: &'static [Constraint],
    pub(crate) siblings: &'static [Sibling],
}

/// A constraint that a supplemental type puts on its element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Constraint {
    /// The elements in `property` have one of these kinds; `noun` names them in messages.
    Kinds {
        property: &'static str,
        kinds: &'static [K],
        noun: &'static str,
    },
    /// The elements in `property` have one of these supplemental types.
    Types {
        property: &'static str,
        types: &'static [&'static str],
    },
    /// The elements in `property` are among these built-in elements.
    Values {
        property: &'static str,
        terms: &'static [&'static str],
    },
    /// The element is in `property` of an element with the supplemental type `parent`, and has no sibling with the same
    /// type.
    OnlyIn {
        property: &'static str,
        parent: &'static str,
    },
    /// The value of `property` conforms to the schema in the property `schema`.
    Conforms {
        property: &'static str,
        schema: &'static str,
    },
    /// If the overridden property holds a unit, the schema is the Enum that the unit belongs to; see
    /// [`Sibling::Overridden`].
    SchemaOfOverridden,
}

/// A constraint that a supplemental type puts on a sibling of its element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sibling {
    /// The property `by` holds the name of a sibling of one of these kinds, without the supplemental type `not`.
    Named {
        by: &'static str,
        kinds: &'static [K],
        not: Option<&'static str>,
    },
    /// `property` names a supplemental property of the sibling that `by` names. Only one element may name a given
    /// property of that sibling.
    Overridden {
        by: &'static str,
        property: &'static str,
    },
}

// Constructors for the tables.

pub(super) const BLANK: Extension = Extension {
    context: "",
    version: 1,
    dtdl: &[],
    type_id: "{}",
    property_id: "{}",
    types: &[],
    records: &[],
    quantities: None,
    limits: None,
};

pub(super) const fn adjunct(term: &'static str, cotypes: &'static [K]) -> Type {
    Type {
        term,
        cotypes,
        requires: &[],
        excludes: &[],
        properties: &[],
        unique: &[],
        constraints: &[],
        siblings: &[],
    }
}
