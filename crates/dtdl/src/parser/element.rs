//! Reads one element, top-level or nested.

use super::context::Context;
use super::identifier::{identify, missing_top_level_id};
use super::report::{Position, Reported};
use super::session::Session;
use super::slot::Slot;
use super::types::Subject;
use crate::json::{Data, Node};
use crate::metamodel::{ElementKind, Target};
use crate::model::{ElementData, ElementIndex, Span};
use crate::{Code, Dtmi};

/// The elements that a document may have at its top level.
static ROOT: Target =
    Target::one("Interface", &[ElementKind::Interface], &[ElementKind::Interface]).identified();

/// Help for a keyword that an element may not have.
const ALLOWED_KEYWORDS: &str = "Remove it; only `@context`, `@id` and `@type` are allowed.";

/// The code to report if a keyword occurs more than once. Keywords that are not listed share `RepeatedKeyword`.
const KEYWORDS: &[(&str, Code)] = &[
    ("@context", Code::RepeatedContextProperty),
    ("@graph", Code::RepeatedGraphProperty),
    ("@id", Code::RepeatedIdProperty),
    ("@language", Code::RepeatedLanguageProperty),
    ("@type", Code::RepeatedTypeProperty),
    ("@value", Code::RepeatedValueProperty),
];

impl Session<'_> {
    pub(super) fn top_level(&mut self, doc: usize, node: &Node) -> Result<(), Reported> {
        if !matches!(node.data, Data::Object(_)) {
            return Err(self.reporter.reject(
                Code::NotJsonObject,
                Position::node(doc, node),
                format!(
                    "This top-level element is {}; it must be a JSON object.",
                    node.excerpt()
                ),
                "Write each Interface as an object; an array can hold several.",
            ));
        }
        self.check_repeats(doc, node)?;
        let context = Context::root(node, doc, self.options, &mut self.reporter)?;
        if let Some(member) = node.member("@graph") {
            return Err(self.reporter.reject(
                Code::TopLevelGraphDisallowed,
                Position::name(doc, member),
                "This top-level element has `@graph`, which DTDL does not allow.",
                "Move its elements to the top level of the document, in an array.",
            ));
        }
        if node.member("@id").is_none() {
            return Err(missing_top_level_id(doc, node, &mut self.reporter));
        }
        if !is_rootable(node, &context) {
            return Err(self.reporter.reject(
                Code::TypeNotRootable,
                Position::member(doc, node, "@type"),
                "This top-level element is not an Interface.",
                "Give it the type `Interface`, or define it inside the Interface that uses it.",
            ));
        }
        if context.version.restricts_keywords
            && let Some(member) = disallowed_keywords(node).next()
        {
            return Err(self.reporter.reject(
                Code::TopLevelKeywordDisallowed,
                Position::name(doc, member),
                format!(
                    "This top-level element has the keyword `{}`, which DTDL version {} does not allow there.",
                    member.name, context.version.number
                ),
                ALLOWED_KEYWORDS,
            ));
        }
        self.define(doc, node, &context, None).map(|_| ())
    }

    pub(super) fn nested(
        &mut self,
        doc: usize,
        node: &Node,
        parent: &Context,
        slot: &Slot<'_>,
    ) -> Result<ElementIndex, Reported> {
        self.check_repeats(doc, node)?;
        let own = parent.child(node, doc, self.options, &mut self.reporter)?;
        let context = own.as_ref().unwrap_or(parent);
        if only_id(node).is_some() {
            self.reporter.property(
                Code::IdReference,
                Position::node(doc, node),
                slot.parent_id,
                slot.property,
                format!(
                    "A value of `{}` is an object with only an `@id`.",
                    slot.property
                ),
                "To refer to the element, write its identifier as a string; to define it, add its `@type` and properties.",
            );
            return Err(Reported);
        }
        if let Some(member) = node.member("@graph") {
            self.reporter.property(
                Code::GraphDisallowed,
                Position::name(doc, member),
                slot.parent_id,
                slot.property,
                format!(
                    "A value of `{}` has `@graph`, which DTDL does not allow.",
                    slot.property
                ),
                "Move its elements to the top level of the document.",
            );
        }
        if context.version.restricts_keywords {
            for member in disallowed_keywords(node) {
                self.reporter.property(
                    Code::KeywordDisallowed,
                    Position::name(doc, member),
                    slot.parent_id,
                    slot.property,
                    format!(
                        "A value of `{}` has the keyword `{}`, which DTDL version {} does not allow there.",
                        slot.property, member.name, context.version.number
                    ),
                    ALLOWED_KEYWORDS,
                );
            }
        }
        if !slot.target.admits(context.version.number, parent.version.number) {
            self.reporter.property(
                Code::DisallowedVersionDefinition,
                Position::member(doc, node, "@context"),
                slot.parent_id,
                slot.property,
                format!(
                    "A value of `{}` is written in DTDL version {}, but its parent in version {}.",
                    slot.property, context.version.number, parent.version.number
                ),
                allowed_version(slot.target, parent.version.number),
            );
        }
        self.define(doc, node, context, Some(slot))
    }

    fn define(
        &mut self,
        doc: usize,
        node: &Node,
        context: &Context,
        slot: Option<&Slot<'_>>,
    ) -> Result<ElementIndex, Reported> {
        let around = slot.map_or(context.version.number, |slot| self.elements[slot.parent].version);
        let allows_reserved = self.options.tolerates_solecisms(around);
        let id = identify(node, doc, context, slot, allows_reserved, &mut self.reporter)?;
        if let Some(&known) = self.ids.get(&id) {
            self.report_duplicate(doc, node, &id, slot, known);
            return Err(Reported);
        }
        let target = slot.map_or(&ROOT, |slot| slot.target);
        let subject = Subject {
            node,
            doc,
            id: &id,
            context,
            target,
            slot,
        };
        let types = self.types(&subject).inspect_err(|Reported| {
            self.broken.insert(id.clone());
        })?;
        let Some(class) = context.version.class(types.kind) else {
            self.broken.insert(id);
            return Err(Reported);
        };
        if let Some(max) = class.id_max
            && id.as_str().len() > max
        {
            self.reporter.element(
                Code::IdTooLongForType,
                Position::member(doc, node, "@id"),
                &id,
                format!(
                    "The `@id` has {} characters; the limit for {} is {max}.",
                    id.as_str().len(),
                    class.kind.with_article()
                ),
                format!("Shorten it to at most {max} characters."),
            );
        }
        let partition = slot.and_then(|slot| {
            let parent = &self.elements[slot.parent];
            if parent.kind == ElementKind::Interface {
                Some(slot.parent)
            } else {
                parent.partition
            }
        });
        let index = self.elements.push(ElementData {
            id: id.clone(),
            kind: types.kind,
            version: context.version.number,
            limits: context.limits,
            parent: slot.map(|slot| slot.parent),
            partition: if types.kind == ElementKind::Interface {
                None
            } else {
                partition
            },
            supplements: types.supplements.clone(),
            undefined_types: types.undefined.clone(),
            literals: Vec::new(),
            references: Vec::new(),
            undefined_properties: Vec::new(),
            span: Some(Span {
                doc,
                start: node.start,
                end: node.end,
            }),
        });
        self.ids.insert(id.clone(), index);
        self.properties(index, &subject, class, &types);
        if let Some(max) = context.version.partition_max
            && types.kind == ElementKind::Interface
        {
            self.check_size(index, doc, node, &id, max);
        }
        Ok(index)
    }

    fn report_duplicate(
        &mut self,
        doc: usize,
        node: &Node,
        id: &Dtmi,
        slot: Option<&Slot<'_>>,
        known: ElementIndex,
    ) {
        let first = self.elements[known].span;
        match slot {
            Some(slot)
                if id.is_system()
                    && slot.target.segment.is_some()
                    && self
                        .options
                        .tolerates_solecisms(self.elements[slot.parent].version) => {}
            Some(slot) if id.is_system() => {
                let segment = slot.target.segment.unwrap_or("name");
                self.reporter.property(
                    Code::NonUniquePropertyValue,
                    Position::member(doc, node, segment),
                    slot.parent_id,
                    slot.property,
                    format!("Two values of `{}` have the same `{segment}`.", slot.property),
                    format!("Give each value its own `{segment}`."),
                );
            }
            _ => {
                let source = first.and_then(|span| self.sources.get(span.doc));
                let origin = source.map_or_else(String::new, |source| format!("; first in {}", source.name));
                self.reporter.element(
                    Code::DuplicateDefinition,
                    Position::member(doc, node, "@id"),
                    id,
                    format!("{id} is defined twice{origin}."),
                    "Remove one definition, or give it its own identifier.",
                );
            }
        }
    }

    /// Checks the size of an Interface. Nested Interfaces do not count towards it.
    fn check_size(&mut self, index: ElementIndex, doc: usize, node: &Node, id: &Dtmi, max: usize) {
        let mut size = (node.end - node.start) as usize;
        if size <= max {
            return;
        }
        for element in self.elements.iter() {
            if let Some(span) = element.span
                && element.kind == ElementKind::Interface
                && self.is_directly_in(element.parent, index)
            {
                size = size.saturating_sub((span.end - span.start) as usize);
            }
        }
        if size > max {
            self.reporter.element(
                Code::PartitionTooLarge,
                Position::start(doc, node),
                id,
                format!("This Interface is {size} bytes of JSON; the limit is {max}."),
                "Split it: move some of its contents to another Interface, and extend that one.",
            );
        }
    }

    /// Returns whether `interface` is the innermost Interface around an element.
    fn is_directly_in(&self, mut parent: Option<ElementIndex>, interface: ElementIndex) -> bool {
        while let Some(index) = parent {
            if index == interface {
                return true;
            }
            let element = &self.elements[index];
            if element.kind == ElementKind::Interface {
                return false;
            }
            parent = element.parent;
        }
        false
    }

    fn check_repeats(&mut self, doc: usize, node: &Node) -> Result<(), Reported> {
        let members = node.members();
        for (index, member) in members.iter().enumerate() {
            if member.name.starts_with('@')
                && members.iter().take(index).any(|other| other.name == member.name)
            {
                let code = KEYWORDS
                    .iter()
                    .find(|(name, _)| **name == *member.name)
                    .map_or(Code::RepeatedKeyword, |(_, code)| *code);
                return Err(self.reporter.reject(
                    code,
                    Position::name(doc, member),
                    format!("This object has the keyword `{}` more than once.", member.name),
                    "Keep one of them.",
                ));
            }
        }
        Ok(())
    }
}

