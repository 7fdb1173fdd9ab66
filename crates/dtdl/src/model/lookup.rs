//! Finding elements in a model.

use super::contents::Content;
use super::data::Model;
use super::element::Element;
use super::interface::Interface;
use super::order;
use crate::Dtmi;

impl Model {
    /// The element with an identifier, whether the model gave it or it was assigned.
    #[must_use]
    pub fn element(&self, id: &str) -> Option<Element> {
        self.arena().ids.get(id).map(|index| Element::new(self, *index))
    }

    /// The Interface with an identifier.
    #[must_use]
    pub fn interface(&self, id: &str) -> Option<Interface> {
        self.element(id)?.as_interface()
    }

    /// All Interfaces, in the order in which the documents define them.
    pub fn interfaces(&self) -> impl Iterator<Item = Interface> + '_ {
        self.arena()
            .interfaces
            .iter()
            .filter_map(|index| Element::new(self, *index).as_interface())
    }

    /// All elements, also those of the language that the documents refer to.
    pub fn elements(&self) -> impl Iterator<Item = Element> + '_ {
        let indices = self.arena().elements.indices();
        indices.map(|index| Element::new(self, index))
    }

    /// Whether one Interface is another or extends it, directly or through others.
    #[must_use]
    pub fn is_subtype_of(&self, id: &str, ancestor: &str) -> bool {
        self.interface(id)
            .is_some_and(|interface| interface.is_subtype_of(ancestor))
    }

    /// How many Interfaces there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arena().interfaces.len()
    }

    /// Whether there is no Interface.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arena().interfaces.is_empty()
    }

    /// The Interfaces so that each comes after all it depends on: those it extends and those of its Components.
    /// This is the order to upload them in.
    #[must_use]
    pub fn in_dependency_order(&self) -> Vec<Interface> {
        order::by_dependency(self)
    }

    /// The identifiers of the Interfaces that are named as targets of Relationships but are not in the model.
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
