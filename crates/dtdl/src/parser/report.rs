//! Collects diagnostics, and locates them in the documents.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Location};
use crate::json::{LineIndex, Member, Node};
use crate::{Code, Dtmi};

/// Signals that an element could not be read, and that the reason has been reported.
#[derive(Debug)]
pub(super) struct Reported;

/// A document, with its syntax tree.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
    pub(super) root: Node,
    /// Whether the caller passed text, so that line numbers apply.
    pub(super) has_lines: bool,
}

/// A byte range in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(super) doc: usize,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Position {
    pub(super) fn document(doc: usize) -> Self {
        Self {
            doc,
            start: 0,
            end: 0,
        }
    }

    pub(super) fn node(doc: usize, node: &Node) -> Self {
        Self {
            doc,
            start: node.start,
            end: node.end,
        }
    }

    /// Returns the position of the start of an element.
    pub(super) fn start(doc: usize, node: &Node) -> Self {
        Self {
            doc,
            start: node.start,
            end: node.start + 1,
        }
    }

    /// Returns the position of a member's name.
    pub(super) fn name(doc: usize, member: &Member) -> Self {
        Self {
            doc,
            start: member.name_start,
            end: member.name_end,
        }
    }

    /// Returns the position of a member's value, or of the start of the element if it has no such member.
    pub(super) fn member(doc: usize, element: &Node, name: &str) -> Self {
        element.member(name).map_or_else(
            || Self::start(doc, element),
            |member| Self::node(doc, &member.value),
        )
    }
}

/// The diagnostics so far, up to a limit. Locations are computed at the end.
#[derive(Debug)]
pub(super) struct Reporter {
    findings: Vec<Finding>,
    max: usize,
}

#[derive(Debug)]
struct Finding {
    code: Code,
    at: Position,
    element: Option<Dtmi>,
    property: Option<String>,
    message: String,
    help: String,
}

impl Reporter {
    pub(super) fn new(max: usize) -> Self {
        Self {
            findings: Vec::new(),
            max,
        }
    }

    /// Reports a fault in a property of an element.
    pub(super) fn property(
        &mut self,
        code: Code,
        at: Position,
        element: &Dtmi,
        property: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(
            code,
            at,
            Some(element.clone()),
            Some(property.to_owned()),
            message.into(),
            help.into(),
        );
    }

    /// Reports a fault in an element.
    pub(super) fn element(
        &mut self,
        code: Code,
        at: Position,
        element: &Dtmi,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(code, at, Some(element.clone()), None, message.into(), help.into());
    }

    /// Reports a fault after which the element cannot be read.
    pub(super) fn reject(
        &mut self,
        code: Code,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Reported {
        self.push(code, at, None, None, message.into(), help.into());
        Reported
    }

    pub(super) fn push(
        &mut self,
        code: Code,
        at: Position,
        element: Option<Dtmi>,
        property: Option<String>,
        message: String,
        help: String,
    ) {
        if self.findings.len() < self.max {
            self.findings.push(Finding {
                code,
                at,
                element,
                property,
                message,
                help,
            });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.findings.len()
    }

    pub(super) fn finish(self, locator: &mut Locator<'_>) -> Vec<Diagnostic> {
        self.findings
            .into_iter()
            .map(|found| Diagnostic {
                code: found.code,
                element: found.element,
                property: found.property,
                location: locator.locate(found.at),
                message: found.message,
                help: found.help,
            })
            .collect()
    }
}

/// Converts positions to locations. Lines are indexed once per document, and only in documents with diagnostics.
pub(super) struct Locator<'s> {
    sources: &'s [Arc<Source>],
    lines: Vec<Option<LineIndex>>,
}

impl<'s> Locator<'s> {
    pub(super) fn new(sources: &'s [Arc<Source>]) -> Self {
        Self {
            sources,
            lines: sources.iter().map(|_| None).collect(),
        }
    }

    pub(super) fn locate(&mut self, at: Position) -> Location {
        let (source, lines) = (&self.sources[at.doc], &mut self.lines[at.doc]);
        let line_column = source.has_lines.then(|| {
            lines
                .get_or_insert_with(|| LineIndex::new(&source.text))
                .locate(&source.text, at.start)
        });
        Location {
            document: Arc::clone(&source.name),
            pointer: source.root.pointer_to(at.start),
            line: line_column.map(|(line, _)| line),
            column: line_column.map(|(_, column)| column),
            offset: at.start as usize,
            length: at.end.saturating_sub(at.start) as usize,
        }
    }
}
