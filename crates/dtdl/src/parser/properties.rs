//! Reads the members of an element as properties.

use super::context::Context;
use super::report::Position;
use super::session::Session;
use super::slot::Slot;
use super::types::{Subject, Types};
use crate::json::{Data, Member, Node};
use crate::metamodel::{Class, Property, Value};
use crate::model::ElementIndex;
use crate::{Code, Dtmi};

/// A property of an element, while it is being read.
pub(super) struct Reading<'a> {
    pub(super) element: ElementIndex,
    pub(super) id: &'a Dtmi,
    pub(super) doc: usize,
    pub(super) context: &'a Context,
    pub(super) name: &'static str,
    pub(super) member: &'a Member,
}

impl<'a> Reading<'a> {
    pub(super) fn values(&self) -> Vec<&'a Node> {
        self.member.value.items()
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self.member.value.data, Data::Array(_))
    }

    /// Returns the position of the whole value.
    pub(super) fn at(&self) -> Position {
        Position::node(self.doc, &self.member.value)
    }
}

impl Session<'_> {
    pub(super) fn properties(
        &mut self,
        index: ElementIndex,
        subject: &Subject<'_>,
        class: &'static Class,
        types: &Types,
    ) {
        let version = subject.context.version.number;
        let mut seen: Vec<&'static str> = Vec::new();
        for member in subject.node.members() {
            if member.name.starts_with('@') {
                continue;
            }
            let term = dtdl_term(&member.name, version);
            let own = term.and_then(|term| class.properties().find(|property| property.name == term));
            let found = own.or_else(|| supplemental(subject.context, types, &member.name));
            let Some(property) = found else {
                self.unknown_property(index, subject, types, member);
                continue;
            };
            if seen.contains(&property.name) {
                self.reporter.property(
                    Code::DuplicatePropertyName,
                    Position::name(subject.doc, member),
                    subject.id,
                    property.name,
                    format!("The property `{}` is given twice.", property.name),
                    "Keep one of them; the term and the full identifier name the same property.",
                );
                continue;
            }
            seen.push(property.name);
            let reading = Reading {
                element: index,
                id: subject.id,
                doc: subject.doc,
                context: subject.context,
                name: property.name,
                member,
            };
            self.property(&reading, property);
        }
        self.missing_properties(subject, class, types, &seen);
    }

    fn property(&mut self, reading: &Reading<'_>, property: &'static Property) {
        match &property.value {
            Value::Localized { max } => self.localized(reading, max.get(reading.context.limits)),
            Value::Element(target) => {
                let slot = Slot {
                    parent: reading.element,
                    parent_id: reading.id,
                    property: property.name,
                    target,
                };
                self.read_references(reading, &slot);
            }
            _ => self.literal(reading, property),
        }
    }

    fn unknown_property(
        &mut self,
        index: ElementIndex,
        subject: &Subject<'_>,
        types: &Types,
        member: &Member,
    ) {
        let context = subject.context;
        let name = &*member.name;
        let at = Position::name(subject.doc, member);
        if !context.version.unknown.lenient {
            let finding = match context.expand(name) {
                None if name.starts_with("dtmi:") => Some((
                    Code::PropertyInvalidDtmi,
                    format!("The property name `{name}` is not a well-formed DTMI."),
                )),
                None if name.contains(':') => Some((
                    Code::PropertyNotDtmiNorTerm,
                    format!("The property name `{name}` is an IRI but not a DTMI."),
                )),
                None if !context.has_unknown => Some((
                    Code::PropertyUndefinedTerm,
                    format!("`{name}` is not a known property."),
                )),
                Some(_) if !context.has_unknown => Some((
                    Code::PropertyIrrelevantDtmiOrTerm,
                    format!("`{name}` is not a property of {}.", types.kind.with_article()),
                )),
                _ => None,
            };
            if let Some((code, message)) = finding {
                let help = suggestion(name, subject, types);
                self.reporter.property(code, at, subject.id, name, message, help);
                return;
            }
        }
        if types.undefined.is_empty() {
            let help = suggestion(name, subject, types);
            let (code, message) = if types.inferred {
                (
                    Code::InferredTypeDoesNotAllow,
                    format!(
                        "This element has no `@type`, so it is {}, which has no property `{name}`.",
                        types.kind.with_article()
                    ),
                )
            } else {
                (
                    Code::NoTypeThatAllows,
                    format!("None of the types of this element has a property `{name}`."),
                )
            };
            self.reporter.property(code, at, subject.id, name, message, help);
            return;
        }
        let value = member.value.to_value();
        let properties = &mut self.elements[index].undefined_properties;
        properties.push((name.into(), value));
    }

    fn missing_properties(
        &mut self,
        subject: &Subject<'_>,
        class: &'static Class,
        types: &Types,
        seen: &[&'static str],
    ) {
        let at = Position::start(subject.doc, subject.node);
        for property in class.properties() {
            if property.required && !seen.contains(&property.name) {
                let code = match property.value {
                    Value::Element(_) => Code::MissingObjectProperty,
                    Value::Identifier { .. } | Value::Iri => Code::MissingIdentifierProperty,
                    _ => Code::MissingLiteralProperty,
                };
                let message = format!("This {} has no `{}`; it is required.", types.kind, property.name);
                let help = format!("Add the property `{}`.", property.name);
                self.reporter
                    .property(code, at, subject.id, property.name, message, help);
            }
        }
        for supplement in &types.supplements {
            for (_, property) in &supplement.properties {
                if property.required && !seen.contains(&property.name) {
                    let code = match property.value {
                        Value::Element(_) => Code::MissingSupplementalObjectProperty,
                        Value::Identifier { .. } | Value::Iri => Code::MissingSupplementalIdentifierProperty,
                        _ => Code::MissingSupplementalLiteralProperty,
                    };
                    let message = format!(
                        "This element has the type `{}` but not its required property `{}`.",
                        supplement.term, property.name
                    );
                    let help = format!("Add `{}`, or remove the type.", property.name);
                    self.reporter
                        .property(code, at, subject.id, property.name, message, help);
                }
            }
        }
    }
}

