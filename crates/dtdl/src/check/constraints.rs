//! Constraints that supplemental types put on their elements.

use crate::Code;
use crate::instance;
use crate::metamodel::{Constraint, Supplement, index};
use crate::model::{ElementIndex, Literal};
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

fn check_one(
    session: &mut Session<'_>,
    node: ElementIndex,
    supplement: &Supplement,
    constraint: &Constraint,
) {
    let element = &session.elements[node];
    let id = element.id.clone();
    let term = supplement.term;
    let mut findings: Vec<(Code, &'static str, String, String)> = Vec::new();
    match constraint {
        Constraint::Kinds {
            property,
            kinds,
            noun,
        } => {
            for target in element.targets(property).map(|target| &session.elements[target]) {
                if !kinds.contains(&target.kind) {
                    findings.push((
                        Code::NotRequiredType,
                        property,
                        format!("The type `{term}` requires {noun} as `{property}`."),
                        format!("Change `{property}` to {noun}, or remove the type."),
                    ));
                }
            }
        }
        Constraint::Types { property, types } => {
            let ids: Vec<String> = types.iter().map(|term| supplement.resolve(term)).collect();
            for target in element.targets(property).map(|target| &session.elements[target]) {
                if !ids.iter().any(|id| target.has_supplement(id)) {
                    findings.push((
                        Code::NotRequiredType,
                        property,
                        format!(
                            "The type `{term}` requires every value of `{property}` to have the type {}.",
                            types.join(" or ")
                        ),
                        format!("Add {} to the `@type` of {}.", types.join(" or "), target.id),
                    ));
                }
            }
        }
        Constraint::Values { property, terms } => {
            for target in element.targets(property).map(|target| &session.elements[target]) {
                let fits = index()
                    .builtin(target.id.as_str())
                    .is_some_and(|known| terms.contains(&known.term));
                if !fits {
                    findings.push((
                        Code::NotRequiredValue,
                        property,
                        format!(
                            "`{property}` is {}, which the type `{term}` does not allow.",
                            index().name(target.id.as_str())
                        ),
                        format!("Use {}.", terms.join(" or ")),
                    ));
                }
            }
        }
        Constraint::OnlyIn { property, parent } => {
            let parent_type = supplement.resolve(parent);
            let owner = element.parent.map(|parent| &session.elements[parent]);
            let fits = owner.is_some_and(|owner| owner.has_supplement(&parent_type));
            if !fits {
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
        }
        Constraint::Conforms { property, schema } => {
            let value = match element.literal(property) {
                Some(Literal::Json(value)) => Some((**value).clone()),
                Some(Literal::Number(number)) => {
                    let whole = (number.fract() == 0.0 && number.abs() < 1e15).then(|| {
                        #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e15")]
                        let whole = *number as i64;
                        serde_json::Value::from(whole)
                    });
                    Some(whole.unwrap_or_else(|| serde_json::Value::from(*number)))
                }
                _ => None,
            };
            if let (Some(value), Some(schema_index)) = (value, element.target(schema)) {
                let errors = instance::validate_in(&session.elements, schema_index, &value);
                if let Some(first) = errors.first() {
                    findings.push((
                        Code::NonConformantPropertyValue,
                        property,
                        format!("`{property}` does not conform to `{schema}`: {first}."),
                        format!("Change `{property}` to a value that `{schema}` allows."),
                    ));
                }
            }
        }
        // Depends on the overridden sibling, see `siblings`.
        Constraint::SchemaOfOverridden => {}
    }
    for (code, property, message, help) in findings {
        let at = session.property_at(node, property);
        session.report(code, at, &id, Some(property), message, help);
    }
}
