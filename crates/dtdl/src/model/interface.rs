//! The typed view of an Interface.

use super::contents::{Command, Component, Content, Property, Relationship, Telemetry};
use super::element::Element;
use crate::Dtmi;
use crate::metamodel::ElementKind;

/// An Interface: the type of digital twins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    element: Element,
}

impl Element {
    /// Returns the view of this element as an Interface, or `None` if it is of another kind.
    #[must_use]
    pub fn as_interface(&self) -> Option<Interface> {
        (self.kind() == ElementKind::Interface).then(|| Interface::of(self.clone()))
    }
}

impl Interface {
    pub(crate) fn of(element: Element) -> Self {
        Self { element }
    }

    /// Returns the underlying element.
    #[must_use]
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// Returns the identifier.
    #[must_use]
    pub fn id(&self) -> &Dtmi {
        self.element.id()
    }

    /// Returns the Interfaces in `extends`.
    pub fn extends(&self) -> impl Iterator<Item = Self> + '_ {
        self.element.related("extends").map(Self::of)
    }

    /// Returns all Interfaces that this one extends, directly or indirectly. Interfaces in `extends` come first. There
    /// are no duplicates.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + '_ {
        let model = self.element.model();
        let list = model.arena().ancestors.get(&self.element.index());
        list.into_iter()
            .flatten()
            .map(|index| Self::of(Element::new(model, *index)))
    }

    /// Returns whether this is the Interface with the given identifier, or extends it directly or indirectly.
    #[must_use]
    pub fn is_subtype_of(&self, id: &str) -> bool {
        self.id() == id || self.ancestors().any(|ancestor| ancestor.id() == id)
    }

    /// Returns the contents that the Interface itself defines, without inherited ones.
    pub fn own_contents(&self) -> impl Iterator<Item = Content> + '_ {
        self.element.related("contents").filter_map(Content::of)
    }

    /// Returns all contents, first the Interface's own, then the inherited ones.
    pub fn contents(&self) -> impl Iterator<Item = Content> + '_ {
        let model = self.element.model();
        let list = model.arena().ancestors.get(&self.element.index());
        let owners = std::iter::once(self.element.index()).chain(list.into_iter().flatten().copied());
        owners
            .flat_map(|owner| model.arena().elements[owner].targets("contents"))
            .filter_map(|index| Content::of(Element::new(model, index)))
    }

    /// Returns the content with this name, own or inherited.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Content> {
        self.contents().find(|content| content.name() == name)
    }

    /// Returns the Properties, own and inherited.
    pub fn properties(&self) -> impl Iterator<Item = Property> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Property(property) => Some(property),
            _ => None,
        })
    }

    /// Returns the Telemetries, own and inherited.
    pub fn telemetries(&self) -> impl Iterator<Item = Telemetry> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Telemetry(telemetry) => Some(telemetry),
            _ => None,
        })
    }

    /// Returns the Commands, own and inherited.
    pub fn commands(&self) -> impl Iterator<Item = Command> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Command(command) => Some(command),
            _ => None,
        })
    }

    /// Returns the Components, own and inherited.
    pub fn components(&self) -> impl Iterator<Item = Component> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Component(component) => Some(component),
            _ => None,
        })
    }

    /// Returns the Relationships, own and inherited.
    pub fn relationships(&self) -> impl Iterator<Item = Relationship> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Relationship(relationship) => Some(relationship),
            _ => None,
        })
    }

    /// Returns the Interfaces that this one directly depends on: those in `extends` and those of its own Components.
    #[must_use]
    pub fn dependencies(&self) -> Vec<Dtmi> {
        let components = self.own_contents().filter_map(|content| match content {
            Content::Component(component) => component.schema(),
            _ => None,
        });
        let mut ids: Vec<Dtmi> = self
            .extends()
            .chain(components)
            .map(|interface| interface.id().clone())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }
}
