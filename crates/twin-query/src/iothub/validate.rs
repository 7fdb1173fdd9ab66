//! Validation against the service's rules and limits beyond the grammar.

use super::ast::{Constant, Expression, Item, ItemValue, Query, Select, Source};
use super::error::ValidationError;
use super::limits::MAX_QUERY_LENGTH;
use super::precedence::Precedence;
use crate::name::{Name, Path};
use crate::syntax::MAX_DEPTH;

/// The sections of a twin, which rows of `devices.jobs` do not have.
const TWIN_SECTIONS: [&str; 2] = ["tags", "properties"];

pub(super) fn check_length(text: &str) -> Result<(), ValidationError> {
    match text.chars().count() {
        length if length > MAX_QUERY_LENGTH => Err(ValidationError::QueryTooLong { length }),
        _ => Ok(()),
    }
}

impl Query {
    /// Checks the query against the service's rules, except for its length, which depends on how it is written.
    ///
    /// # Errors
    ///
    /// The first [`ValidationError`] found.
    pub fn validate(&self) -> Result<(), ValidationError> {
        if self.source == Source::Jobs {
            if self.select != Select::All {
                return Err(ValidationError::JobsRequireSelectAll);
            }
            if !self.group_by.is_empty() {
                return Err(ValidationError::JobsWithGroupBy);
            }
        }
        self.group_by
            .iter()
            .try_for_each(|path| check_path(path, self.source))?;
        match &self.select {
            Select::All if !self.group_by.is_empty() => return Err(ValidationError::SelectAllWithGroupBy),
            Select::All => {}
            Select::Items(items) if items.is_empty() => return Err(ValidationError::EmptyList),
            Select::Items(items) => self.check_items(items)?,
        }
        self.filter
            .as_ref()
            .map_or(Ok(()), |filter| filter.validate(self.source))
    }

    fn check_items(&self, items: &[Item]) -> Result<(), ValidationError> {
        let has_aggregates = items
            .iter()
            .any(|item| matches!(item.value, ItemValue::Aggregate(_)));
        let grouped: Vec<&[Name]> = self
            .group_by
            .iter()
            .map(|path| self.source.property(path))
            .collect();
        for item in items {
            match &item.value {
                ItemValue::Aggregate(aggregate) => {
                    aggregate
                        .path()
                        .map_or(Ok(()), |path| check_path(path, self.source))?;
                }
                ItemValue::Path(path) => {
                    check_path(path, self.source)?;
                    let must_group = has_aggregates || !grouped.is_empty();
                    if must_group && !grouped.contains(&self.source.property(path)) {
                        return Err(ValidationError::NotGrouped(path.clone()));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Expression {
    /// Checks a condition without a query, as in scheduled jobs and configurations.
    ///
    /// # Errors
    ///
    /// The first [`ValidationError`] found.
    pub fn validate(&self, source: Source) -> Result<(), ValidationError> {
        check(self, source, 0)
    }
}

/// Checks an expression. `depth` is the nesting level that the parser would count for its printed form.
fn check(expression: &Expression, source: Source, depth: usize) -> Result<(), ValidationError> {
    if depth > MAX_DEPTH {
        return Err(ValidationError::TooDeep);
    }
    let operand = |operand: &Expression, required: Precedence| {
        check(
            operand,
            source,
            depth + usize::from(operand.precedence() < required),
        )
    };
    match expression {
        Expression::Or(parts) | Expression::And(parts) if parts.is_empty() => Err(ValidationError::EmptyList),
        Expression::Or(parts) => parts.iter().try_for_each(|part| operand(part, Precedence::And)),
        Expression::And(parts) => parts.iter().try_for_each(|part| operand(part, Precedence::Not)),
        Expression::Not(inner) => check(
            inner,
            source,
            depth + 1 + usize::from(inner.precedence() < Precedence::Not),
        ),
        Expression::Compare { left, right, .. } => {
            operand(left, Precedence::Sum)?;
            operand(right, Precedence::Sum)
        }
        Expression::In { values, .. } if values.is_empty() => Err(ValidationError::EmptyList),
        Expression::In {
            operand: tested,
            values,
            ..
        } => {
            values.iter().try_for_each(|value| check_constant(value, depth))?;
            operand(tested, Precedence::Sum)
        }
        Expression::Sum { first, rest } => {
            operand(first, Precedence::Product)?;
            rest.iter()
                .try_for_each(|(_, term)| operand(term, Precedence::Product))
        }
        Expression::Product { first, rest } => {
            operand(first, Precedence::Primary)?;
            rest.iter()
                .try_for_each(|(_, factor)| operand(factor, Precedence::Primary))
        }
        Expression::Call { function, arguments } => {
            if !function.arguments().contains(&arguments.len()) {
                return Err(ValidationError::ArgumentCount {
                    function: *function,
                    count: arguments.len(),
                });
            }
            arguments
                .iter()
                .try_for_each(|argument| check(argument, source, depth + 1))
        }
        Expression::Path(path) => check_path(path, source),
        Expression::Constant(constant) => check_constant(constant, depth),
    }
}

fn check_constant(constant: &Constant, depth: usize) -> Result<(), ValidationError> {
    match constant {
        _ if depth > MAX_DEPTH => Err(ValidationError::TooDeep),
        Constant::Array(elements) => elements
            .iter()
            .try_for_each(|element| check_constant(element, depth + 1)),
        Constant::Undefined | Constant::Literal(_) => Ok(()),
    }
}

fn check_path(path: &Path, source: Source) -> Result<(), ValidationError> {
    let is_any_of =
        |name: &Name, words: &[&str]| words.iter().any(|word| name.as_str().eq_ignore_ascii_case(word));
    let property = source.property(path);
    let has_other_source = match property {
        // For example, `devices.modules.x` in a query over `devices`.
        [first, _, ..] if path.names().len() > property.len() => is_any_of(first, &["modules", "jobs"]),
        // For example, `devices.x` in a query over `devices.jobs`.
        [first, _, ..] => is_any_of(first, &["devices"]),
        _ => false,
    };
    if has_other_source {
        return Err(ValidationError::SourceMismatch(path.clone()));
    }
    let is_twin_property = property
        .first()
        .is_some_and(|first| is_any_of(first, &TWIN_SECTIONS));
    if source == Source::Jobs && is_twin_property {
        return Err(ValidationError::TwinPropertyOnJobs(path.clone()));
    }
    Ok(())
}
