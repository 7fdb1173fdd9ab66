//! Conditions whose names are resolved to variables of the row.
//!
//! A comparison with a missing value is neither true nor false, and neither is its negation: a row is returned only if
//! its condition is true.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use twin_query::digitaltwins::{Condition, Function, Operand, StringTest, TypeTest};
use twin_query::{Comparison, Literal};

use crate::digitaltwins::errors::ServiceResult;
use crate::digitaltwins::query::row::{PathInRow, Row, Variables};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::value::{Found, Scalar, constant, scalar};

/// A condition with resolved names.
#[derive(Debug)]
pub(super) enum Test<'q> {
    Or(Vec<Test<'q>>),
    And(Vec<Test<'q>>),
    Not(Box<Test<'q>>),
    Compare {
        left: Term<'q>,
        operator: Comparison,
        right: Term<'q>,
    },
    In {
        operand: Term<'q>,
        negated: bool,
        values: &'q [Literal],
    },
    Model {
        variable: usize,
        models: HashSet<Arc<str>>,
    },
    Type {
        test: TypeTest,
        path: PathInRow,
    },
    Text {
        test: StringTest,
        path: PathInRow,
        text: &'q str,
    },
    ArrayContains {
        path: PathInRow,
        value: &'q Literal,
    },
}

#[derive(Debug)]
pub(super) enum Term<'q> {
    Path(PathInRow),
    Literal(&'q Literal),
}

impl<'q> Test<'q> {
    pub(super) fn new(
        condition: &'q Condition,
        variables: &Variables<'q>,
        graph: &Graph,
    ) -> ServiceResult<Self> {
        let all = |parts: &'q [Condition]| {
            parts
                .iter()
                .map(|part| Test::new(part, variables, graph))
                .collect::<ServiceResult<Vec<_>>>()
        };
        let term = |operand: &'q Operand| {
            Ok(match operand {
                Operand::Path(path) => Term::Path(variables.path(path)?),
                Operand::Literal(literal) => Term::Literal(literal),
            })
        };
        Ok(match condition {
            Condition::Or(parts) => Test::Or(all(parts)?),
            Condition::And(parts) => Test::And(all(parts)?),
            Condition::Not(part) => Test::Not(Box::new(Test::new(part, variables, graph)?)),
            Condition::Compare {
                left,
                operator,
                right,
            } => Test::Compare {
                left: term(left)?,
                operator: *operator,
                right: term(right)?,
            },
            Condition::In {
                operand,
                negated,
                values,
            } => Test::In {
                operand: term(operand)?,
                negated: *negated,
                values,
            },
            Condition::Function(function) => Test::of_function(function, variables, graph)?,
        })
    }

    fn of_function(function: &'q Function, variables: &Variables<'q>, graph: &Graph) -> ServiceResult<Self> {
        Ok(match function {
            Function::IsOfModel {
                variable,
                model,
                exact,
            } => Test::Model {
                variable: variables.twin(variable.as_ref())?,
                models: graph.models().instances_of(model, *exact),
            },
            Function::Type { test, path } => Test::Type {
                test: *test,
                path: variables.path(path)?,
            },
            Function::String {
                test,
                path,
                value: text,
            } => Test::Text {
                test: *test,
                path: variables.path(path)?,
                text,
            },
            Function::ArrayContains { path, value } => Test::ArrayContains {
                path: variables.path(path)?,
                value,
            },
        })
    }

    /// Adds the variables that the test reads to `found`.
    pub(super) fn reads(&self, found: &mut HashSet<usize>) {
        match self {
            Test::Or(parts) | Test::And(parts) => parts.iter().for_each(|part| part.reads(found)),
            Test::Not(part) => part.reads(found),
            Test::Compare { left, right, .. } => {
                for term in [left, right] {
                    if let Term::Path(path) = term {
                        found.insert(path.variable);
                    }
                }
            }
            Test::In {
                operand: Term::Literal(_),
                ..
            } => {}
            Test::Model { variable, .. } => {
                found.insert(*variable);
            }
            Test::In {
                operand: Term::Path(path),
                ..
            }
            | Test::Type { path, .. }
            | Test::Text { path, .. }
            | Test::ArrayContains { path, .. } => {
                found.insert(path.variable);
            }
        }
    }

    /// Evaluates the test; `None` if a value that it reads is missing.
    pub(super) fn holds(&self, row: &Row<'_>) -> Option<bool> {
        match self {
            Test::Or(parts) => any(parts.iter().map(|part| part.holds(row)), true),
            Test::And(parts) => any(parts.iter().map(|part| part.holds(row)), false),
            Test::Not(part) => part.holds(row).map(|holds| !holds),
            Test::Compare {
                left,
                operator,
                right,
            } => {
                let (left, right) = (left.value(row)?, right.value(row)?);
                compare(left.scalar(), *operator, right.scalar())
            }
            Test::In {
                operand,
                negated,
                values,
            } => {
                let operand = operand.value(row)?;
                let listed = values.iter().any(|value| constant(value) == operand.scalar());
                Some(listed != *negated)
            }
            Test::Model { variable, models } => Some(
                row.twin(*variable)
                    .is_some_and(|twin| models.contains(&twin.model)),
            ),
            Test::Type { test, path } => Some(row.value(path).is_some_and(|value| is_of_type(&value, *test))),
            Test::Text { test, path, text } => {
                let value = row.value(path)?;
                let Scalar::Text(whole) = value.scalar() else {
                    return None;
                };
                Some(match test {
                    StringTest::StartsWith => whole.starts_with(text),
                    StringTest::EndsWith => whole.ends_with(text),
                    StringTest::Contains => whole.contains(text),
                })
            }
            Test::ArrayContains { path, value } => {
                let Found::Json(serde_json::Value::Array(items)) = row.value(path)? else {
                    return None;
                };
                let wanted = constant(value);
                Some(items.iter().map(scalar).any(|item| item == wanted))
            }
        }
    }
}

