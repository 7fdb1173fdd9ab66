//! The state of one parse.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::document::{Document, Input};
use super::report::{Position, Reporter, Source};
use crate::json::{self, Data, Node};
use crate::metamodel::{ElementKind, Target};
use crate::model::{ElementData, ElementIndex, Literal, PerElement};
use crate::options::Options;
use crate::{Code, Dtmi};

/// The elements read so far, the references still to resolve, and the diagnostics.
pub(crate) struct Session<'p> {
    pub(super) options: &'p Options,
    pub(super) sources: Vec<Arc<Source>>,
    pub(super) reporter: Reporter,
    pub(crate) elements: PerElement<ElementData>,
    pub(super) ids: HashMap<Dtmi, ElementIndex>,
    /// Elements whose definition could not be read. References to them are not reported as unresolved.
    pub(super) broken: HashSet<Dtmi>,
    pub(super) pending: Vec<Pending>,
    pub(super) unresolved: Vec<Missing>,
}

/// A reference to resolve.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) from: ElementIndex,
    pub(super) property: &'static str,
    /// Index among the values of the property.
    pub(super) position: usize,
    pub(super) target: &'static Target,
    pub(super) id: Dtmi,
    /// Whether the document refers to the element by a term instead of its identifier.
    pub(super) is_term: bool,
    pub(super) at: Position,
}

/// A reference that could not be resolved.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) from: ElementIndex,
    pub(super) property: &'static str,
    pub(super) id: Dtmi,
    pub(super) at: Position,
}

impl<'p> Session<'p> {
    pub(super) fn new(options: &'p Options) -> Self {
        Self {
            options,
            sources: Vec::new(),
            reporter: Reporter::new(options.max_diagnostics),
            elements: PerElement::default(),
            ids: HashMap::new(),
            broken: HashSet::new(),
            pending: Vec::new(),
            unresolved: Vec::new(),
        }
    }

    /// Reads a document and all its elements.
    pub(super) fn add(&mut self, document: Document<'_>) {
        let doc = self.sources.len();
        let name = document
            .name
            .map_or_else(|| format!("document {}", doc + 1), std::borrow::Cow::into_owned);
        let (text, has_lines) = match document.input {
            Input::Text(text) => (Ok(text.into_owned()), true),
            Input::Bytes(bytes) => (String::from_utf8(bytes.into_owned()), true),
            Input::Value(value) => (Ok(Value::to_string(&value)), false),
        };
        let read = match &text {
            Ok(text) => json::read(text).map_err(|error| (error.offset, error.problem)),
            Err(error) => {
                let offset = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
                Err((offset, "the input is not UTF-8".to_owned()))
            }
        };
        let text = text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let root = match read {
            Ok(root) => root,
            Err((offset, problem)) => {
                let at = Position {
                    doc,
                    start: offset,
                    end: offset.saturating_add(1),
                };
                let message = format!("The document is not valid JSON: {problem}.");
                self.reporter.reject(
                    Code::InvalidJson,
                    at,
                    message,
                    "Correct the JSON at this position.",
                );
                Node {
                    data: Data::Array(Vec::new()),
                    start: 0,
                    end: 0,
                }
            }
        };
        let source = Arc::new(Source {
            name: Arc::from(name),
            text: Arc::from(text),
            root,
            has_lines,
        });
        self.sources.push(Arc::clone(&source));
        for root in source.root.items() {
            // The error has been reported. The other elements are read nevertheless, to report their errors too.
            let _ = self.top_level(doc, root);
        }
    }

    pub(super) fn set(&mut self, index: ElementIndex, property: &'static str, value: Literal) {
        self.elements[index].literals.push((property, value));
    }

    /// Adds a value to a property that holds elements. Returns its index among the values. `to` is `None` until the
    /// value is resolved.
    #[expect(clippy::indexing_slicing, reason = "the entry was found or pushed just now")]
    pub(super) fn add_reference(
        &mut self,
        from: ElementIndex,
        property: &'static str,
        to: Option<ElementIndex>,
    ) -> usize {
        let references = &mut self.elements[from].references;
        let position = references.iter().position(|(name, _)| *name == property);
        let position = position.unwrap_or_else(|| {
            references.push((property, Vec::new()));
            references.len() - 1
        });
        let targets = &mut references[position].1;
        targets.push(to);
        targets.len() - 1
    }

    /// Returns the position of an element; for built-in elements, the start of the first document.
    pub(super) fn at(&self, index: ElementIndex) -> Position {
        match self.elements[index].span {
            Some(span) => Position {
                doc: span.doc,
                start: span.start,
                end: span.start + 1,
            },
            None => Position::document(0),
        }
    }

    /// Returns the position of an element's property, or of the element itself if it does not have the property.
    pub(crate) fn property_at(&self, index: ElementIndex, property: &str) -> Position {
        let at = self.at(index);
        let source = &self.sources[at.doc];
        match find(&source.root, at.start).and_then(|node| node.member(property)) {
            Some(member) => Position::node(at.doc, &member.value),
            None => at,
        }
    }
}

/// Returns the object that starts at an offset.
fn find(node: &Node, start: u32) -> Option<&Node> {
    let mut node = node;
    while node.start != start || !matches!(node.data, Data::Object(_)) {
        node = match &node.data {
            Data::Array(items) => items
                .iter()
                .find(|item| (item.start..item.end).contains(&start))?,
            Data::Object(members) => {
                &members
                    .iter()
                    .find(|member| (member.value.start..member.value.end).contains(&start))?
                    .value
            }
            _ => return None,
        };
    }
    Some(node)
}

/// Accessors for the checks, which run after all documents are read.
impl Session<'_> {
    pub(crate) fn interfaces(&self) -> Vec<ElementIndex> {
        let indices = self.elements.indices();
        indices
            .filter(|index| self.elements[*index].kind == ElementKind::Interface)
            .collect()
    }

    /// Returns whether any element of the documents is written in this DTDL version.
    pub(crate) fn has_version(&self, number: u8) -> bool {
        self.elements
            .iter()
            .any(|element| element.version == number && element.span.is_some())
    }

    pub(crate) fn diagnostic_count(&self) -> usize {
        self.reporter.len()
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        at: Position,
        element: &Dtmi,
        property: Option<&str>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let property = property.map(str::to_owned);
        self.reporter.push(
            code,
            at,
            Some(element.clone()),
            property,
            message.into(),
            help.into(),
        );
    }
}
