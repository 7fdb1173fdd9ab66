//! What an Interface consists of.

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

            /// The `name`.
            #[must_use]
            pub fn name(&self) -> &str {
                self.element.required_name()
            }
        }
    };
}

view! {
    /// Data that a twin sends.
    Telemetry
}
view! {
    /// State of a twin or of a Relationship.
    Property
}
view! {
    /// Something a twin can be told to do.
    Command
}
view! {
    /// What goes into or comes out of a [`Command`].
    Payload
}
view! {
    /// Another Interface as a part.
    Component
}
view! {
    /// A link to other twins.
    Relationship
}

/// Something in the `contents` of an Interface.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Data that a twin sends.
    Telemetry(Telemetry),
    /// State of a twin.
    Property(Property),
    /// Something a twin can be told to do.
    Command(Command),
    /// Another Interface as a part.
    Component(Component),
    /// A link to other twins.
    Relationship(Relationship),
}

impl Element {
    /// A view as something in the `contents` of an Interface, if it is one.
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

    /// The element this is a view of.
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

    /// The `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element().required_name()
    }

    /// What it is.
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
    /// The shape of its values. A parsed model always has it.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        schema(&self.element)
    }
}

impl Property {
    /// The shape of its values. A parsed model always has it.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        schema(&self.element)
    }

    /// Whether `writable` is true; false if not said.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        boolean(&self.element, "writable")
    }
}

impl Payload {
    /// The shape of its values. A parsed model always has it.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        schema(&self.element)
    }

    /// Whether it may be null, from version 4 on; false if not said.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        boolean(&self.element, "nullable")
    }
}

impl Command {
    /// What goes in.
    #[must_use]
    pub fn request(&self) -> Option<Payload> {
        self.element
            .related("request")
            .next()
            .map(|element| Payload { element })
    }

    /// What comes out.
    #[must_use]
    pub fn response(&self) -> Option<Payload> {
        self.element
            .related("response")
            .next()
            .map(|element| Payload { element })
    }
}

impl Component {
    /// The Interface of the part. A parsed model always has it.
    #[must_use]
    pub fn schema(&self) -> Option<Interface> {
        self.element.related("schema").next()?.as_interface()
    }
}

impl Relationship {
    /// The identifier of the Interface that targets have to be or extend; any if absent.
    #[must_use]
    pub fn target_id(&self) -> Option<Dtmi> {
        match self.element.data().literal("target") {
            Some(Literal::Dtmi(id)) => Some(id.clone()),
            _ => None,
        }
    }

    /// The least number of links; 0 if not said.
    #[must_use]
    pub fn min_multiplicity(&self) -> u32 {
        self.multiplicity("minMultiplicity").unwrap_or(0)
    }

    /// The greatest number of links, if there is one.
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

    /// Whether `writable` is true; false if not said.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        boolean(&self.element, "writable")
    }

    /// The state that each link has.
    pub fn properties(&self) -> impl Iterator<Item = Property> + '_ {
        self.element
            .related("properties")
            .map(|element| Property { element })
    }

    /// The Property with a name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Property> {
        self.properties().find(|property| property.name() == name)
    }
}
