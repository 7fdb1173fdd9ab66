//! Typed views of the contents of an Interface.

use super::data::Literal;
use super::element::Element;
use super::interface::Interface;
use super::schema::Schema;
use crate::Dtmi;
use crate::metamodel::ElementKind;

macro_rules! view {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $name {
            element: Element,
        }

        impl $name {
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

            /// Returns the `name`.
            #[must_use]
            pub fn name(&self) -> &str {
                self.element.required_name()
            }
        }
    };
}

view! {
    /// A Telemetry: data that a twin sends.
    Telemetry
}
view! {
    /// A Property: state of a twin or of a relationship.
    Property
}
view! {
    /// A Command: an operation of a twin.
    Command
}
view! {
    /// The request or response of a [`Command`].
    Payload
}
view! {
    /// A Component: an Interface included in another Interface.
    Component
}
view! {
    /// A Relationship: links from a twin to other twins.
    Relationship
}

/// An element in the `contents` of an Interface.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Data that a twin sends.
    Telemetry(Telemetry),
    /// State of a twin.
    Property(Property),
    /// An operation of a twin.
    Command(Command),
    /// An included Interface.
    Component(Component),
    /// Links to other twins.
    Relationship(Relationship),
}

impl Element {
    /// Returns the view of this element as a content, or `None` if it is of another kind.
    #[must_use]
    pub fn as_content(&self) -> Option<Content> {
        Content::of(self.clone())
    }
}

impl Content {
    pub(crate) fn of(element: Element) -> Option<Self> {
        Some(match element.kind() {
            ElementKind::Telemetry => Self::Telemetry(Telemetry { element }),
            ElementKind::Property => Self::Property(Property { element }),
            ElementKind::Command => Self::Command(Command { element }),
            ElementKind::Component => Self::Component(Component { element }),
            ElementKind::Relationship => Self::Relationship(Relationship { element }),
            _ => return None,
        })
    }

    /// Returns the underlying element.
    #[must_use]
    pub fn element(&self) -> &Element {
        match self {
            Self::Telemetry(content) => &content.element,
            Self::Property(content) => &content.element,
            Self::Command(content) => &content.element,
            Self::Component(content) => &content.element,
            Self::Relationship(content) => &content.element,
        }
    }

    /// Returns the `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element().required_name()
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        self.element().kind()
    }
}

fn schema(element: &Element) -> Option<Schema> {
    element.related("schema").next()?.as_schema()
}

fn boolean(element: &Element, property: &str) -> bool {
    matches!(element.data().literal(property), Some(Literal::Boolean(true)))
}

impl Telemetry {
    /// Returns the schema. Always present in a parsed model.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        schema(&self.element)
    }
}

impl Property {
    /// Returns the schema. Always present in a parsed model.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        schema(&self.element)
    }

    /// Returns `writable`; false if absent.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        boolean(&self.element, "writable")
    }
}

impl Payload {
    /// Returns the schema. Always present in a parsed model.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        schema(&self.element)
    }

    /// Returns `nullable`, new in DTDL version 4; false if absent.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        boolean(&self.element, "nullable")
    }
}

impl Command {
    /// Returns the request, if the Command has one.
    #[must_use]
    pub fn request(&self) -> Option<Payload> {
        self.element
            .related("request")
            .next()
            .map(|element| Payload { element })
    }

    /// Returns the response, if the Command has one.
    #[must_use]
    pub fn response(&self) -> Option<Payload> {
        self.element
            .related("response")
            .next()
            .map(|element| Payload { element })
    }
}

impl Component {
    /// Returns the included Interface. Always present in a parsed model.
    #[must_use]
    pub fn schema(&self) -> Option<Interface> {
        self.element.related("schema").next()?.as_interface()
    }
}

impl Relationship {
    /// Returns the identifier of the Interface that the model of a target twin must be or extend, or `None` if any
    /// Interface is allowed.
    #[must_use]
    pub fn target_id(&self) -> Option<Dtmi> {
        match self.element.data().literal("target") {
            Some(Literal::Dtmi(id)) => Some(id.clone()),
            _ => None,
        }
    }

    /// Returns the minimum number of links per twin; 0 if absent.
    #[must_use]
    pub fn min_multiplicity(&self) -> u32 {
        self.multiplicity("minMultiplicity").unwrap_or(0)
    }

    /// Returns the maximum number of links per twin, if it is limited.
    #[must_use]
    pub fn max_multiplicity(&self) -> Option<u32> {
        self.multiplicity("maxMultiplicity")
    }

    fn multiplicity(&self, property: &str) -> Option<u32> {
        match self.element.data().literal(property) {
            Some(Literal::Integer(number)) => u32::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Returns `writable`; false if absent.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        boolean(&self.element, "writable")
    }

    /// Returns the Properties of each link.
    pub fn properties(&self) -> impl Iterator<Item = Property> + '_ {
        self.element
            .related("properties")
            .map(|element| Property { element })
    }

    /// Returns the Property with this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Property> {
        self.properties().find(|property| property.name() == name)
    }
}
