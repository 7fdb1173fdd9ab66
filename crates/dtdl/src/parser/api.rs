//! The public API of the parser.

use std::sync::Arc;

use super::document::Document;
use super::report::Locator;
use super::session::Session;
use crate::Dtmi;
use crate::check;
use crate::diagnostic::{ParseError, Unresolved};
use crate::model::{Arena, Model};
use crate::options::{
    AZURE_DIGITAL_TWINS_EXTENSIONS, AZURE_DIGITAL_TWINS_VERSIONS, Options, UnknownExtensions,
};

/// A DTDL parser: parses one or more documents into a [`Model`], or reports all their errors.
///
/// A parser only holds options and can be reused. It does no I/O; elements that the documents refer to but do not
/// define are requested from a [`Resolver`].
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

/// A source of definitions for elements that documents refer to.
///
/// Functions and closures that take a slice of identifiers and return a list of documents are resolvers. The parser
/// requests all missing elements at once, then those that the returned documents refer to. It never requests an element
/// twice.
pub trait Resolver {
    /// Returns documents that define these elements. Unknown elements are left out.
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

/// A [`Resolver`] that returns no documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&mut self, _missing: &[Dtmi]) -> Vec<Document<'static>> {
        Vec::new()
    }
}

impl Resolver for &Model {
    /// Returns the Interfaces of this model that define the missing elements.
    fn resolve(&mut self, missing: &[Dtmi]) -> Vec<Document<'static>> {
        // Several missing elements may be nested in one top-level element, which is returned once.
        let mut returned: Vec<Dtmi> = Vec::new();
        let mut documents = Vec::new();
        for id in missing {
            let Some(outermost) = self.element(id.as_str()).map(|element| element.outermost()) else {
                continue;
            };
            if !returned.contains(outermost.id())
                && let Some(text) = outermost.json()
            {
                documents.push(Document::named(outermost.id().to_string(), text.to_owned()));
                returned.push(outermost.id().clone());
            }
        }
        documents
    }
}

impl Parser {
    /// Creates a parser that accepts all DTDL versions with their standard limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a parser that accepts what Azure Digital Twins accepts: DTDL versions 2 and 3, the
    /// [solecisms](Self::tolerate_solecisms) of version 2, and the [extensions](Self::extensions) that the service's
    /// documentation lists.
    ///
    /// ```
    /// use dtdl::{Code, Parser};
    ///
    /// let twice = r#"{ "@context": "dtmi:dtdl:context;2", "@id": "dtmi:com:example:Pump;1", "@type": "Interface",
    ///     "contents": [
    ///         { "@type": "Telemetry", "name": "flow", "schema": "double" },
    ///         { "@type": "Telemetry", "name": "flow", "schema": "integer" }
    ///     ] }"#;
    /// let model = Parser::azure_digital_twins().parse([twice])?;
    /// assert_eq!(model.interface("dtmi:com:example:Pump;1").map(|pump| pump.contents().count()), Some(1));
    ///
    /// let error = Parser::new().parse([twice]).unwrap_err();
    /// assert!(error.has(Code::NonUniquePropertyValue));
    /// # Ok::<(), dtdl::ParseError>(())
    /// ```
    #[must_use]
    pub fn azure_digital_twins() -> Self {
        Self::new()
            .versions(AZURE_DIGITAL_TWINS_VERSIONS)
            .extensions(AZURE_DIGITAL_TWINS_EXTENSIONS)
            .tolerate_solecisms(true)
    }

    /// Sets the accepted DTDL versions. Unknown versions are ignored.
    #[must_use]
    pub fn versions(mut self, versions: impl IntoIterator<Item = u8>) -> Self {
        self.options.versions = versions.into_iter().collect();
        self
    }

    /// Sets the handling of unknown extensions.
    #[must_use]
    pub fn unknown_extensions(mut self, choice: UnknownExtensions) -> Self {
        self.options.unknown_extensions = choice;
        self
    }

    /// Sets the extensions that models may use, by context and version (`dtmi:dtdl:extension:annotation;1`), and
    /// refuses all others. If this is not called, all supported extensions are accepted, and
    /// [`unknown_extensions`](Self::unknown_extensions) applies to unsupported ones.
    #[must_use]
    pub fn extensions<C: Into<String>>(mut self, contexts: impl IntoIterator<Item = C>) -> Self {
        self.options.extensions = Some(contexts.into_iter().map(Into::into).collect());
        self
    }

    /// Sets whether elements of DTDL version 2 may have the minor faults that DTDLParser calls solecisms and services
    /// accept for compatibility: several values with the same name and without `@id`, of which the first is used; an
    /// object with only an `@id`, which is a reference; and identifiers with reserved prefixes.
    #[must_use]
    pub fn tolerate_solecisms(mut self, tolerate: bool) -> Self {
        self.options.tolerate_solecisms = tolerate;
        self
    }

    /// Sets the accepted limit extensions: contexts with a version (`dtmi:dtdl:limits:onvif;1`), or without a version
    /// to accept all versions (`dtmi:dtdl:limits:onvif`).
    #[must_use]
    pub fn limits<C: Into<String>>(mut self, contexts: impl IntoIterator<Item = C>) -> Self {
        self.options.limits = contexts.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the maximum number of diagnostics; further diagnostics are dropped. The default is 10,000, the minimum 1.
    #[must_use]
    pub fn max_diagnostics(mut self, max: usize) -> Self {
        self.options.max_diagnostics = max.max(1);
        self
    }

    /// Parses documents that define all elements they refer to.
    ///
    /// # Errors
    ///
    /// Returns all errors in the documents, and all references to elements that they do not define. For elements that
    /// are defined elsewhere, use [`parse_with`](Self::parse_with).
    pub fn parse<'t, D>(&self, documents: impl IntoIterator<Item = D>) -> Result<Model, ParseError>
    where
        D: Into<Document<'t>>,
    {
        self.parse_with(documents, NoResolver)
    }

    /// Parses documents, with a [`Resolver`] for elements that they do not define.
    ///
    /// A reference to a [`Model`] is a resolver: the result contains the Interfaces in the documents, and the
    /// Interfaces of that model that they refer to.
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
    /// Returns all errors in the documents, including those from the resolver, and all references to elements that the
    /// resolver does not return.
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
