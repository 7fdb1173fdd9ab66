//! The parser as its users see it.

use std::sync::Arc;

use super::document::Document;
use super::report::Locator;
use super::session::Session;
use crate::Dtmi;
use crate::check;
use crate::diagnostic::{ParseError, Unresolved};
use crate::model::{Arena, Model};
use crate::options::{Options, UnknownExtensions};

/// Reads DTDL: one or more documents in, a [`Model`] or everything that is wrong out.
///
/// A parser is a set of choices, made once and used as often as wanted. It does no IO; references to elements
/// that the documents do not define go to a [`Resolver`].
///
/// ```
/// use dtdl::Parser;
///
/// let model = Parser::new().parse([r#"{
///     "@context": "dtmi:dtdl:context;3",
///     "@id": "dtmi:com:example:Pump;1",
///     "@type": "Interface",
///     "contents": [{ "@type": "Property", "name": "speed", "schema": "double", "writable": true }]
/// }"#])?;
/// let pump = model.interface("dtmi:com:example:Pump;1").ok_or("the model was just parsed")?;
/// let names: Vec<_> = pump.properties().map(|property| property.name().to_owned()).collect();
/// assert_eq!(names, ["speed"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Parser {
    options: Options,
}

/// Finds the definitions of elements that documents refer to.
///
/// Every function or closure from a slice of identifiers to a list of documents is one. The parser asks for all
/// missing elements at once, then for those that the answers refer to, and never twice for the same.
pub trait Resolver {
    /// Documents with the definitions of these elements; of as many as are known.
    fn resolve(&mut self, missing: &[Dtmi]) -> Vec<Document<'static>>;
}

impl<F> Resolver for F
where
    F: FnMut(&[Dtmi]) -> Vec<Document<'static>>,
{
    fn resolve(&mut self, missing: &[Dtmi]) -> Vec<Document<'static>> {
        self(missing)
    }
}

/// A [`Resolver`] that knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&mut self, _missing: &[Dtmi]) -> Vec<Document<'static>> {
        Vec::new()
    }
}

impl Resolver for &Model {
    /// The Interfaces of a model that was parsed before, so that more can be added to it.
    fn resolve(&mut self, missing: &[Dtmi]) -> Vec<Document<'static>> {
        // Several missing elements may stand in one text, which is given once.
        let mut given: Vec<Dtmi> = Vec::new();
        let mut documents = Vec::new();
        for id in missing {
            let Some(outermost) = self.element(id.as_str()).map(|element| element.outermost()) else {
                continue;
            };
            if !given.contains(outermost.id())
                && let Some(text) = outermost.json()
            {
                documents.push(Document::named(outermost.id().to_string(), text.to_owned()));
                given.push(outermost.id().clone());
            }
        }
        documents
    }
}

impl Parser {
    /// A parser for all versions of DTDL, with the limits of the language.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts only these versions of DTDL; versions that do not exist are ignored.
    #[must_use]
    pub fn versions(mut self, versions: impl IntoIterator<Item = u8>) -> Self {
        self.options.versions = versions.into_iter().collect();
        self
    }

    /// Whether models may use extensions that the parser does not know.
    #[must_use]
    pub fn unknown_extensions(mut self, choice: UnknownExtensions) -> Self {
        self.options.unknown_extensions = choice;
        self
    }

    /// Accepts contexts of limit extensions, with a version (`dtmi:dtdl:limits:onvif;1`) or in all versions
    /// (`dtmi:dtdl:limits:onvif`).
    #[must_use]
    pub fn limits<C: Into<String>>(mut self, contexts: impl IntoIterator<Item = C>) -> Self {
        self.options.limits = contexts.into_iter().map(Into::into).collect();
        self
    }

    /// How many diagnostics to collect before ignoring further ones; 10,000 if not set.
    #[must_use]
    pub fn max_diagnostics(mut self, max: usize) -> Self {
        self.options.max_diagnostics = max.max(1);
        self
    }

    /// Parses documents that define everything they refer to.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the documents, and every reference to an element they do not define.
    pub fn parse<'t, D>(&self, documents: impl IntoIterator<Item = D>) -> Result<Model, ParseError>
    where
        D: Into<Document<'t>>,
    {
        self.parse_with(documents, NoResolver)
    }

    /// Parses documents, with a [`Resolver`] for elements that they do not define.
    ///
    /// A [`Model`] by reference is a resolver as well: the result then has the Interfaces of the documents and
    /// those of the model that they need.
    ///
    /// ```
    /// use dtdl::{Document, Dtmi, Parser};
    ///
    /// let library = |missing: &[Dtmi]| -> Vec<Document<'static>> {
    ///     missing
    ///         .iter()
    ///         .map(|id| Document::from(format!(
    ///             r#"{{"@context": "dtmi:dtdl:context;3", "@id": "{id}", "@type": "Interface"}}"#
    ///         )))
    ///         .collect()
    /// };
    /// let model = Parser::new().parse_with([r#"{
    ///     "@context": "dtmi:dtdl:context;3",
    ///     "@id": "dtmi:com:example:FirePump;1",
    ///     "@type": "Interface",
    ///     "extends": "dtmi:com:example:Pump;1"
    /// }"#], library)?;
    /// assert!(model.is_subtype_of("dtmi:com:example:FirePump;1", "dtmi:com:example:Pump;1"));
    /// # Ok::<(), dtdl::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the documents, those from the resolver included, and every reference to an
    /// element that the resolver does not know either.
    pub fn parse_with<'t, D>(
        &self,
        documents: impl IntoIterator<Item = D>,
        mut resolver: impl Resolver,
    ) -> Result<Model, ParseError>
    where
        D: Into<Document<'t>>,
    {
        let mut session = Session::new(&self.options);
        for document in documents {
            session.add(document.into());
        }
        session.resolve(&mut resolver);
        let ancestors = check::run(&mut session);
        session.finish(ancestors)
    }
}

impl Session<'_> {
    fn finish(self, ancestors: check::Ancestors) -> Result<Model, ParseError> {
        if self.reporter.is_empty() && self.unresolved.is_empty() {
            let interfaces = self.interfaces();
            let texts = self
                .sources
                .iter()
                .map(|source| Arc::clone(&source.text))
                .collect();
            return Ok(Model::new(Arena {
                elements: self.elements,
                ids: self.ids,
                ancestors,
                interfaces,
                texts,
            }));
        }
        let mut locator = Locator::new(&self.sources);
        let unresolved = self
            .unresolved
            .iter()
            .map(|missing| Unresolved {
                id: missing.id.clone(),
                referrer: self.elements[missing.from].id.clone(),
                property: missing.property.to_owned(),
                location: locator.locate(missing.at),
            })
            .collect();
        Err(ParseError {
            diagnostics: self.reporter.finish(&mut locator),
            unresolved,
        })
    }
}
