//! The vocabulary of the tables of extensions.

use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Limits, Property};
use crate::metamodel::quantities::Quantities;

/// A schema that an extension adds: term, identifier, fields.
pub(crate) type Record = (&'static str, &'static str, &'static [(&'static str, K)]);

/// An extension in one version, switched on by its context.
#[derive(Debug)]
pub(crate) struct Extension {
    /// The context without its version.
    pub(crate) context: &'static str,
    pub(crate) version: u32,
    /// The DTDL versions its types go with.
    pub(crate) dtdl: &'static [u8],
    /// The identifier of a type, with `{}` for its term.
    pub(crate) type_id: &'static str,
    /// The identifier of a property, with `{type}` and `{}` for the terms.
    pub(crate) property_id: &'static str,
    pub(crate) types: &'static [Type],
    pub(crate) records: &'static [Record],
    pub(crate) quantities: Option<&'static Quantities>,
    /// If the context selects a set of limits: which, and for which DTDL version.
    pub(crate) limits: Option<(Limits, u8)>,
}

/// A type that an element can have besides its material one.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) term: &'static str,
    pub(crate) cotypes: &'static [K],
    /// Types of the same or another extension that have to be there too, or must not; full identifiers or terms
    /// of the same extension.
    pub(crate) requires: &'static [&'static str],
    pub(crate) excludes: &'static [&'static str],
    pub(crate) properties: &'static [Property],
    /// Properties whose values differ among the elements in the same place.
    pub(crate) unique: &'static [&'static str],
    pub(crate) constraints: &'static [Constraint],
    pub(crate) siblings: &'static [Sibling],
}

/// What a supplemental type demands of its element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Constraint {
    /// The elements in a property have one of these kinds.
    Kinds {
        property: &'static str,
        kinds: &'static [K],
        noun: &'static str,
    },
    /// The elements in a property have one of these supplemental types.
    Types {
        property: &'static str,
        types: &'static [&'static str],
    },
    /// The elements in a property are one of these standard elements.
    Values {
        property: &'static str,
        terms: &'static [&'static str],
    },
    /// The element stands in this property of an element with this type, and is the only one there.
    OnlyIn {
        property: &'static str,
        parent: &'static str,
    },
    /// A value in one property conforms to the schema in another.
    Conforms {
        property: &'static str,
        schema: &'static str,
    },
    /// The schema is that of the property a sibling has; see [`Sibling::Overridden`].
    SchemaOfOverridden,
}

/// What a supplemental type demands of another element in the same place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sibling {
    /// A property holds the name of a sibling of one of these kinds that has not a certain type itself.
    Named {
        by: &'static str,
        kinds: &'static [K],
        not: Option<&'static str>,
    },
    /// A property names a property that the sibling has from a supplemental type; no two elements the same.
    Overridden {
        by: &'static str,
        property: &'static str,
    },
}

// Building blocks of the tables.

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
