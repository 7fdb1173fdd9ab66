//! The parser: one function per grammar rule.

use winnow::combinator::{alt, delimited, opt, preceded, repeat, separated};
use winnow::prelude::*;

use super::ast::{
    Collection, Condition, Direction, Edge, Function, Hops, Join, Operand, Pattern, Projection, Query,
    Select, Step, StringTest, TypeTest,
};
use crate::error::ParseErrorKind;
use crate::name::Name;
use crate::operator::Comparison;
use crate::syntax::stream::{Input, ParseResult, nested};
use crate::syntax::tokens::{
    alias, combine, integer, is_call, keyword, list, literal, name, next_token_text, path, reject, string,
    symbol,
};

pub(super) fn query(input: &mut Input<'_>) -> ParseResult<Query> {
    (
        preceded(keyword("SELECT"), select),
        preceded(keyword("FROM"), collection),
        opt(alias),
        repeat(0.., join),
        opt(preceded(keyword("MATCH"), pattern)),
        opt(preceded(keyword("WHERE"), condition)),
    )
        .map(|(select, collection, alias, joins, pattern, filter)| Query {
            select,
            collection,
            alias,
            joins,
            pattern,
            filter,
        })
        .parse_next(input)
}

fn select(input: &mut Input<'_>) -> ParseResult<Select> {
    let all = symbol("*").value(Select::All);
    let count = (keyword("COUNT"), symbol("("), symbol(")")).value(Select::Count);
    let top = (
        preceded(keyword("TOP"), delimited(symbol("("), integer, symbol(")"))),
        opt(projections).map(Option::unwrap_or_default),
    )
        .map(|(count, projections)| Select::Top { count, projections });
    alt((all, count, top, projections.map(Select::Projections))).parse_next(input)
}

fn projections(input: &mut Input<'_>) -> ParseResult<Vec<Projection>> {
    separated(1.., projection, symbol(",")).parse_next(input)
}

fn projection(input: &mut Input<'_>) -> ParseResult<Projection> {
    (path, opt(preceded(keyword("AS"), alias)))
        .map(|(path, alias)| Projection { path, alias })
        .parse_next(input)
}

fn collection(input: &mut Input<'_>) -> ParseResult<Collection> {
    alt((
        keyword("DIGITALTWINS").value(Collection::Twins),
        keyword("RELATIONSHIPS").value(Collection::Relationships),
    ))
    .parse_next(input)
}

fn join(input: &mut Input<'_>) -> ParseResult<Join> {
    (
        preceded(keyword("JOIN"), alias),
        preceded(keyword("RELATED"), alias),
        preceded(symbol("."), name),
        opt(alias),
    )
        .map(|(target, source, relationship, variable)| Join {
            target,
            source,
            relationship,
            variable,
        })
        .parse_next(input)
}

fn pattern(input: &mut Input<'_>) -> ParseResult<Pattern> {
    (node, repeat(0.., step))
        .map(|(start, steps)| Pattern { start, steps })
        .parse_next(input)
}

fn node(input: &mut Input<'_>) -> ParseResult<Option<Name>> {
    delimited(symbol("("), opt(alias), symbol(")")).parse_next(input)
}

fn step(input: &mut Input<'_>) -> ParseResult<Step> {
    (edge, node)
        .map(|(edge, node)| Step { edge, node })
        .parse_next(input)
}

fn edge(input: &mut Input<'_>) -> ParseResult<Edge> {
    let incoming = opt(symbol("<")).parse_next(input)?.is_some();
    let (variable, names, hops) = delimited(symbol("-"), relationship, symbol("-")).parse_next(input)?;
    let direction = match incoming {
        true => Direction::Incoming,
        false if opt(symbol(">")).parse_next(input)?.is_some() => Direction::Outgoing,
        false => Direction::Either,
    };
    Ok(Edge {
        direction,
        variable,
        names,
        hops,
    })
}

type Relationship = (Option<Name>, Vec<Name>, Option<Hops>);

/// Parses the brackets of an edge, `[variable:name|name*hops]`.
fn relationship(input: &mut Input<'_>) -> ParseResult<Relationship> {
    let names = opt(preceded(symbol(":"), separated(1.., name, symbol("|"))));
    let hops = opt(preceded(symbol("*"), hops));
    delimited(
        symbol("["),
        (opt(alias), names.map(Option::unwrap_or_default), hops),
        symbol("]"),
    )
    .parse_next(input)
}

