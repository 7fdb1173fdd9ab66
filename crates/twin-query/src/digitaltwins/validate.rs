//! The service's rules and limits beyond the grammar.

use super::ast::{Collection, Condition, Edge, Function, Hops, Operand, Query, Select};
use super::error::ValidationError;
use super::scope::{Scope, VariableKind};
use crate::literal::Literal;
use crate::name::{Name, Path};
use crate::operator::Comparison;
use crate::syntax::MAX_DEPTH;

/// The greatest length of a query text, in characters.
pub const MAX_TEXT_LENGTH: usize = 8_000;
/// The greatest number of `JOIN` clauses.
pub const MAX_JOINS: usize = 5;
/// The greatest number of hops that one edge of `MATCH` may take.
pub const MAX_HOPS: u32 = 10;
/// The greatest number of values of `IN` and `NIN`. One page of the service's documentation says 50, another 100.
pub const MAX_IN_VALUES: usize = 100;
/// The greatest number of `AND` and `OR` in a condition.
pub const MAX_LOGICAL_OPERATORS: usize = 50;

pub(super) fn check_length(text: &str) -> Result<(), ValidationError> {
    match text.chars().count() {
        length if length > MAX_TEXT_LENGTH => Err(ValidationError::TextTooLong { length }),
        _ => Ok(()),
    }
}

impl Query {
    /// Checks the query against the service's rules and limits, except for the length of its text, which the tree
    /// doesn't know.
    ///
    /// # Errors
    ///
    /// The first [`ValidationError`] found.
    pub fn validate(&self) -> Result<(), ValidationError> {
        self.check_structure()?;
        self.check_variables()?;
        let scope = self.scope();
        if let Select::Projections(projections) | Select::Top { projections, .. } = &self.select {
            for projection in projections {
                resolved(&projection.path, &scope)?;
            }
        }
        if let Some(filter) = &self.filter {
            check_condition(filter, &scope, self.collection, 0)?;
            match logical_operators(filter) {
                count if count > MAX_LOGICAL_OPERATORS => {
                    Err(ValidationError::TooManyLogicalOperators { count })?
                }
                _ => {}
            }
        }
        let fixed = self
            .filter
            .as_ref()
            .is_some_and(|filter| fixes_twin(filter, &scope));
        match scope.is_single() || fixed {
            true => Ok(()),
            false => Err(ValidationError::MissingTwinId),
        }
    }

    fn check_structure(&self) -> Result<(), ValidationError> {
        let graph = !self.joins.is_empty() || self.pattern.is_some();
        if graph && self.collection == Collection::Relationships {
            return Err(ValidationError::GraphOverRelationships);
        }
        if !self.joins.is_empty() && self.select == Select::All {
            return Err(ValidationError::SelectAllWithJoin);
        }
        if self.joins.len() > MAX_JOINS {
            return Err(ValidationError::TooManyJoins {
                count: self.joins.len(),
            });
        }
        if matches!(&self.select, Select::Projections(projections) if projections.is_empty()) {
            return Err(ValidationError::EmptyList);
        }
        let edges = self
            .pattern
            .iter()
            .flat_map(|pattern| &pattern.steps)
            .map(|step| &step.edge);
        edges.into_iter().try_for_each(check_hops)
    }

    /// Each variable is bound once, save twins that a pattern comes back to, and before a `JOIN` starts from it.
    fn check_variables(&self) -> Result<(), ValidationError> {
        let mut bound: Vec<(&Name, VariableKind)> = self
            .alias
            .iter()
            .map(|name| (name, self.collection.kind()))
            .collect();
        for join in &self.joins {
            match bound.iter().find(|(name, _)| **name == join.source) {
                None => return Err(ValidationError::UnknownVariable(join.source.clone())),
                Some((_, VariableKind::Relationship)) => {
                    return Err(ValidationError::NotATwin(join.source.clone()));
                }
                Some((_, VariableKind::Twin)) => {}
            }
            bind(&mut bound, &join.target, VariableKind::Twin)?;
            if let Some(variable) = &join.variable {
                bind(&mut bound, variable, VariableKind::Relationship)?;
            }
        }
        let Some(pattern) = &self.pattern else {
            return Ok(());
        };
        bind_node(&mut bound, pattern.start.as_ref())?;
        for step in &pattern.steps {
            if let Some(variable) = &step.edge.variable {
                bind(&mut bound, variable, VariableKind::Relationship)?;
            }
            bind_node(&mut bound, step.node.as_ref())?;
        }
        Ok(())
    }
}

type Bound<'q> = Vec<(&'q Name, VariableKind)>;

fn bind<'q>(bound: &mut Bound<'q>, name: &'q Name, kind: VariableKind) -> Result<(), ValidationError> {
    if bound.iter().any(|(other, _)| *other == name) {
        return Err(ValidationError::DuplicateVariable(name.clone()));
    }
    bound.push((name, kind));
    Ok(())
}

fn bind_node<'q>(bound: &mut Bound<'q>, name: Option<&'q Name>) -> Result<(), ValidationError> {
    match name {
        Some(name) if bound.contains(&(name, VariableKind::Twin)) => Ok(()),
        Some(name) => bind(bound, name, VariableKind::Twin),
        None => Ok(()),
    }
}

