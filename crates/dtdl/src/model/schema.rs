//! Typed views of schemas.

use std::fmt;

use super::data::Literal;
use super::element::Element;
use crate::Dtmi;
use crate::metamodel::ElementKind;

/// A schema, which describes a type of data.
#[derive(Clone, PartialEq, Eq)]
pub struct Schema {
    element: Element,
}

/// A typed view of a [`Schema`], with one variant per kind of schema.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SchemaType {
    /// A primitive schema: Boolean, Integer, String and so on.
    Primitive(ElementKind),
    /// A sequence of values of one schema.
    Array(ArraySchema),
    /// One of a list of named values.
    Enum(EnumSchema),
    /// Values of one schema, keyed by strings.
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
            /// Returns the underlying element.
            #[must_use]
            pub fn element(&self) -> &Element {
                &self.element
            }
        }
    };
}

view! {
    /// A sequence of values of one schema.
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
    /// Values of one schema, keyed by strings.
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
    /// Returns the view of this element as a schema, or `None` if it is of another kind.
    #[must_use]
    pub fn as_schema(&self) -> Option<Schema> {
        self.kind().is_schema().then(|| Schema::of(self.clone()))
    }
}

impl Schema {
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

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        self.element.kind()
    }

    /// Returns the typed view for the kind of this schema.
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
    /// Returns the schema of the items. Always present in a parsed model.
    #[must_use]
    pub fn element_schema(&self) -> Option<Schema> {
        self.element.related("elementSchema").next()?.as_schema()
    }
}

impl EnumSchema {
    /// Returns the kind of the values: Integer or String.
    #[must_use]
    pub fn value_kind(&self) -> ElementKind {
        self.element
            .related("valueSchema")
            .next()
            .map_or(ElementKind::String, |schema| schema.kind())
    }

    /// Returns the values.
    pub fn values(&self) -> impl Iterator<Item = EnumValue> + '_ {
        self.element
            .related("enumValues")
            .map(|element| EnumValue { element })
    }
}

/// The JSON value of an [`EnumValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnumValueLiteral {
    /// An integer.
    Integer(i64),
    /// A string.
    String(String),
}

impl EnumValue {
    /// Returns the `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element.required_name()
    }

    /// Returns the `enumValue`. Always present in a parsed model.
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
    /// Returns the `name` of the keys.
    #[must_use]
    pub fn key_name(&self) -> Option<String> {
        self.element.related("mapKey").next()?.name().map(str::to_owned)
    }

    /// Returns the `name` of the values.
    #[must_use]
    pub fn value_name(&self) -> Option<String> {
        self.element.related("mapValue").next()?.name().map(str::to_owned)
    }

    /// Returns the schema of the values. Always present in a parsed model.
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
    /// Returns the fields.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.element.related("fields").map(|element| Field { element })
    }
}

impl Field {
    /// Returns the `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.element.required_name()
    }

    /// Returns the schema. Always present in a parsed model.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        self.element.related("schema").next()?.as_schema()
    }

    /// Returns whether the field has the type `Required` of the requirement extension.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.element.has_type("Required")
    }
}
