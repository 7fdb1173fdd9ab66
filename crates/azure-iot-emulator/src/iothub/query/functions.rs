//! The functions of the query language.

use std::borrow::Cow;
use std::cmp::Ordering;

use twin_query::iothub::Function;

use crate::iothub::query::value::{Numeric, Operand};

/// Calls a function. The result is undefined for arguments of wrong types.
pub(crate) fn call<'a>(function: Function, arguments: &[Operand<'a>]) -> Operand<'a> {
    match (function, arguments) {
        (Function::Concat, arguments) => {
            let texts: Option<Vec<&str>> = arguments.iter().map(Operand::as_text).collect();
            texts.map_or(Operand::Undefined, |texts| {
                Operand::Text(Cow::Owned(texts.concat()))
            })
        }
        (Function::Substring, [text, rest @ ..]) => substring(text, rest),
        (function, [argument]) => of_one(function, argument),
        (function, [first, second]) => of_two(function, first, second),
        // The parser has checked the number of arguments.
        _ => Operand::Undefined,
    }
}

fn of_one<'a>(function: Function, argument: &Operand<'a>) -> Operand<'a> {
    match function {
        Function::IsDefined => Operand::Bool(*argument != Operand::Undefined),
        Function::IsNull => Operand::Bool(*argument == Operand::Null),
        Function::IsNumber => Operand::Bool(matches!(argument, Operand::Number(_))),
        Function::IsString => Operand::Bool(matches!(argument, Operand::Text(_))),
        Function::IsBool => Operand::Bool(matches!(argument, Operand::Bool(_))),
        Function::IsArray => Operand::Bool(matches!(argument, Operand::Array(_))),
        Function::IsObject => Operand::Bool(matches!(argument, Operand::Object(_))),
        Function::IsPrimitive => Operand::Bool(matches!(
            argument,
            Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_)
        )),
        Function::Length => argument.as_text().map_or(Operand::Undefined, |text| {
            Operand::integer(u64::try_from(text.chars().count()).unwrap_or(u64::MAX))
        }),
        Function::Lower => map_text(argument, str::to_lowercase),
        Function::Upper => map_text(argument, str::to_uppercase),
        Function::AsNumber => as_number(argument),
        Function::Abs => map_number(argument, i64::checked_abs, f64::abs),
        Function::Ceiling => map_number(argument, Some, f64::ceil),
        Function::Floor => map_number(argument, Some, f64::floor),
        Function::Sign => map_number(argument, |value| Some(value.signum()), sign),
        Function::Square => map_number(argument, |value| value.checked_mul(value), |value| value * value),
        Function::Exp => map_number(argument, |_| None, f64::exp),
        Function::Sqrt => map_number(argument, |_| None, f64::sqrt),
        // These functions take more than one argument.
        Function::Power
        | Function::Concat
        | Function::Substring
        | Function::IndexOf
        | Function::StartsWith
        | Function::ArrayContains => Operand::Undefined,
    }
}

fn of_two<'a>(function: Function, first: &Operand<'a>, second: &Operand<'a>) -> Operand<'a> {
    match function {
        Function::Power => {
            return match (first.as_number(), second.as_number()) {
                (Some(base), Some(exponent)) => Operand::float(base.as_f64().powf(exponent.as_f64())),
                _ => Operand::Undefined,
            };
        }
        Function::ArrayContains => return array_contains(first, second),
        _ => {}
    }
    let (Some(text), Some(part)) = (first.as_text(), second.as_text()) else {
        return Operand::Undefined;
    };
    match function {
        Function::StartsWith => Operand::Bool(text.starts_with(part)),
        Function::IndexOf => {
            let index = text
                .find(part)
                .and_then(|at| i64::try_from(text[..at].chars().count()).ok());
            Operand::Number(Numeric::Integer(index.unwrap_or(-1)))
        }
        _ => Operand::Undefined,
    }
}

/// Returns whether an array contains a value. Objects and arrays are never found.
fn array_contains<'a>(array: &Operand<'a>, value: &Operand<'a>) -> Operand<'a> {
    match array {
        Operand::Array(items) => Operand::Bool(
            items
                .iter()
                .any(|item| Operand::borrowed(item).order(value) == Some(Ordering::Equal)),
        ),
        _ => Operand::Undefined,
    }
}

fn map_text<'a>(argument: &Operand<'a>, map: fn(&str) -> String) -> Operand<'a> {
    argument
        .as_text()
        .map_or(Operand::Undefined, |text| Operand::Text(Cow::Owned(map(text))))
}

/// Calculates with integers if the result is an integer; otherwise with floats.
fn map_number<'a>(
    argument: &Operand<'a>,
    exact: fn(i64) -> Option<i64>,
    float: fn(f64) -> f64,
) -> Operand<'a> {
    match argument {
        Operand::Number(Numeric::Integer(value)) => match exact(*value) {
            Some(result) => Operand::Number(Numeric::Integer(result)),
            None => Operand::float(float(Numeric::Integer(*value).as_f64())),
        },
        Operand::Number(Numeric::Float(value)) => Operand::float(float(*value)),
        _ => Operand::Undefined,
    }
}

/// Returns the sign of a number. Unlike with `f64::signum`, the sign of zero is zero.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

fn as_number<'a>(argument: &Operand<'a>) -> Operand<'a> {
    match argument {
        Operand::Number(number) => Operand::Number(*number),
        Operand::Text(text) => match text.parse::<i64>() {
            Ok(integer) => Operand::Number(Numeric::Integer(integer)),
            Err(_) => text.parse::<f64>().map_or(Operand::Undefined, Operand::float),
        },
        _ => Operand::Undefined,
    }
}

fn substring<'a>(text: &Operand<'a>, bounds: &[Operand<'a>]) -> Operand<'a> {
    let bound = |operand: &Operand<'a>| match operand {
        Operand::Number(Numeric::Integer(value)) => usize::try_from(*value).ok(),
        _ => None,
    };
    let (Some(text), Some(bounds)) = (
        text.as_text(),
        bounds.iter().map(bound).collect::<Option<Vec<_>>>(),
    ) else {
        return Operand::Undefined;
    };
    match bounds.as_slice() {
        [start] => Operand::Text(Cow::Owned(text.chars().skip(*start).collect())),
        [start, length] => Operand::Text(Cow::Owned(text.chars().skip(*start).take(*length).collect())),
        _ => Operand::Undefined,
    }
}