fn check_hops(edge: &Edge) -> Result<(), ValidationError> {
    let Some(hops) = edge.hops else { return Ok(()) };
    if hops.most() > MAX_HOPS {
        return Err(ValidationError::TooManyHops { hops: hops.most() });
    }
    if hops.most() == 0 || matches!(hops, Hops::Range { from: Some(from), to } if from > to) {
        return Err(ValidationError::NoHops);
    }
    match &edge.variable {
        Some(variable) if hops.most() > 1 => Err(ValidationError::VariableOverHops(variable.clone())),
        _ => Ok(()),
    }
}

fn resolved(path: &Path, scope: &Scope<'_>) -> Result<(), ValidationError> {
    match scope.resolve(path) {
        Some(_) => Ok(()),
        None => Err(ValidationError::UnknownVariable(path.first().clone())),
    }
}

fn check_operand(operand: &Operand, scope: &Scope<'_>) -> Result<(), ValidationError> {
    match operand {
        Operand::Path(path) => resolved(path, scope),
        Operand::Literal(_) => Ok(()),
    }
}

/// Checks a condition that stands as many levels deep as the parser would count for its printed text.
fn check_condition(
    condition: &Condition,
    scope: &Scope<'_>,
    collection: Collection,
    depth: usize,
) -> Result<(), ValidationError> {
    if depth > MAX_DEPTH {
        return Err(ValidationError::TooDeep);
    }
    match condition {
        Condition::Or(parts) | Condition::And(parts) if parts.is_empty() => Err(ValidationError::EmptyList),
        Condition::Or(parts) => parts.iter().try_for_each(|part| {
            let grouped = matches!(part, Condition::Or(_));
            check_condition(part, scope, collection, depth + usize::from(grouped))
        }),
        Condition::And(parts) => parts.iter().try_for_each(|part| {
            let grouped = matches!(part, Condition::Or(_) | Condition::And(_));
            check_condition(part, scope, collection, depth + usize::from(grouped))
        }),
        Condition::Not(inner) => {
            let grouped = matches!(**inner, Condition::Or(_) | Condition::And(_));
            check_condition(inner, scope, collection, depth + 1 + usize::from(grouped))
        }
        Condition::Compare { left, right, .. } => {
            check_operand(left, scope)?;
            check_operand(right, scope)
        }
        Condition::In { values, .. } if values.is_empty() => Err(ValidationError::EmptyList),
        Condition::In { values, .. } if values.len() > MAX_IN_VALUES => {
            Err(ValidationError::TooManyInValues { count: values.len() })
        }
        Condition::In { operand, .. } => check_operand(operand, scope),
        Condition::Function(Function::IsOfModel { variable, .. }) => {
            check_model_test(variable.as_ref(), scope, collection)
        }
        Condition::Function(Function::Type { path, .. } | Function::Text { path, .. }) => {
            resolved(path, scope)
        }
        Condition::Function(Function::ArrayContains { path, .. }) => match scope.resolve(path) {
            Some(found) if found.kind == VariableKind::Relationship => {
                Err(ValidationError::ArrayOfRelationship)
            }
            _ => resolved(path, scope),
        },
    }
}

fn check_model_test(
    variable: Option<&Name>,
    scope: &Scope<'_>,
    collection: Collection,
) -> Result<(), ValidationError> {
    match variable {
        Some(variable) => match scope.kind(variable) {
            Some(VariableKind::Twin) => Ok(()),
            Some(VariableKind::Relationship) => Err(ValidationError::NotATwin(variable.clone())),
            None => Err(ValidationError::UnknownVariable(variable.clone())),
        },
        None if !scope.is_single() => Err(ValidationError::ModelOfWhat),
        None if collection == Collection::Relationships => Err(ValidationError::ModelOfRelationships),
        None => Ok(()),
    }
}

fn logical_operators(condition: &Condition) -> usize {
    match condition {
        Condition::Or(parts) | Condition::And(parts) => {
            parts.len().saturating_sub(1) + parts.iter().map(logical_operators).sum::<usize>()
        }
        Condition::Not(inner) => logical_operators(inner),
        Condition::Compare { .. } | Condition::In { .. } | Condition::Function(_) => 0,
    }
}

/// Whether every row that meets the condition has a twin whose `$dtId` is among constants.
fn fixes_twin(condition: &Condition, scope: &Scope<'_>) -> bool {
    let is_twin_id = |operand: &Operand| match operand {
        Operand::Path(path) => scope.resolve(path).is_some_and(|resolved| {
            resolved.kind == VariableKind::Twin
                && resolved.property.len() == 1
                && resolved.property[0] == "$dtId"
        }),
        Operand::Literal(_) => false,
    };
    let is_text = |operand: &Operand| matches!(operand, Operand::Literal(Literal::String(_)));
    match condition {
        Condition::And(parts) => parts.iter().any(|part| fixes_twin(part, scope)),
        Condition::Or(parts) => parts.iter().all(|part| fixes_twin(part, scope)),
        Condition::Compare {
            left,
            operator: Comparison::Equal,
            right,
        } => is_twin_id(left) && is_text(right) || is_text(left) && is_twin_id(right),
        Condition::In {
            operand,
            negated: false,
            ..
        } => is_twin_id(operand),
        _ => false,
    }
}
