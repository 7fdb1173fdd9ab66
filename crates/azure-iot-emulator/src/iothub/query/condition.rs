//! Evaluation of conditions in three-valued logic: true, false, undefined.

use std::cmp::Ordering;

use twin_query::iothub::{Constant, Expression, ProductOperator, Source, SumOperator};
use twin_query::{Comparison, Name};

use crate::iothub::query::functions;
use crate::iothub::query::value::{Numeric, Operand};

/// A row for which conditions are evaluated.
pub(crate) trait Row<'a>: Copy {
    /// Returns the property at a path, or undefined if there is none.
    fn property(self, path: &[Name]) -> Operand<'a>;
}

/// Evaluates an expression for one row.
pub(crate) fn evaluate<'a>(expression: &'a Expression, source: Source, row: impl Row<'a>) -> Operand<'a> {
    let value = |part: &'a Expression| evaluate(part, source, row);
    match expression {
        Expression::Or(parts) => any(parts.iter().map(value), true),
        Expression::And(parts) => any(parts.iter().map(value), false),
        Expression::Not(inner) => match value(inner) {
            Operand::Bool(value) => Operand::Bool(!value),
            _ => Operand::Undefined,
        },
        Expression::Compare {
            left,
            operator,
            right,
        } => compare(&value(left), *operator, &value(right)).map_or(Operand::Undefined, Operand::Bool),
        Expression::In {
            operand,
            negated,
            values,
        } => match is_in(&value(operand), values) {
            Some(found) => Operand::Bool(found != *negated),
            None => Operand::Undefined,
        },
        Expression::Sum { first, rest } => rest.iter().fold(value(first), |left, (operator, right)| {
            let right = value(right);
            match operator {
                SumOperator::Add => calculate(&left, &right, i64::checked_add, |left, right| left + right),
                SumOperator::Subtract => {
                    calculate(&left, &right, i64::checked_sub, |left, right| left - right)
                }
            }
        }),
        Expression::Product { first, rest } => rest.iter().fold(value(first), |left, (operator, right)| {
            let right = value(right);
            match operator {
                ProductOperator::Multiply => {
                    calculate(&left, &right, i64::checked_mul, |left, right| left * right)
                }
                ProductOperator::Divide => {
                    calculate(&left, &right, exact_quotient, |left, right| left / right)
                }
                ProductOperator::Remainder => {
                    calculate(&left, &right, i64::checked_rem, |left, right| left % right)
                }
            }
        }),
        Expression::Call { function, arguments } => {
            let arguments: Vec<Operand<'a>> = arguments.iter().map(value).collect();
            functions::call(*function, &arguments)
        }
        Expression::Path(path) => row.property(source.property(path)),
        Expression::Constant(constant) => Operand::constant(constant),
    }
}

/// Evaluates OR (`decisive` is true) or AND (`decisive` is false). One decisive part decides; otherwise an undefined part
/// makes the result undefined.
fn any<'a>(parts: impl Iterator<Item = Operand<'a>>, decisive: bool) -> Operand<'a> {
    let mut undefined = false;
    for part in parts {
        match part {
            Operand::Bool(value) if value == decisive => return Operand::Bool(decisive),
            Operand::Bool(_) => {}
            _ => undefined = true,
        }
    }
    if undefined {
        Operand::Undefined
    } else {
        Operand::Bool(!decisive)
    }
}

/// Returns whether a list contains the value; `None` if undefined.
fn is_in(operand: &Operand<'_>, values: &[Constant]) -> Option<bool> {
    let equals = |value: &Constant| operand.order(&Operand::constant(value)) == Some(Ordering::Equal);
    (*operand != Operand::Undefined).then(|| values.iter().any(equals))
}

/// Compares two primitives of the same type. Returns `None` for all other operands.
fn compare(left: &Operand<'_>, operator: Comparison, right: &Operand<'_>) -> Option<bool> {
    let order = left.order(right)?;
    Some(match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

fn exact_quotient(left: i64, right: i64) -> Option<i64> {
    (left.checked_rem(right)? == 0)
        .then(|| left.checked_div(right))
        .flatten()
}

/// Calculates with integers if both operands and the result are integers; otherwise with floats.
fn calculate<'a>(
    left: &Operand<'_>,
    right: &Operand<'_>,
    exact: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
) -> Operand<'a> {
    let (Some(left), Some(right)) = (left.as_number(), right.as_number()) else {
        return Operand::Undefined;
    };
    if let (Numeric::Integer(left), Numeric::Integer(right)) = (left, right)
        && let Some(result) = exact(left, right)
    {
        return Operand::Number(Numeric::Integer(result));
    }
    Operand::float(float(left.as_f64(), right.as_f64()))
}
