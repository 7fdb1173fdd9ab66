//! Schemas: the shapes of data.

use std::fmt;

use super::data::Literal;
use super::element::Element;
use crate::Dtmi;
use crate::metamodel::ElementKind;

/// The shape of data.
#[derive(Clone, PartialEq, Eq)]
pub struct Schema {
    element: Element,
}

/// A [`Schema`] by what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SchemaType {
    /// A primitive schema: Boolean, Integer, String and so on.
    Primitive(ElementKind),
    /// A sequence.
    Array(ArraySchema),
    /// One of a list of values.
    Enum(EnumSchema),
    /// Values by text.
    Map(MapSchema),
    /// Named fields.
    Object(ObjectSchema),
}

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
        }
    };
}

view! {
    /// A sequence of values of the same schema.
    ArraySchema
}
view! {
    /// One of a list of named values.
    EnumSchema
}
view! {
    /// A value of an [`EnumSchema`].
    EnumValue
}
view! {
    /// Values of the same schema by text.
    MapSchema
}
view! {
    /// Named fields.
    ObjectSchema
}
view! {
    /// A field of an [`ObjectSchema`].
    Field
}

impl Element {
    /// A view as a schema, if it is one.
    #[must_use]
    pub fn as_schema(&self) -> Option<Schema> {
        self.kind().is_schema().then(|| Schema::of(self.clone()))
    }
}

impl Schema {
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

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        self.element.kind()
    }

    /// A view by what it is.
    #[must_use]
    pub fn schema_type(&self) -> SchemaType {
        let element = self.element.clone();
        match self.kind() {
            ElementKind::Array => SchemaType::Array(ArraySchema { element }),
            ElementKind::Enum => SchemaType::Enum(EnumSchema { element }),
            ElementKind::Map => SchemaType::Map(MapSchema { element }),
            ElementKind::Object => SchemaType::Object(ObjectSchema { element }),
            kind => SchemaType::Primitive(kind),
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.element.fmt(f)
    }
}

impl ArraySchema {
    /// The schema of the items. A parsed model always has it.
    #[must_use]
    pub fn element_schema(&self) -> Option<Schema> {
        self.element.related("elementSchema").next()?.as_schema()
    }
}

impl EnumSchema {
    /// Integer or String.
    #[must_use]
    pub fn value_kind(&self) -> ElementKind {
        self.element
            .related("valueSchema")
            .next()
            .map_or(ElementKind::String, |schema| schema.kind())
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = EnumValue> + '_ {
        self.element
            .related("enumValues")
            .map(|element| EnumValue { element })
    }
}

/// What stands for a value of an Enum in data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnumValueLiteral {
    /// A whole number.
    Integer(i64),
    /// A text.
    String(String),
}

impl EnumValue {
    /// The `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element.required_name()
    }

    /// The `enumValue`. A parsed model always has it.
    #[must_use]
    pub fn value(&self) -> Option<EnumValueLiteral> {
        match self.element.data().literal("enumValue")? {
            Literal::Integer(number) => Some(EnumValueLiteral::Integer(*number)),
            Literal::String(text) => Some(EnumValueLiteral::String(text.to_string())),
            _ => None,
        }
    }
}

impl MapSchema {
    /// How the keys are called.
    #[must_use]
    pub fn key_name(&self) -> Option<String> {
        self.element.related("mapKey").next()?.name().map(str::to_owned)
    }

    /// How the values are called.
    #[must_use]
    pub fn value_name(&self) -> Option<String> {
        self.element.related("mapValue").next()?.name().map(str::to_owned)
    }

    /// The schema of the values. A parsed model always has it.
    #[must_use]
    pub fn value_schema(&self) -> Option<Schema> {
        self.element
            .related("mapValue")
            .next()?
            .related("schema")
            .next()?
            .as_schema()
    }
}

impl ObjectSchema {
    /// The fields.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.element.related("fields").map(|element| Field { element })
    }
}

impl Field {
    /// The `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element.required_name()
    }

    /// The schema. A parsed model always has it.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        self.element.related("schema").next()?.as_schema()
    }

    /// Whether an instance cannot leave it out, by the requirement extension.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.element.has_type("Required")
    }
}
