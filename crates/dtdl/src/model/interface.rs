//! Interfaces.

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
    /// A view as an Interface, if it is one.
    #[must_use]
    pub fn as_interface(&self) -> Option<Interface> {
        (self.kind() == ElementKind::Interface).then(|| Interface::of(self.clone()))
    }
}

impl Interface {
    pub(crate) fn of(element: Element) -> Self {
        Self { element }
    }

    /// The element this is a view of.
    #[must_use]
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// The identifier.
    #[must_use]
    pub fn id(&self) -> &Dtmi {
        self.element.id()
    }

    /// The Interfaces in `extends`.
    pub fn extends(&self) -> impl Iterator<Item = Self> + '_ {
        self.element.related("extends").map(Self::of)
    }

    /// All Interfaces it extends, directly or through others; nearest first, each once.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + '_ {
        let model = self.element.model();
        let list = model.arena().ancestors.get(&self.element.index());
        list.into_iter()
            .flatten()
            .map(|index| Self::of(Element::new(model, *index)))
    }

    /// Whether it is the Interface with this identifier, or extends it directly or through others.
    #[must_use]
    pub fn is_subtype_of(&self, id: &str) -> bool {
        self.id() == id || self.ancestors().any(|ancestor| ancestor.id() == id)
    }

    /// The contents it defines itself.
    pub fn own_contents(&self) -> impl Iterator<Item = Content> + '_ {
        self.element.related("contents").filter_map(Content::of)
    }

    /// All contents: its own, then the inherited ones.
    pub fn contents(&self) -> impl Iterator<Item = Content> + '_ {
        let model = self.element.model();
        let list = model.arena().ancestors.get(&self.element.index());
        let owners = std::iter::once(self.element.index()).chain(list.into_iter().flatten().copied());
        owners
            .flat_map(|owner| model.arena().elements[owner].targets("contents"))
            .filter_map(|index| Content::of(Element::new(model, index)))
    }

    /// The content with a name, own or inherited.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Content> {
        self.contents().find(|content| content.name() == name)
    }

    /// The Properties, own and inherited.
    pub fn properties(&self) -> impl Iterator<Item = Property> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Property(property) => Some(property),
            _ => None,
        })
    }

    /// The Telemetries, own and inherited.
    pub fn telemetries(&self) -> impl Iterator<Item = Telemetry> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Telemetry(telemetry) => Some(telemetry),
            _ => None,
        })
    }

    /// The Commands, own and inherited.
    pub fn commands(&self) -> impl Iterator<Item = Command> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Command(command) => Some(command),
            _ => None,
        })
    }

    /// The Components, own and inherited.
    pub fn components(&self) -> impl Iterator<Item = Component> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Component(component) => Some(component),
            _ => None,
        })
    }

    /// The Relationships, own and inherited.
    pub fn relationships(&self) -> impl Iterator<Item = Relationship> + '_ {
        self.contents().filter_map(|content| match content {
            Content::Relationship(relationship) => Some(relationship),
            _ => None,
        })
    }

    /// The Interfaces that have to be there for this one: those it extends and those of its own Components, the
    /// direct ones only.
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
