//! Validation against the service's rules and limits beyond the grammar.

use super::ast::{Collection, Condition, Edge, Function, Hops, Operand, Query, Select};
use super::error::ValidationError;
use super::limits::{MAX_HOPS, MAX_IN_VALUES, MAX_JOINS, MAX_LOGICAL_OPERATORS, MAX_QUERY_LENGTH};
use super::scope::{Scope, VariableKind};
use crate::literal::Literal;
use crate::name::{Name, Path};
use crate::operator::Comparison;
use crate::syntax::MAX_DEPTH;

pub(super) fn check_length(text: &str) -> Result<(), ValidationError> {
    match text.chars().count() {
        length if length > MAX_QUERY_LENGTH => Err(ValidationError::QueryTooLong { length }),
        _ => Ok(()),
    }
}

impl Query {
    /// Checks the query against the service's rules and limits, except for its length, which depends on how it is
    /// written.
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
                check_path(&projection.path, &scope)?;
            }
        }
        if let Some(filter) = &self.filter {
            check_condition(filter, &scope, self.collection, 0)?;
            match count_logical_operators(filter) {
                count if count > MAX_LOGICAL_OPERATORS => {
                    Err(ValidationError::TooManyLogicalOperators { count })?
                }
                _ => {}
            }
        }
        let has_twin_id = self
            .filter
            .as_ref()
            .is_some_and(|filter| restricts_twin_id(filter, &scope));
        match scope.is_single() || has_twin_id {
            true => Ok(()),
            false => Err(ValidationError::MissingTwinId),
        }
    }

    fn check_structure(&self) -> Result<(), ValidationError> {
        let graph = !self.joins.is_empty() || self.pattern.is_some();
        if graph && self.collection == Collection::Relationships {
            return Err(ValidationError::GraphClauseOnRelationships);
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

    /// Checks that each variable is bound once, and before a `JOIN` uses it as its source. Only a node variable of a
    /// pattern may repeat.
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
            bind_variable(&mut bound, &join.target, VariableKind::Twin)?;
            if let Some(variable) = &join.variable {
                bind_variable(&mut bound, variable, VariableKind::Relationship)?;
            }
        }
        let Some(pattern) = &self.pattern else {
            return Ok(());
        };
        bind_node(&mut bound, pattern.start.as_ref())?;
        for step in &pattern.steps {
            if let Some(variable) = &step.edge.variable {
                bind_variable(&mut bound, variable, VariableKind::Relationship)?;
            }
            bind_node(&mut bound, step.node.as_ref())?;
        }
        Ok(())
    }
}

type BoundVariables<'q> = Vec<(&'q Name, VariableKind)>;

fn bind_variable<'q>(
    bound: &mut BoundVariables<'q>,
    name: &'q Name,
    kind: VariableKind,
) -> Result<(), ValidationError> {
    if bound.iter().any(|(other, _)| *other == name) {
        return Err(ValidationError::DuplicateVariable(name.clone()));
    }
    bound.push((name, kind));
    Ok(())
}

fn bind_node<'q>(bound: &mut BoundVariables<'q>, name: Option<&'q Name>) -> Result<(), ValidationError> {
    match name {
        Some(name) if bound.contains(&(name, VariableKind::Twin)) => Ok(()),
        Some(name) => bind_variable(bound, name, VariableKind::Twin),
        None => Ok(()),
    }
}

fn check_hops(edge: &Edge) -> Result<(), ValidationError> {
    let Some(hops) = edge.hops else { return Ok(()) };
    if hops.max() > MAX_HOPS {
        return Err(ValidationError::TooManyHops { hops: hops.max() });
    }
    if hops.max() == 0 || matches!(hops, Hops::Range { from: Some(from), to } if from > to) {
        return Err(ValidationError::EmptyHopRange);
    }
    match &edge.variable {
        Some(variable) if hops.max() > 1 => Err(ValidationError::VariableOnMultiHopEdge(variable.clone())),
        _ => Ok(()),
    }
}

fn check_path(path: &Path, scope: &Scope<'_>) -> Result<(), ValidationError> {
    match scope.resolve(path) {
        Some(_) => Ok(()),
        None => Err(ValidationError::UnknownVariable(path.first().clone())),
    }
}

fn check_operand(operand: &Operand, scope: &Scope<'_>) -> Result<(), ValidationError> {
    match operand {
        Operand::Path(path) => check_path(path, scope),
        Operand::Literal(_) => Ok(()),
    }
}

/// Checks a condition. `depth` is the nesting level that the parser would count for its printed form.
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
            check_is_of_model(variable.as_ref(), scope, collection)
        }
        Condition::Function(Function::Type { path, .. } | Function::String { path, .. }) => {
            check_path(path, scope)
        }
        Condition::Function(Function::ArrayContains { path, .. }) => match scope.resolve(path) {
            Some(found) if found.kind == VariableKind::Relationship => {
                Err(ValidationError::ArrayContainsOnRelationship)
            }
            _ => check_path(path, scope),
        },
    }
}

fn check_is_of_model(
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
        None if !scope.is_single() => Err(ValidationError::MissingModelVariable),
        None if collection == Collection::Relationships => Err(ValidationError::ModelTestOnRelationships),
        None => Ok(()),
    }
}

fn count_logical_operators(condition: &Condition) -> usize {
    match condition {
        Condition::Or(parts) | Condition::And(parts) => {
            parts.len().saturating_sub(1) + parts.iter().map(count_logical_operators).sum::<usize>()
        }
        Condition::Not(inner) => count_logical_operators(inner),
        Condition::Compare { .. } | Condition::In { .. } | Condition::Function(_) => 0,
    }
}

/// Returns whether the condition restricts the `$dtId` of a twin to constants in every matching row.
fn restricts_twin_id(condition: &Condition, scope: &Scope<'_>) -> bool {
    let is_twin_id = |operand: &Operand| match operand {
        Operand::Path(path) => scope.resolve(path).is_some_and(|resolved| {
            resolved.kind == VariableKind::Twin
                && resolved.property.len() == 1
                && resolved.property[0] == "$dtId"
        }),
        Operand::Literal(_) => false,
    };
    let is_string = |operand: &Operand| matches!(operand, Operand::Literal(Literal::String(_)));
    match condition {
        Condition::And(parts) => parts.iter().any(|part| restricts_twin_id(part, scope)),
        Condition::Or(parts) => parts.iter().all(|part| restricts_twin_id(part, scope)),
        Condition::Compare {
            left,
            operator: Comparison::Equal,
            right,
        } => is_twin_id(left) && is_string(right) || is_string(left) && is_twin_id(right),
        Condition::In {
            operand,
            negated: false,
            ..
        } => is_twin_id(operand),
        _ => false,
    }
}
