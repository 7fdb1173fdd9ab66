//! Queries on a model.

use super::contents::Content;
use super::data::Model;
use super::element::Element;
use super::interface::Interface;
use super::order;
use crate::Dtmi;

impl Model {
    /// Returns the element with this identifier, from `@id` or assigned by the parser.
    #[must_use]
    pub fn element(&self, id: &str) -> Option<Element> {
        self.arena().ids.get(id).map(|index| Element::new(self, *index))
    }

    /// Returns the Interface with this identifier.
    #[must_use]
    pub fn interface(&self, id: &str) -> Option<Interface> {
        self.element(id)?.as_interface()
    }

    /// Returns all Interfaces, in document order.
    pub fn interfaces(&self) -> impl Iterator<Item = Interface> + '_ {
        self.arena()
            .interfaces
            .iter()
            .filter_map(|index| Element::new(self, *index).as_interface())
    }

    /// Returns all elements, including the built-in ones that the documents refer to.
    pub fn elements(&self) -> impl Iterator<Item = Element> + '_ {
        let indices = self.arena().elements.indices();
        indices.map(|index| Element::new(self, index))
    }

    /// Returns whether Interface `id` is `ancestor`, or extends it directly or indirectly.
    #[must_use]
    pub fn is_subtype_of(&self, id: &str, ancestor: &str) -> bool {
        self.interface(id)
            .is_some_and(|interface| interface.is_subtype_of(ancestor))
    }

    /// Returns the number of Interfaces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arena().interfaces.len()
    }

    /// Returns whether the model has no Interfaces.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arena().interfaces.is_empty()
    }

    /// Returns the Interfaces in upload order: each comes after those that it extends and those of its Components.
    #[must_use]
    pub fn in_dependency_order(&self) -> Vec<Interface> {
        order::by_dependency(self)
    }

    /// Returns the targets of Relationships that are not in the model, sorted and without duplicates. A missing target
    /// is not an error.
    #[must_use]
    pub fn missing_targets(&self) -> Vec<Dtmi> {
        let mut missing: Vec<Dtmi> = self
            .interfaces()
            .flat_map(|interface| interface.own_contents().collect::<Vec<_>>())
            .filter_map(|content| match content {
                Content::Relationship(relationship) => relationship.target_id(),
                _ => None,
            })
            .filter(|id| self.interface(id.as_str()).is_none())
            .collect();
        missing.sort();
        missing.dedup();
        missing
    }
}
