//! Uniqueness of property values, and the datatype of Enum values.

use std::collections::HashMap;

use super::hierarchy::Ancestors;
use crate::Code;
use crate::metamodel::{ElementKind as K, Value, version};
use crate::model::{ElementIndex, Literal};
use crate::parser::session::Session;

pub(super) fn check(session: &mut Session<'_>, ancestors: &Ancestors) {
    for node in session.elements.indices() {
        let element = &session.elements[node];
        if element.span.is_some() && !element.references.is_empty() {
            check_own(session, node);
            if session.elements[node].kind == K::Enum {
                check_enum_datatype(session, node);
            }
        }
    }
    for node in session.interfaces() {
        if let Some(list) = ancestors.get(&node) {
            check_imported(session, node, list);
        }
    }
}

/// A literal that can be sorted. Numbers are compared by their bits.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    String(&'a str),
    Integer(i64),
    Number(u64),
    Boolean(bool),
}

fn key(literal: &Literal) -> Option<Key<'_>> {
    match literal {
        Literal::String(text) => Some(Key::String(text)),
        Literal::Integer(number) => Some(Key::Integer(*number)),
        Literal::Number(number) => Some(Key::Number(number.to_bits())),
        Literal::Boolean(value) => Some(Key::Boolean(*value)),
        _ => None,
    }
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::String(text) => write!(f, "\"{text}\""),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::Boolean(value) => write!(f, "{value}"),
        }
    }
}

/// Checks uniqueness among the values of each property of an element.
fn check_own(session: &mut Session<'_>, node: ElementIndex) {
    let element = &session.elements[node];
    #[expect(
        clippy::expect_used,
        reason = "an element is read only if its version has its class"
    )]
    let class = version(element.version)
        .and_then(|version| version.class(element.kind))
        .expect("an element of the documents has a class");
    let mut findings: Vec<(ElementIndex, &'static str, &'static str, String)> = Vec::new();
    for property in class.properties() {
        let Value::Element(target) = &property.value else {
            continue;
        };
        let values: Vec<_> = element.targets(property.name).collect();
        if values.len() < 2 {
            continue;
        }
        let supplemental = values
            .iter()
            .flat_map(|value| &session.elements[*value].supplements)
            .flat_map(|supplement| supplement.unique)
            .copied();
        let mut names: Vec<&'static str> = target.unique.iter().copied().chain(supplemental).collect();
        names.dedup();
        for name in names {
            let mut keys: Vec<(Key<'_>, usize, ElementIndex)> = values
                .iter()
                .enumerate()
                .filter_map(|(position, value)| {
                    Some((key(session.elements[*value].literal(name)?)?, position, *value))
                })
                .collect();
            keys.sort_unstable();
            for same in keys.chunk_by(|one, other| one.0 == other.0) {
                // `chunk_by` never yields an empty chunk.
                let (text, _, first) = &same[0];
                for (_, _, value) in same.iter().filter(|(_, _, value)| value != first) {
                    findings.push((*value, property.name, name, text.to_string()));
                }
            }
        }
    }
    let id = element.id.clone();
    findings.sort();
    findings.dedup();
    for (value, property, name, text) in findings {
        let at = session.property_at(value, name);
        session.report(
            Code::NonUniquePropertyValue,
            at,
            &id,
            Some(property),
            format!("Two values of `{property}` have the same `{name}`, {text}."),
            format!("Give each value its own `{name}`."),
        );
    }
}

/// Checks that the names of the contents of an Interface, own and inherited, are unique.
fn check_imported(session: &mut Session<'_>, node: ElementIndex, ancestors: &[ElementIndex]) {
    let element = &session.elements[node];
    let mut seen: HashMap<&str, (ElementIndex, ElementIndex)> = HashMap::new();
    let mut findings: Vec<(String, ElementIndex, ElementIndex)> = Vec::new();
    for interface in std::iter::once(node).chain(ancestors.iter().copied()) {
        let owner = &session.elements[interface];
        for content in owner.targets("contents") {
            let Some(name) = session.elements[content].string("name") else {
                continue;
            };
            match seen.get(name) {
                Some((first, _)) if *first == content => {}
                Some((_, from)) if *from == interface => {}
                Some((_, from)) => findings.push((name.to_owned(), *from, interface)),
                None => {
                    seen.insert(name, (content, interface));
                }
            }
        }
    }
    let id = element.id.clone();
    for (name, first, second) in findings {
        let message = format!(
            "{id} has two contents named `{name}`, one from {} and one from {}.",
            session.elements[first].id, session.elements[second].id
        );
        let at = session.property_at(node, "extends");
        session.report(
            Code::NonUniqueImportedPropertyValue,
            at,
            &id,
            Some("contents"),
            message,
            "Rename one of them, or remove an Interface from `extends`.",
        );
    }
}

/// Checks that the values of an Enum match its `valueSchema`.
fn check_enum_datatype(session: &mut Session<'_>, node: ElementIndex) {
    let element = &session.elements[node];
    let schema = element
        .target("valueSchema")
        .map(|schema| session.elements[schema].kind);
    let mut findings = Vec::new();
    for value in element.targets("enumValues") {
        let data = &session.elements[value];
        let fits = match (schema, data.literal("enumValue")) {
            (Some(K::Integer), Some(literal)) => matches!(literal, Literal::Integer(_)),
            (Some(K::String), Some(literal)) => matches!(literal, Literal::String(_)),
            _ => true,
        };
        if !fits {
            let literal = data.literal("enumValue").and_then(key);
            let literal = literal.map_or_else(|| "another value".to_owned(), |key| key.to_string());
            findings.push((value, data.id.clone(), literal));
        }
    }
    let required = if schema == Some(K::Integer) {
        "an integer"
    } else {
        "a string"
    };
    for (value, id, literal) in findings {
        let at = session.property_at(value, "enumValue");
        session.report(
            Code::NonConformantDatatype,
            at,
            &id,
            Some("enumValue"),
            format!("`enumValue` is {literal}; the `valueSchema` of its Enum requires {required}."),
            format!("Change it to {required}, or change `valueSchema`."),
        );
    }
}