/// Returns the term of a DTDL property, given its term or full identifier. Returns `None` if the identifier belongs to
/// a different version.
fn dtdl_term(name: &str, version: u8) -> Option<&str> {
    match name.strip_prefix("dtmi:dtdl:property:") {
        Some(rest) => {
            let (term, number) = rest.split_once(';')?;
            (number.parse() == Ok(version)).then_some(term)
        }
        None => Some(name),
    }
}

fn supplemental(context: &Context, types: &Types, name: &str) -> Option<&'static Property> {
    if types.supplements.is_empty() {
        return None;
    }
    let id = context.expand(name)?;
    types
        .supplements
        .iter()
        .flat_map(|supplement| &supplement.properties)
        .find(|(known, property)| {
            // Each version of an extension has its own identifiers; a term may expand to the identifier of a different
            // version.
            *known == id || (property.name == name && context.expand(name).is_some())
        })
        .map(|(_, property)| *property)
}

/// Returns the help for an unknown property, with the nearest known name if there is one.
fn suggestion(name: &str, subject: &Subject<'_>, types: &Types) -> String {
    let own = subject.context.version.class(types.kind);
    let names = own
        .into_iter()
        .flat_map(Class::properties)
        .map(|property| property.name);
    let supplements = types
        .supplements
        .iter()
        .flat_map(|supplement| &supplement.properties);
    let nearest = names
        .chain(supplements.map(|(_, property)| property.name))
        .map(|known| (distance(name, known), known))
        .min();
    match nearest {
        Some((distance, known)) if distance <= 2 => format!("Did you mean `{known}`? If not, remove it."),
        _ => "Remove it, or correct its spelling.".to_owned(),
    }
}

/// Returns the edit distance between two words, ignoring ASCII case. Anything above 2 may be reported as 3.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 || a.len() > 64 {
        return 3;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut last = i;
        let mut left = i + 1;
        for (to, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            let same = from.eq_ignore_ascii_case(to);
            *cell = (last + usize::from(!same)).min(above + 1).min(left + 1);
            last = above;
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(3)
}

#[cfg(test)]
mod tests {
    #[test]
    fn distance_counts_edits_and_ignores_case() {
        for (a, b, expected) in [
            ("content", "contents", 1),
            ("shcema", "schema", 2),
            ("Name", "name", 0),
            ("x", "schema", 3),
        ] {
            assert_eq!(super::distance(a, b), expected, "{a} {b}");
        }
    }
}
