//! Elements that refer to a sibling, another value of the same property, by name.

use std::collections::HashMap;

use super::hierarchy::Ancestors;
use crate::Code;
use crate::metamodel::{Constraint, Sibling, Value, index, version};
use crate::model::{ElementData, ElementIndex, Literal};
use crate::parser::session::Session;

pub(super) fn check(session: &mut Session<'_>, ancestors: &Ancestors) {
    let mut overridden: HashMap<(ElementIndex, String, String), ElementIndex> = HashMap::new();
    for node in session.elements.indices() {
        let element = &session.elements[node];
        if element.span.is_none() {
            continue;
        }
        for supplement in element.supplements.clone() {
            for rule in supplement.siblings {
                match rule {
                    Sibling::Named { by, kinds, not } => {
                        let not = not.map(|term| (term, supplement.resolve(term)));
                        check_named(session, ancestors, node, by, kinds, not.as_ref());
                    }
                    Sibling::Overridden { by, property } => {
                        let checks_schema = supplement
                            .constraints
                            .iter()
                            .any(|c| matches!(c, Constraint::SchemaOfOverridden));
                        check_override(
                            session,
                            ancestors,
                            node,
                            (by, property),
                            checks_schema,
                            &mut overridden,
                        );
                    }
                }
            }
        }
    }
}

/// Returns the sibling with this name, own or inherited.
fn sibling<'s>(
    session: &'s Session<'_>,
    ancestors: &Ancestors,
    node: ElementIndex,
    name: &str,
) -> Option<&'s ElementData> {
    let parent = session.elements[node].parent?;
    let (property, _) = session.elements[parent]
        .all_targets()
        .find(|(_, target)| *target == node)?;
    let owners = std::iter::once(parent).chain(ancestors.get(&parent).into_iter().flatten().copied());
    owners
        .flat_map(|owner| session.elements[owner].targets(property))
        .map(|index| &session.elements[index])
        .find(|element| element.string("name") == Some(name))
}

fn check_named(
    session: &mut Session<'_>,
    ancestors: &Ancestors,
    node: ElementIndex,
    by: &'static str,
    kinds: &[crate::ElementKind],
    not: Option<&(&'static str, String)>,
) {
    let element = &session.elements[node];
    let Some(name) = element.string(by).map(str::to_owned) else {
        return;
    };
    let id = element.id.clone();
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let finding = match sibling(session, ancestors, node, &name) {
        Some(sibling) if !kinds.contains(&sibling.kind) => Some((
            Code::NotSiblingRequiredType,
            format!("`{by}` is `{name}`, which names {}.", sibling.kind.with_article()),
            format!("Use the name of a {}.", names.join(" or ")),
        )),
        None => Some((
            Code::NotSiblingRequiredType,
            format!("`{by}` is `{name}`, but no sibling element has that name."),
            format!("Use the name of a {} of the same Interface.", names.join(" or ")),
        )),
        Some(sibling) => not.filter(|(_, id)| sibling.has_supplement(id)).map(|(term, _)| {
            (
                Code::DisallowedType,
                format!("`{by}` is `{name}`, which has the type {term} itself."),
                format!("Use the name of an element without the type {term}."),
            )
        }),
    };
    if let Some((code, message, help)) = finding {
        let at = session.property_at(node, by);
        session.report(code, at, &id, Some(by), message, help);
    }
}

fn check_override(
    session: &mut Session<'_>,
    ancestors: &Ancestors,
    node: ElementIndex,
    (by, property): (&'static str, &'static str),
    checks_schema: bool,
    overridden: &mut HashMap<(ElementIndex, String, String), ElementIndex>,
) {
    let element = &session.elements[node];
    let Some(name) = element.string(by).map(str::to_owned) else {
        return;
    };
    let Some(Literal::String(iri)) = element.literal(property).cloned() else {
        return;
    };
    let id = element.id.clone();
    let parent = element.parent.unwrap_or(node);
    let Some(sibling) = sibling(session, ancestors, node, &name) else {
        return;
    };
    let mut findings: Vec<(Code, &'static str, String, String)> = Vec::new();
    let known = sibling
        .supplements
        .iter()
        .flat_map(|supplement| &supplement.properties)
        .find(|(id, known)| **id == *iri || known.name == index().name(&iri))
        .map(|(_, property)| *property);
    match known {
        None => {
            let own = version(sibling.version).and_then(|version| version.class(sibling.kind));
            let is_own =
                own.is_some_and(|class| class.properties().any(|own| own.name == index().name(&iri)));
            findings.push(if is_own {
                (
                    Code::MatchingPropertyNotSupplemental,
                    property,
                    format!(
                        "`{}` of `{name}` is a property of DTDL itself and cannot be overridden.",
                        index().name(&iri)
                    ),
                    "Use a property that an extension defines.".to_owned(),
                )
            } else {
                (
                    Code::NoMatchingSupplementalProperty,
                    property,
                    format!("`{name}` has no supplemental property `{}`.", index().name(&iri)),
                    format!("Use a property that a supplemental type of `{name}` defines."),
                )
            });
        }
        Some(known) => {
            if checks_schema
                && let Value::Element(target) = &known.value
                && let Some(unit_enum) = target.child_of
                && let Some(schema) = element.target("schema").map(|schema| &session.elements[schema])
                && schema.id != *unit_enum
            {
                findings.push((
                    Code::SiblingPropertyMismatch,
                    "schema",
                    format!(
                        "The `schema` does not match the overridden property `{}`.",
                        known.name
                    ),
                    format!("Change it to `{}`.", index().name(unit_enum)),
                ));
            }
        }
    }
    let key = (parent, name.clone(), iri.to_string());
    if overridden.insert(key, node).is_some() {
        findings.push((
            Code::MultipleReference,
            property,
            format!(
                "Two elements override `{}` of `{name}`; only one is allowed.",
                index().name(&iri)
            ),
            "Keep one of them.".to_owned(),
        ));
    }
    for (code, property, message, help) in findings {
        let at = session.property_at(node, property);
        session.report(code, at, &id, Some(property), message, help);
    }
}
