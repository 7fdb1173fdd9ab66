//! The parser: one function per grammar rule.

use winnow::combinator::{alt, delimited, opt, preceded, repeat, separated};
use winnow::error::{EmptyError, ErrMode};
use winnow::prelude::*;

use super::ast::{
    Aggregate, Constant, Expression, Item, ItemValue, ProductOperator, Query, Select, Source, SumOperator,
    TargetCondition,
};
use super::function::{Function, is_routing_function};
use crate::error::ParseErrorKind;
use crate::operator::Comparison;
use crate::syntax::stream::{Input, ParseResult, nested};
use crate::syntax::tokens::{
    alias, combine, constant_keyword, integer, is_call, keyword, list, literal, next_token_text, path,
    reject, symbol,
};

pub(super) fn query(input: &mut Input<'_>) -> ParseResult<Query> {
    let from = preceded(keyword("FROM"), source);
    query_of(from, input)
}

/// Parses a configuration metric, a query in which `FROM` is optional.
pub(super) fn metric(input: &mut Input<'_>) -> ParseResult<Query> {
    let from = opt(preceded(keyword("FROM"), source)).map(|source| source.unwrap_or(Source::Devices));
    query_of(from, input)
}

fn query_of<'i>(
    from: impl Parser<Input<'i>, Source, ErrMode<EmptyError>>,
    input: &mut Input<'i>,
) -> ParseResult<Query> {
    (
        preceded(keyword("SELECT"), opt(top)),
        select,
        from,
        opt(preceded(keyword("WHERE"), expression)),
        opt(preceded(
            (keyword("GROUP"), keyword("BY")),
            separated(1.., path, symbol(",")),
        )),
    )
        .map(|(top, select, source, filter, group_by)| Query {
            top,
            select,
            source,
            filter,
            group_by: group_by.unwrap_or_default(),
        })
        .parse_next(input)
}

/// Parses `TOP n`. `TOP` is not reserved: without a number after it, it is a property.
fn top(input: &mut Input<'_>) -> ParseResult<u64> {
    preceded(keyword("TOP"), integer).parse_next(input)
}

fn select(input: &mut Input<'_>) -> ParseResult<Select> {
    let all = symbol("*").value(Select::All);
    let items = separated(1.., item, symbol(",")).map(Select::Items);
    alt((all, items)).parse_next(input)
}

fn item(input: &mut Input<'_>) -> ParseResult<Item> {
    (item_value, opt(preceded(keyword("AS"), alias)))
        .map(|(value, alias)| Item { value, alias })
        .parse_next(input)
}

fn item_value(input: &mut Input<'_>) -> ParseResult<ItemValue> {
    if !is_call(input) {
        return path.map(ItemValue::Path).parse_next(input);
    }
    let aggregated = |word, aggregate: fn(_) -> Aggregate| {
        preceded(keyword(word), delimited(symbol("("), path, symbol(")"))).map(aggregate)
    };
    alt((
        (keyword("COUNT"), symbol("("), symbol(")")).value(Aggregate::Count),
        aggregated("AVG", Aggregate::Average),
        aggregated("SUM", Aggregate::Sum),
        aggregated("MIN", Aggregate::Minimum),
        aggregated("MAX", Aggregate::Maximum),
    ))
    .map(ItemValue::Aggregate)
    .parse_next(input)
}

fn source(input: &mut Input<'_>) -> ParseResult<Source> {
    let part = alt((
        keyword("modules").value(Source::Modules),
        keyword("jobs").value(Source::Jobs),
    ));
    preceded(keyword("devices"), opt(preceded(symbol("."), part)))
        .map(|part| part.unwrap_or(Source::Devices))
        .parse_next(input)
}

pub(super) fn target_condition(input: &mut Input<'_>) -> ParseResult<TargetCondition> {
    let modules_only = (
        keyword("FROM"),
        keyword("devices"),
        symbol("."),
        keyword("modules"),
        keyword("WHERE"),
    );
    let target = alt((
        symbol("*").value(TargetCondition::All),
        preceded(modules_only, expression).map(TargetCondition::Modules),
        expression.map(TargetCondition::Devices),
    ));
    opt(target)
        .map(|target| target.unwrap_or(TargetCondition::None))
        .parse_next(input)
}

