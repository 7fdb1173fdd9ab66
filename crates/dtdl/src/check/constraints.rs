//! What supplemental types demand of the elements that have them.

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
                        format!("The type `{term}` needs {noun} as `{property}`."),
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
                            "The type `{term}` needs every value of `{property}` to have the type {}.",
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
                        format!("The type `{term}` does not go with this `{property}`."),
                        format!("Use one of: {}.", terms.join(", ")),
                    ));
                }
            }
        }
        Constraint::OnlyIn { property, parent } => {
            let wanted = supplement.resolve(parent);
            let holder = element.parent.map(|parent| &session.elements[parent]);
            let fits = holder.is_some_and(|holder| holder.has_supplement(&wanted));
            if !fits {
                findings.push((
                    Code::NotRequiredParentType,
                    property,
                    format!("The type `{term}` only has a place among the `{property}` of an element of type {parent}."),
                    format!("Add {parent} to the `@type` of the element around it, or remove `{term}`."),
                ));
            }
            let others = holder.into_iter().flat_map(|holder| holder.targets(property));
            let same = others
                .filter(|other| session.elements[*other].has_supplement(&supplement.id))
                .count();
            if same > 1 {
                findings.push((
                    Code::MultipleReference,
                    property,
                    format!("Several of the `{property}` have the type `{term}`."),
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
                        format!("`{property}` does not fit the `{schema}`: {first}."),
                        format!("Change `{property}` to a value that `{schema}` allows."),
                    ));
                }
            }
        }
        // Needs the sibling that is overridden; see there.
        Constraint::SchemaOfOverridden => {}
    }
    for (code, property, message, help) in findings {
        let at = session.at_property(node, property);
        session.report(code, at, &id, Some(property), message, help);
    }
}
