//! What all elements have in common.

use std::fmt;

use serde_json::Value;

use super::data::{ElementData, Literal, Model};
use super::per_element::ElementIndex;
use crate::metamodel::ElementKind;
use crate::{Dtmi, json};

/// An element of a [`Model`]: an Interface, something in one, a schema, a unit.
///
/// The typed views ([`Interface`], [`Property`](crate::Property), [`Schema`] …) all give the element they are a
/// view of, for what every element has: identifier, kind, texts, original JSON, extension properties.
#[derive(Clone)]
pub struct Element {
    model: Model,
    index: ElementIndex,
}

/// Texts by the tag of their language.
#[derive(Debug, Clone, Copy)]
pub struct Localized<'m> {
    texts: &'m [(Box<str>, Box<str>)],
}

impl<'m> Localized<'m> {
    /// The text in a language, such as `en` or `zh-Hant`.
    #[must_use]
    pub fn get(&self, language: &str) -> Option<&'m str> {
        self.texts
            .iter()
            .find(|(tag, _)| **tag == *language)
            .map(|(_, text)| &**text)
    }

    /// Pairs of language and text, in the order of the model.
    pub fn iter(&self) -> impl Iterator<Item = (&'m str, &'m str)> + use<'m> {
        self.texts.iter().map(|(tag, text)| (&**tag, &**text))
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl Element {
    pub(crate) fn new(model: &Model, index: ElementIndex) -> Self {
        Self {
            model: model.clone(),
            index,
        }
    }

    /// The model it belongs to.
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

    /// The identifier, given or assigned.
    #[must_use]
    pub fn id(&self) -> &Dtmi {
        &self.data().id
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        self.data().kind
    }

    /// The version of DTDL it is written in: 2, 3 or 4.
    #[must_use]
    pub fn dtdl_version(&self) -> u8 {
        self.data().version
    }

    /// The element it is defined in; nothing for top-level Interfaces and elements of the language.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        Some(Self::new(&self.model, self.data().parent?))
    }

    /// The top-level element that it is defined in, or itself.
    pub(crate) fn outermost(self) -> Self {
        let mut outermost = self;
        while let Some(parent) = outermost.parent() {
            outermost = parent;
        }
        outermost
    }

    /// The `name`, if its kind has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.data().string("name")
    }

    /// The `name` of an element whose class requires one.
    #[expect(
        clippy::expect_used,
        reason = "documents in which a required property is missing or wrong do not become a model"
    )]
    pub(crate) fn required_name(&self) -> &str {
        self.name().expect("the class requires a name")
    }

    /// The `comment`.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.data().string("comment")
    }

    /// The `displayName` in all its languages.
    #[must_use]
    pub fn display_name(&self) -> Localized<'_> {
        self.localized("displayName")
    }

    /// The `description` in all its languages.
    #[must_use]
    pub fn description(&self) -> Localized<'_> {
        self.localized("description")
    }

    fn localized(&self, property: &str) -> Localized<'_> {
        match self.data().literal(property) {
            Some(Literal::Localized(texts)) => Localized { texts },
            _ => Localized { texts: &[] },
        }
    }

    /// The identifiers of its supplemental types, such as that of Temperature.
    pub fn supplemental_types(&self) -> impl Iterator<Item = &str> {
        self.data()
            .supplements
            .iter()
            .map(|supplement| supplement.id.as_str())
    }

    /// Whether it has a supplemental type, by term (`Temperature`) or identifier.
    #[must_use]
    pub fn has_type(&self, term_or_id: &str) -> bool {
        let mut supplements = self.data().supplements.iter();
        supplements.any(|supplement| supplement.term == term_or_id || supplement.id == term_or_id)
    }

    /// Types of extensions that the parser does not know.
    pub fn undefined_types(&self) -> impl Iterator<Item = &str> {
        self.data().undefined_types.iter().map(|name| &**name)
    }

    /// Properties of extensions that the parser does not know, with their JSON.
    pub fn undefined_properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.data()
            .undefined_properties
            .iter()
            .map(|(name, value)| (&**name, value))
    }

    /// The value of a property that is not an element, as JSON; also of properties of extensions, by their term.
    #[must_use]
    pub fn value(&self, property: &str) -> Option<Value> {
        Some(match self.data().literal(property)? {
            Literal::String(text) => Value::from(&**text),
            Literal::Integer(number) => Value::from(*number),
            Literal::Number(number) => Value::from(*number),
            Literal::Boolean(value) => Value::from(*value),
            Literal::Localized(texts) => texts
                .iter()
                .map(|(tag, text)| (tag.to_string(), Value::from(&**text)))
                .collect(),
            Literal::Json(value) => (**value).clone(),
            Literal::Dtmi(id) => Value::from(id.as_str()),
        })
    }

    /// The elements in a property; also of properties of extensions, such as `unit`.
    pub fn related(&self, property: &str) -> impl Iterator<Item = Self> + '_ {
        self.data()
            .targets(property)
            .map(|index| Self::new(&self.model, index))
    }

    /// The JSON text of its definition, as it stands in the document; nothing for elements of the language.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        let span = self.data().span?;
        let text = self.model.arena().texts.get(span.doc)?;
        text.get(span.start as usize..span.end as usize)
    }

    /// The definition as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Option<Value> {
        json::read(self.json()?).ok().map(|node| node.to_value())
    }
}

impl PartialEq for Element {
    /// The same element of the same model.
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