pub(super) fn expression(input: &mut Input<'_>) -> ParseResult<Expression> {
    let parts: Vec<_> = separated(1.., conjunction, keyword("OR")).parse_next(input)?;
    Ok(combine(parts, Expression::Or))
}

fn conjunction(input: &mut Input<'_>) -> ParseResult<Expression> {
    let parts: Vec<_> = separated(1.., negation, keyword("AND")).parse_next(input)?;
    Ok(combine(parts, Expression::And))
}

fn negation(input: &mut Input<'_>) -> ParseResult<Expression> {
    let negated = preceded(keyword("NOT"), nested(negation)).map(|inner| Expression::Not(Box::new(inner)));
    alt((negated, comparison)).parse_next(input)
}

/// Parses an operand, optionally compared with another. Comparisons do not chain.
fn comparison(input: &mut Input<'_>) -> ParseResult<Expression> {
    let left = sum(input)?;
    if let Some(operator) = opt(comparison_operator).parse_next(input)? {
        let right = sum(input)?;
        return Ok(Expression::Compare {
            left: Box::new(left),
            operator,
            right: Box::new(right),
        });
    }
    let negated = opt(alt((keyword("IN").value(false), keyword("NIN").value(true)))).parse_next(input)?;
    let Some(negated) = negated else { return Ok(left) };
    let values = list(constant)(input)?;
    Ok(Expression::In {
        operand: Box::new(left),
        negated,
        values,
    })
}

fn comparison_operator(input: &mut Input<'_>) -> ParseResult<Comparison> {
    alt((
        symbol("=").value(Comparison::Equal),
        symbol("!=").value(Comparison::NotEqual),
        symbol("<>").value(Comparison::NotEqual),
        symbol("<=").value(Comparison::LessOrEqual),
        symbol("<").value(Comparison::Less),
        symbol(">=").value(Comparison::GreaterOrEqual),
        symbol(">").value(Comparison::Greater),
    ))
    .parse_next(input)
}

fn sum(input: &mut Input<'_>) -> ParseResult<Expression> {
    let operator = |input: &mut Input<'_>| {
        alt((
            symbol("+").value(SumOperator::Add),
            symbol("-").value(SumOperator::Subtract),
        ))
        .parse_next(input)
    };
    let first = product(input)?;
    let rest: Vec<_> = repeat(0.., (operator, product)).parse_next(input)?;
    Ok(if rest.is_empty() {
        first
    } else {
        Expression::Sum {
            first: Box::new(first),
            rest,
        }
    })
}

fn product(input: &mut Input<'_>) -> ParseResult<Expression> {
    let operator = |input: &mut Input<'_>| {
        alt((
            symbol("*").value(ProductOperator::Multiply),
            symbol("/").value(ProductOperator::Divide),
            symbol("%").value(ProductOperator::Remainder),
        ))
        .parse_next(input)
    };
    let first = primary(input)?;
    let rest: Vec<_> = repeat(0.., (operator, primary)).parse_next(input)?;
    Ok(if rest.is_empty() {
        first
    } else {
        Expression::Product {
            first: Box::new(first),
            rest,
        }
    })
}

fn primary(input: &mut Input<'_>) -> ParseResult<Expression> {
    if is_call(input) {
        return call(input);
    }
    alt((
        delimited(symbol("("), nested(expression), symbol(")")),
        path.map(Expression::Path),
        constant.map(Expression::Constant),
    ))
    .parse_next(input)
}

fn call(input: &mut Input<'_>) -> ParseResult<Expression> {
    let name = next_token_text(input);
    let Some(function) = Function::from_name(name) else {
        let kind = if is_routing_function(name) {
            ParseErrorKind::RoutingFunction
        } else {
            ParseErrorKind::UnknownFunction
        };
        return reject(input, kind);
    };
    let arguments = separated(0.., nested(expression), symbol(","));
    preceded(winnow::token::any, delimited(symbol("("), arguments, symbol(")")))
        .map(|arguments| Expression::Call { function, arguments })
        .parse_next(input)
}

fn constant(input: &mut Input<'_>) -> ParseResult<Constant> {
    let undefined = constant_keyword("undefined").value(Constant::Undefined);
    let array = delimited(
        symbol("["),
        separated(0.., nested(constant), symbol(",")),
        symbol("]"),
    );
    alt((
        literal.map(Constant::Literal),
        undefined,
        array.map(Constant::Array),
    ))
    .parse_next(input)
}
