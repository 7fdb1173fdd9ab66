//! The untyped view of an element.

use std::fmt;

use serde_json::Value;

use super::data::{ElementData, Literal, Model};
use super::per_element::ElementIndex;
use crate::metamodel::ElementKind;
use crate::{Dtmi, json};

/// An element of a [`Model`], such as an Interface, a content, a schema or a unit.
///
/// All typed views, such as [`Interface`](crate::Interface) and [`Property`](crate::Property), give access to their
/// element, which has the data common to all elements: identifier, kind, localized strings, original JSON and extension
/// properties.
#[derive(Clone)]
pub struct Element {
    model: Model,
    index: ElementIndex,
}

/// Strings by language tag.
#[derive(Debug, Clone, Copy)]
pub struct Localized<'m> {
    strings: &'m [(Box<str>, Box<str>)],
}

impl<'m> Localized<'m> {
    /// Returns the string for a language tag, such as `en` or `zh-Hant`.
    #[must_use]
    pub fn get(&self, language: &str) -> Option<&'m str> {
        self.strings
            .iter()
            .find(|(tag, _)| **tag == *language)
            .map(|(_, text)| &**text)
    }

    /// Returns pairs of language tag and string, in document order.
    pub fn iter(&self) -> impl Iterator<Item = (&'m str, &'m str)> + use<'m> {
        self.strings.iter().map(|(tag, text)| (&**tag, &**text))
    }

    /// Returns whether there is no string in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }
}

impl Element {
    pub(crate) fn new(model: &Model, index: ElementIndex) -> Self {
        Self {
            model: model.clone(),
            index,
        }
    }

    /// Returns the model that the element belongs to.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    pub(crate) fn index(&self) -> ElementIndex {
        self.index
    }

    pub(crate) fn data(&self) -> &ElementData {
        &self.model.arena().elements[self.index]
    }

    /// Returns the identifier, from `@id` or assigned by the parser.
    #[must_use]
    pub fn id(&self) -> &Dtmi {
        &self.data().id
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        self.data().kind
    }

    /// Returns the DTDL version of the element's definition: 2, 3 or 4.
    #[must_use]
    pub fn dtdl_version(&self) -> u8 {
        self.data().version
    }

    /// Returns the parent: the element that contains the definition of this element. `None` for top-level Interfaces
    /// and most built-in elements.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        Some(Self::new(&self.model, self.data().parent?))
    }

    /// Returns the top-level element that contains this one, or the element itself.
    pub(crate) fn outermost(self) -> Self {
        let mut outermost = self;
        while let Some(parent) = outermost.parent() {
            outermost = parent;
        }
        outermost
    }

    /// Returns the `name`, if elements of this kind have one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.data().string("name")
    }

    /// Returns the `name` of an element whose class requires one.
    #[expect(
        clippy::expect_used,
        reason = "a model is only built from documents without errors"
    )]
    pub(crate) fn required_name(&self) -> &str {
        self.name().expect("the class requires a name")
    }

    /// Returns the `comment`.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.data().string("comment")
    }

    /// Returns the `displayName` in all languages.
    #[must_use]
    pub fn display_name(&self) -> Localized<'_> {
        self.localized("displayName")
    }

    /// Returns the `description` in all languages.
    #[must_use]
    pub fn description(&self) -> Localized<'_> {
        self.localized("description")
    }

    fn localized(&self, property: &str) -> Localized<'_> {
        match self.data().literal(property) {
            Some(Literal::Localized(strings)) => Localized { strings },
            _ => Localized { strings: &[] },
        }
    }

    /// Returns the identifiers of the supplemental types, such as Temperature.
    pub fn supplemental_types(&self) -> impl Iterator<Item = &str> {
        self.data()
            .supplements
            .iter()
            .map(|supplement| supplement.id.as_str())
    }

    /// Returns whether the element has a supplemental type, by term (`Temperature`) or identifier.
    #[must_use]
    pub fn has_type(&self, term_or_id: &str) -> bool {
        let mut supplements = self.data().supplements.iter();
        supplements.any(|supplement| supplement.term == term_or_id || supplement.id == term_or_id)
    }

    /// Returns the types from unknown extensions.
    pub fn undefined_types(&self) -> impl Iterator<Item = &str> {
        self.data().undefined_types.iter().map(|name| &**name)
    }

    /// Returns the properties from unknown extensions, with their JSON values.
    pub fn undefined_properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.data()
            .undefined_properties
            .iter()
            .map(|(name, value)| (&**name, value))
    }

    /// Returns the value of a property as JSON, or `None` if the property holds elements or has no value. Supplemental
    /// properties are named by their term.
    #[must_use]
    pub fn value(&self, property: &str) -> Option<Value> {
        Some(match self.data().literal(property)? {
            Literal::String(text) => Value::from(&**text),
            Literal::Integer(number) => Value::from(*number),
            Literal::Number(number) => Value::from(*number),
            Literal::Boolean(value) => Value::from(*value),
            Literal::Localized(strings) => strings
                .iter()
                .map(|(tag, text)| (tag.to_string(), Value::from(&**text)))
                .collect(),
            Literal::Json(value) => (**value).clone(),
            Literal::Dtmi(id) => Value::from(id.as_str()),
        })
    }

    /// Returns the elements in a property, which may be a supplemental one such as `unit`.
    pub fn related(&self, property: &str) -> impl Iterator<Item = Self> + '_ {
        self.data()
            .targets(property)
            .map(|index| Self::new(&self.model, index))
    }

    /// Returns the original JSON text of the definition. `None` for built-in elements.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        let span = self.data().span?;
        let text = self.model.arena().texts.get(span.doc)?;
        text.get(span.start as usize..span.end as usize)
    }

    /// Returns the definition as a JSON value. `None` for built-in elements.
    #[must_use]
    pub fn to_value(&self) -> Option<Value> {
        json::read(self.json()?).ok().map(|node| node.to_value())
    }
}

impl PartialEq for Element {
    /// Elements are equal if they are the same element of the same model.
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && std::ptr::eq(self.model.arena(), other.model.arena())
    }
}

impl Eq for Element {}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.kind(), self.id())
    }
}
