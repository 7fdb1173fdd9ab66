//! The service's rules and limits beyond the grammar.

use super::ast::{Constant, Expression, ItemValue, Query, Select, Source};
use super::binding::Binding;
use super::error::ValidationError;
use crate::name::{Name, Path};
use crate::syntax::MAX_DEPTH;

/// The greatest length of a query text, in characters.
pub const MAX_TEXT_LENGTH: usize = 8_192;

/// The sections of a twin that a row of `devices.jobs` doesn't have.
const TWIN_SECTIONS: [&str; 2] = ["tags", "properties"];

pub(super) fn check_length(text: &str) -> Result<(), ValidationError> {
    match text.chars().count() {
        length if length > MAX_TEXT_LENGTH => Err(ValidationError::TextTooLong { length }),
        _ => Ok(()),
    }
}

impl Query {
    /// Checks the query against the service's rules, except for the length of its text, which the tree doesn't know.
    ///
    /// # Errors
    ///
    /// The first [`ValidationError`] found.
    pub fn validate(&self) -> Result<(), ValidationError> {
        if self.source == Source::Jobs {
            if self.select != Select::All {
                return Err(ValidationError::JobsNeedSelectAll);
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
            Select::Items(_) => self.check_items()?,
        }
        self.filter
            .as_ref()
            .map_or(Ok(()), |filter| filter.validate(self.source))
    }

    fn check_items(&self) -> Result<(), ValidationError> {
        let Select::Items(items) = &self.select else {
            return Ok(());
        };
        let aggregates = items
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
                    let must_group = aggregates || !grouped.is_empty();
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
    /// Checks a condition on its own, as scheduled jobs and configurations have it.
    ///
    /// # Errors
    ///
    /// The first [`ValidationError`] found.
    pub fn validate(&self, source: Source) -> Result<(), ValidationError> {
        check(self, source, 0)
    }
}

/// Checks an expression that stands as many levels deep as the parser would count for its printed text.
fn check(expression: &Expression, source: Source, depth: usize) -> Result<(), ValidationError> {
    if depth > MAX_DEPTH {
        return Err(ValidationError::TooDeep);
    }
    let operand = |operand: &Expression, place: Binding| {
        check(operand, source, depth + usize::from(operand.binding() < place))
    };
    match expression {
        Expression::Or(parts) | Expression::And(parts) if parts.is_empty() => Err(ValidationError::EmptyList),
        Expression::Or(parts) => parts.iter().try_for_each(|part| operand(part, Binding::And)),
        Expression::And(parts) => parts.iter().try_for_each(|part| operand(part, Binding::Not)),
        Expression::Not(inner) => check(
            inner,
            source,
            depth + 1 + usize::from(inner.binding() < Binding::Not),
        ),
        Expression::Compare { left, right, .. } => {
            operand(left, Binding::Sum)?;
            operand(right, Binding::Sum)
        }
        Expression::In { values, .. } if values.is_empty() => Err(ValidationError::EmptyList),
        Expression::In {
            operand: tested,
            values,
            ..
        } => {
            values.iter().try_for_each(|value| check_constant(value, depth))?;
            operand(tested, Binding::Sum)
        }
        Expression::Sum { first, rest } => {
            operand(first, Binding::Product)?;
            rest.iter()
                .try_for_each(|(_, term)| operand(term, Binding::Product))
        }
        Expression::Product { first, rest } => {
            operand(first, Binding::Primary)?;
            rest.iter()
                .try_for_each(|(_, factor)| operand(factor, Binding::Primary))
        }
        Expression::Call { function, arguments } => {
            if !function.arguments().contains(&arguments.len()) {
                return Err(ValidationError::ArgumentCount {
                    function: function.name(),
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
    let is = |name: &Name, words: &[&str]| words.iter().any(|word| name.as_str().eq_ignore_ascii_case(word));
    let other_source = match source.property(path) {
        // `devices.modules.x` in a query over `devices`, or `devices.x` in one over `devices.modules`.
        [first, _, ..] if path.names().len() > source.property(path).len() => is(first, &["modules", "jobs"]),
        [first, _, ..] => is(first, &["devices"]),
        _ => false,
    };
    if other_source {
        return Err(ValidationError::OtherSource(path.clone()));
    }
    if source == Source::Jobs
        && source
            .property(path)
            .first()
            .is_some_and(|first| is(first, &TWIN_SECTIONS))
    {
        return Err(ValidationError::TwinPropertyOfJob(path.clone()));
    }
    Ok(())
}