fn hops(input: &mut Input<'_>) -> ParseResult<Hops> {
    let from: Option<u32> = opt(integer).parse_next(input)?;
    match from {
        None => preceded(symbol(".."), integer)
            .map(|to| Hops::Range { from: None, to })
            .parse_next(input),
        Some(exact) => {
            let to = opt(preceded(symbol(".."), integer)).parse_next(input)?;
            Ok(to.map_or(Hops::Exact(exact), |to| Hops::Range { from, to }))
        }
    }
}

fn condition(input: &mut Input<'_>) -> ParseResult<Condition> {
    let parts: Vec<_> = separated(1.., conjunction, keyword("OR")).parse_next(input)?;
    Ok(combine(parts, Condition::Or))
}

fn conjunction(input: &mut Input<'_>) -> ParseResult<Condition> {
    let parts: Vec<_> = separated(1.., negation, keyword("AND")).parse_next(input)?;
    Ok(combine(parts, Condition::And))
}

fn negation(input: &mut Input<'_>) -> ParseResult<Condition> {
    let negated = preceded(keyword("NOT"), nested(negation)).map(|inner| Condition::Not(Box::new(inner)));
    let group = delimited(symbol("("), nested(condition), symbol(")"));
    alt((negated, group, test)).parse_next(input)
}

/// Parses a function call, a comparison, or a membership test.
fn test(input: &mut Input<'_>) -> ParseResult<Condition> {
    if is_call(input) {
        return function.map(Condition::Function).parse_next(input);
    }
    let left = operand(input)?;
    if let Some(operator) = opt(comparison).parse_next(input)? {
        let right = operand(input)?;
        return Ok(Condition::Compare {
            left,
            operator,
            right,
        });
    }
    let negated = alt((keyword("IN").value(false), keyword("NIN").value(true))).parse_next(input)?;
    let values = list(literal)(input)?;
    Ok(Condition::In {
        operand: left,
        negated,
        values,
    })
}

fn operand(input: &mut Input<'_>) -> ParseResult<Operand> {
    alt((path.map(Operand::Path), literal.map(Operand::Literal))).parse_next(input)
}

fn comparison(input: &mut Input<'_>) -> ParseResult<Comparison> {
    alt((
        symbol("=").value(Comparison::Equal),
        symbol("!=").value(Comparison::NotEqual),
        symbol("<=").value(Comparison::LessOrEqual),
        symbol("<").value(Comparison::Less),
        symbol(">=").value(Comparison::GreaterOrEqual),
        symbol(">").value(Comparison::Greater),
    ))
    .parse_next(input)
}

fn function(input: &mut Input<'_>) -> ParseResult<Function> {
    let word = next_token_text(input);
    let is = |function: &str| word.eq_ignore_ascii_case(function);
    if is("IS_OF_MODEL") {
        return call(input, is_of_model);
    }
    if is("ARRAY_CONTAINS") {
        let arguments = |input: &mut Input<'_>| {
            (path, preceded(symbol(","), literal))
                .map(|(path, value)| Function::ArrayContains { path, value })
                .parse_next(input)
        };
        return call(input, arguments);
    }
    if let Some(test) = TypeTest::ALL.into_iter().find(|test| is(test.function())) {
        return call(input, |input| {
            path.map(|path| Function::Type { test, path }).parse_next(input)
        });
    }
    if let Some(test) = StringTest::ALL.into_iter().find(|test| is(test.function())) {
        let arguments = |input: &mut Input<'_>| {
            (path, preceded(symbol(","), string))
                .map(|(path, value)| Function::String { test, path, value })
                .parse_next(input)
        };
        return call(input, arguments);
    }
    reject(input, ParseErrorKind::UnknownFunction)
}

/// Skips the function name, which the caller has already recognized, and parses the parenthesized arguments.
fn call<'i, T>(
    input: &mut Input<'i>,
    arguments: impl FnMut(&mut Input<'i>) -> ParseResult<T>,
) -> ParseResult<T> {
    preceded(winnow::token::any, delimited(symbol("("), arguments, symbol(")"))).parse_next(input)
}

fn is_of_model(input: &mut Input<'_>) -> ParseResult<Function> {
    (
        opt((alias, symbol(",")).map(|(variable, ())| variable)),
        string,
        opt(preceded(symbol(","), keyword("EXACT"))).map(|exact| exact.is_some()),
    )
        .map(|(variable, model, exact)| Function::IsOfModel {
            variable,
            model,
            exact,
        })
        .parse_next(input)
}