/// Returns the value of `@id` of an object without other members.
pub(super) fn only_id(node: &Node) -> Option<&Node> {
    match node.members() {
        [member] if &*member.name == "@id" => Some(&member.value),
        _ => None,
    }
}

/// Returns the help for a value whose DTDL version is not allowed.
pub(super) fn allowed_version(target: &Target, version: u8) -> String {
    let earlier = if target.same_version { "" } else { " or earlier" };
    format!("Use DTDL version {version}{earlier}.")
}

/// Returns the keywords of an element that are not allowed in DTDL versions that restrict keywords.
fn disallowed_keywords(node: &Node) -> impl Iterator<Item = &crate::json::Member> {
    const ALLOWED: [&str; 4] = ["@context", "@graph", "@id", "@type"];
    node.members()
        .iter()
        .filter(|member| member.name.starts_with('@') && !ALLOWED.contains(&&*member.name))
}

fn is_rootable(node: &Node, context: &Context) -> bool {
    let Some(member) = node.member("@type") else {
        return false;
    };
    let items = match &member.value.data {
        Data::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(&member.value),
    };
    let full = format!("dtmi:dtdl:class:Interface;{}", context.version.number);
    items
        .iter()
        .filter_map(Node::as_str)
        .any(|text| text == "Interface" || text == full)
}
