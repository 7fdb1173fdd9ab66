//! The arena that stores a model.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::per_element::{ElementIndex, PerElement};
use crate::Dtmi;
use crate::metamodel::{ElementKind, Limits, Supplement};

/// The value of a property that does not hold elements.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    String(Box<str>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    /// Strings by language tag, in document order.
    Localized(Box<[(Box<str>, Box<str>)]>),
    Json(Box<Value>),
    Dtmi(Dtmi),
}

/// The byte range of an element in its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) doc: usize,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// An element. References to other elements are indices.
#[derive(Debug)]
pub(crate) struct ElementData {
    pub(crate) id: Dtmi,
    pub(crate) kind: ElementKind,
    pub(crate) version: u8,
    pub(crate) limits: Limits,
    /// The parent: the element that contains the definition of this element.
    pub(crate) parent: Option<ElementIndex>,
    /// The Interface that contains the definition of this element. `None` for Interfaces.
    pub(crate) partition: Option<ElementIndex>,
    pub(crate) supplements: Vec<&'static Supplement>,
    pub(crate) undefined_types: Vec<Box<str>>,
    pub(crate) literals: Vec<(&'static str, Literal)>,
    /// Elements by property. `None` marks an unresolved or invalid value.
    pub(crate) references: Vec<(&'static str, Vec<Option<ElementIndex>>)>,
    pub(crate) undefined_properties: Vec<(Box<str>, Value)>,
    /// `None` for built-in elements.
    pub(crate) span: Option<Span>,
}

impl ElementData {
    pub(crate) fn literal(&self, property: &str) -> Option<&Literal> {
        self.literals
            .iter()
            .find(|(name, _)| *name == property)
            .map(|(_, value)| value)
    }

    pub(crate) fn string(&self, property: &str) -> Option<&str> {
        match self.literal(property) {
            Some(Literal::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the elements in a property.
    pub(crate) fn targets(&self, property: &str) -> impl Iterator<Item = ElementIndex> + use<'_> {
        let found = self.references.iter().find(|(name, _)| *name == property);
        found
            .into_iter()
            .flat_map(|(_, targets)| targets.iter().flatten().copied())
    }

    pub(crate) fn target(&self, property: &str) -> Option<ElementIndex> {
        self.targets(property).next()
    }

    /// Returns all referenced elements, with the property of each.
    pub(crate) fn all_targets(&self) -> impl Iterator<Item = (&'static str, ElementIndex)> {
        self.references
            .iter()
            .flat_map(|(property, targets)| targets.iter().flatten().map(|target| (*property, *target)))
    }

    pub(crate) fn has_supplement(&self, id: &str) -> bool {
        self.supplements.iter().any(|supplement| supplement.id == id)
    }
}

/// The data that clones of a [`Model`] share.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(crate) elements: PerElement<ElementData>,
    pub(crate) ids: HashMap<Dtmi, ElementIndex>,
    /// The Interfaces that each Interface extends, directly or indirectly. An Interface that extends none has no entry.
    pub(crate) ancestors: HashMap<ElementIndex, Vec<ElementIndex>>,
    /// The Interfaces in document order.
    pub(crate) interfaces: Vec<ElementIndex>,
    pub(crate) texts: Vec<Arc<str>>,
}

/// All elements that a set of documents defines, with references resolved and contents inherited.
///
/// A model is immutable. Clones and elements share its data and keep it alive, so cloning is cheap.
#[derive(Clone, Default)]
pub struct Model {
    arena: Arc<Arena>,
}

impl Model {
    pub(crate) fn new(arena: Arena) -> Self {
        Self {
            arena: Arc::new(arena),
        }
    }

    pub(crate) fn arena(&self) -> &Arena {
        &self.arena
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("interfaces", &self.arena.interfaces.len())
            .field("elements", &self.arena.elements.len())
            .finish()
    }
}
