//! Constraints that supplemental types put on their elements.

use crate::Code;
use crate::instance;
use crate::metamodel::{Constraint, Supplement, index};
use crate::model::{ElementData, ElementIndex, Literal};
use crate::parser::session::Session;

pub(super) fn check(session: &mut Session<'_>) {
    for node in session.elements.indices() {
        let element = &session.elements[node];
        if element.span.is_none() {
            continue;
        }
        for supplement in element.supplements.clone() {
            for constraint in supplement.constraints {
                check_one(session, node, supplement, constraint);
            }
        }
    }
}

/// A violated constraint: code, property, message and help.
type Finding = (Code, &'static str, String, String);

fn check_one(
    session: &mut Session<'_>,
    node: ElementIndex,
    supplement: &Supplement,
    constraint: &Constraint,
) {
    let element = &session.elements[node];
    let id = element.id.clone();
    let term = supplement.term;
    let targets = |property| element.targets(property).map(|target| &session.elements[target]);
    let findings: Vec<Finding> = match constraint {
        Constraint::Kinds {
            property,
            kinds,
            noun,
        } => targets(property)
            .filter(|target| !kinds.contains(&target.kind))
            .map(|_| other_kind(term, property, noun))
            .collect(),
        Constraint::Types { property, types } => {
            let ids: Vec<String> = types.iter().map(|term| supplement.resolve(term)).collect();
            targets(property)
                .filter(|target| !ids.iter().any(|id| target.has_supplement(id)))
                .map(|target| missing_type(term, property, types, target))
                .collect()
        }
        Constraint::Values { property, terms } => targets(property)
            .filter(|target| {
                let known = index().builtin(target.id.as_str());
                !known.is_some_and(|known| terms.contains(&known.term))
            })
            .map(|target| other_value(term, property, terms, target))
            .collect(),
        Constraint::OnlyIn { property, parent } => only_in(session, element, supplement, property, parent),
        Constraint::Conforms { property, schema } => {
            conforms(session, element, property, schema).into_iter().collect()
        }
        // Checked in `siblings`, because it depends on the overridden sibling.
        Constraint::SchemaOfOverridden => Vec::new(),
    };
    for (code, property, message, help) in findings {
        let at = session.property_at(node, property);
        session.report(code, at, &id, Some(property), message, help);
    }
}

fn other_kind(term: &str, property: &'static str, noun: &str) -> Finding {
    (
        Code::NotRequiredType,
        property,
        format!("The type `{term}` requires {noun} as `{property}`."),
        format!("Change `{property}` to {noun}, or remove the type."),
    )
}

fn missing_type(term: &str, property: &'static str, types: &[&str], target: &ElementData) -> Finding {
    let types = types.join(" or ");
    (
        Code::NotRequiredType,
        property,
        format!("The type `{term}` requires every value of `{property}` to have the type {types}."),
        format!("Add {types} to the `@type` of {}.", target.id),
    )
}

fn other_value(term: &str, property: &'static str, terms: &[&str], target: &ElementData) -> Finding {
    (
        Code::NotRequiredValue,
        property,
        format!(
            "`{property}` is {}, which the type `{term}` does not allow.",
            index().name(target.id.as_str())
        ),
        format!("Use {}.", terms.join(" or ")),
    )
}

fn only_in(
    session: &Session<'_>,
    element: &ElementData,
    supplement: &Supplement,
    property: &'static str,
    parent: &str,
) -> Vec<Finding> {
    let term = supplement.term;
    let mut findings = Vec::new();
    let parent_type = supplement.resolve(parent);
    let owner = element.parent.map(|parent| &session.elements[parent]);
    if !owner.is_some_and(|owner| owner.has_supplement(&parent_type)) {
        findings.push((
            Code::NotRequiredParentType,
            property,
            format!("The type `{term}` is allowed only on values of `{property}` of an element with the type `{parent}`."),
            format!("Add `{parent}` to the `@type` of the parent element, or remove `{term}`."),
        ));
    }
    let others = owner.into_iter().flat_map(|owner| owner.targets(property));
    let same = others
        .filter(|other| session.elements[*other].has_supplement(&supplement.id))
        .count();
    if same > 1 {
        findings.push((
            Code::MultipleReference,
            property,
            format!("{same} values of `{property}` have the type `{term}`; only one is allowed."),
            "Keep the type on one of them.".to_owned(),
        ));
    }
    findings
}

fn conforms(
    session: &Session<'_>,
    element: &ElementData,
    property: &'static str,
    schema: &str,
) -> Option<Finding> {
    let value = match element.literal(property)? {
        Literal::Json(value) => (**value).clone(),
        Literal::Number(number) => {
            let whole = (number.fract() == 0.0 && number.abs() < 1e15).then(|| {
                #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e15")]
                let whole = *number as i64;
                serde_json::Value::from(whole)
            });
            whole.unwrap_or_else(|| serde_json::Value::from(*number))
        }
        _ => return None,
    };
    let errors = instance::validate_in(&session.elements, element.target(schema)?, &value);
    let first = errors.first()?;
    Some((
        Code::NonConformantPropertyValue,
        property,
        format!("`{property}` does not conform to `{schema}`: {first}."),
        format!("Change `{property}` to a value that `{schema}` allows."),
    ))
}
