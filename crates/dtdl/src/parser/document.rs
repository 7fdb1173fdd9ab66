//! The input of a parser.

use std::borrow::Cow;

use serde_json::Value;

/// A document: a JSON object that defines an Interface, or an array of them.
///
/// Strings, bytes and [`Value`]s convert to unnamed documents. The name appears in locations:
///
/// ```
/// let document = dtdl::Document::named("pump.json", r#"{"@id": 1}"#);
/// let error = dtdl::Parser::new().parse([document]).unwrap_err();
/// assert_eq!(&*error.diagnostics[0].location.document, "pump.json");
/// ```
#[derive(Debug, Clone)]
pub struct Document<'t> {
    pub(crate) name: Option<Cow<'t, str>>,
    pub(crate) input: Input<'t>,
}

/// The content of a [`Document`].
#[derive(Debug, Clone)]
pub enum Input<'t> {
    /// JSON text, with or without a byte order mark.
    Text(Cow<'t, str>),
    /// JSON text in UTF-8, as bytes.
    Bytes(Cow<'t, [u8]>),
    /// A JSON value. Its diagnostics have JSON pointers but no lines.
    Value(Cow<'t, Value>),
}

impl<'t> Document<'t> {
    /// Creates a document with a name, such as its file name.
    pub fn named(name: impl Into<Cow<'t, str>>, input: impl Into<Input<'t>>) -> Self {
        Self {
            name: Some(name.into()),
            input: input.into(),
        }
    }
}

impl<'t, I: Into<Input<'t>>> From<I> for Document<'t> {
    fn from(input: I) -> Self {
        Self {
            name: None,
            input: input.into(),
        }
    }
}

impl<'t> From<&'t str> for Input<'t> {
    fn from(text: &'t str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'t> From<&'t String> for Input<'t> {
    fn from(text: &'t String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Input<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'t> From<&'t [u8]> for Input<'t> {
    fn from(bytes: &'t [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Input<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl<'t> From<&'t Value> for Input<'t> {
    fn from(value: &'t Value) -> Self {
        Self::Value(Cow::Borrowed(value))
    }
}

impl From<Value> for Input<'_> {
    fn from(value: Value) -> Self {
        Self::Value(Cow::Owned(value))
    }
}