/// The value of a term: a value of the row, or a constant.
enum TermValue<'a> {
    Found(Found<'a>),
    Constant(&'a Literal),
}

impl TermValue<'_> {
    fn scalar(&self) -> Scalar<'_> {
        match self {
            TermValue::Found(found) => found.scalar(),
            TermValue::Constant(literal) => constant(literal),
        }
    }
}

impl Term<'_> {
    fn value<'a>(&'a self, row: &Row<'a>) -> Option<TermValue<'a>> {
        match self {
            Term::Path(path) => row.value(path).map(TermValue::Found),
            Term::Literal(literal) => Some(TermValue::Constant(literal)),
        }
    }
}

/// Evaluates `OR` (`wanted` is true) or `AND` (`wanted` is false) in three-valued logic: one part equal to `wanted`
/// decides; otherwise one undecided part makes the result undecided.
fn any(parts: impl Iterator<Item = Option<bool>>, wanted: bool) -> Option<bool> {
    let mut result = Some(!wanted);
    for part in parts {
        match part {
            Some(holds) if holds == wanted => return Some(wanted),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

/// Compares two values. Values of different types are neither equal nor ordered.
fn compare(left: Scalar<'_>, operator: Comparison, right: Scalar<'_>) -> Option<bool> {
    let ordering = match (left, right) {
        (Scalar::Number(left), Scalar::Number(right)) => left.partial_cmp(&right),
        (Scalar::Text(left), Scalar::Text(right)) => Some(left.cmp(right)),
        (Scalar::Bool(left), Scalar::Bool(right)) => Some(left.cmp(&right)),
        (Scalar::Null, Scalar::Null) => Some(Ordering::Equal),
        _ => None,
    };
    match (operator, ordering) {
        (Comparison::Equal, ordering) => Some(ordering == Some(Ordering::Equal)),
        (Comparison::NotEqual, ordering) => Some(ordering != Some(Ordering::Equal)),
        (_, None) => None,
        (Comparison::Less, Some(ordering)) => Some(ordering.is_lt()),
        (Comparison::LessOrEqual, Some(ordering)) => Some(ordering.is_le()),
        (Comparison::Greater, Some(ordering)) => Some(ordering.is_gt()),
        (Comparison::GreaterOrEqual, Some(ordering)) => Some(ordering.is_ge()),
    }
}

fn is_of_type(value: &Found<'_>, test: TypeTest) -> bool {
    let scalar = value.scalar();
    match test {
        TypeTest::Defined => true,
        TypeTest::Null => scalar == Scalar::Null,
        TypeTest::Bool => matches!(scalar, Scalar::Bool(_)),
        TypeTest::Number => matches!(scalar, Scalar::Number(_)),
        TypeTest::String => matches!(scalar, Scalar::Text(_)),
        TypeTest::Object => value.is_object(),
        TypeTest::Primitive => scalar != Scalar::Composite,
    }
}
