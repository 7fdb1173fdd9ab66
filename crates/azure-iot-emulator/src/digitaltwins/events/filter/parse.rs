//! The parser of filters.

use serde_json::Value;
use winnow::ascii::{Caseless, float, multispace0};
use winnow::combinator::{alt, cut_err, delimited, fail, not, opt, preceded, repeat, separated, terminated};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::token::{any, none_of, one_of, take_while};

use crate::digitaltwins::events::filter::{Attribute, Comparison, Filter, Function, Operand};

/// A syntax error in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Line and character, counted from 1.
    pub(crate) line: usize,
    pub(crate) position: usize,
    /// The word or character at this position; `<EOF>` at the end of the filter.
    pub(crate) input: String,
}

/// Maximum nesting depth of parentheses, so that no filter can exhaust the stack.
const MAX_DEPTH: usize = 50;

type Input<'i> = winnow::stream::Stateful<&'i str, usize>;
type Parsed<T> = Result<T, ErrMode<ContextError>>;

impl Filter {
    /// Parses a filter. Keywords and functions are case-insensitive.
    pub(crate) fn parse(filter: &str) -> Result<Self, SyntaxError> {
        let mut input = Input {
            input: filter,
            state: 0,
        };
        let parsed = preceded(multispace0, disjunction).parse_next(&mut input);
        let offset = filter.len() - input.input.len();
        match parsed {
            Ok(filter) if input.input.is_empty() => Ok(filter),
            Ok(_) => Err(syntax_error(filter, offset)),
            Err(_) => {
                let skipped = unknown_name(input.input).unwrap_or(0);
                Err(syntax_error(filter, offset + skipped))
            }
        }
    }
}

/// Describes the error at a byte offset.
fn syntax_error(filter: &str, offset: usize) -> SyntaxError {
    let (before, rest) = filter.split_at_checked(offset).unwrap_or((filter, ""));
    let line = before.rsplit('\n').next().unwrap_or(before);
    let word: String = rest.chars().take_while(|c| is_part_of_word(*c)).collect();
    let input = match rest.chars().next() {
        None => "<EOF>".to_owned(),
        Some(other) if word.is_empty() => other.to_string(),
        Some(_) => word,
    };
    SyntaxError {
        line: before.matches('\n').count() + 1,
        position: line.chars().count() + 1,
        input,
    }
}

/// Returns the length of an unknown name and the space after it, if a word follows. The service reports that word
/// as the error, because it expects an operator there.
fn unknown_name(rest: &str) -> Option<usize> {
    let after = rest.trim_start_matches(is_part_of_word);
    let next = after.trim_start();
    let is_name = after.len() < rest.len() && next.len() < after.len();
    (is_name && next.starts_with(is_part_of_word)).then(|| rest.len() - next.len())
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || "_$".contains(c)
}

fn disjunction(input: &mut Input<'_>) -> Parsed<Filter> {
    let parts: Vec<_> = separated(1.., conjunction, keyword("OR")).parse_next(input)?;
    Ok(one_or(parts, Filter::Or))
}

fn conjunction(input: &mut Input<'_>) -> Parsed<Filter> {
    let parts: Vec<_> = separated(1.., condition, keyword("AND")).parse_next(input)?;
    Ok(one_or(parts, Filter::And))
}

fn one_or(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn condition(input: &mut Input<'_>) -> Parsed<Filter> {
    if input.input.starts_with('(') {
        if input.state >= MAX_DEPTH {
            return fail.parse_next(input).map_err(ErrMode::cut);
        }
        input.state += 1;
        let inner = delimited(symbol("("), cut_err(disjunction), cut_err(symbol(")"))).parse_next(input)?;
        input.state -= 1;
        return Ok(inner);
    }
    if let Some(function) = opt(terminated(function, symbol("("))).parse_next(input)? {
        let (whole, part) = cut_err((terminated(operand, symbol(",")), terminated(operand, symbol(")"))))
            .parse_next(input)?;
        return Ok(Filter::Text(function, whole, part));
    }
    let left = cut_err(operand).parse_next(input)?;
    match (opt(comparison).parse_next(input)?, left) {
        (Some(operator), left) => {
            let right = cut_err(operand).parse_next(input)?;
            Ok(Filter::Compare(left, operator, right))
        }
        (None, Operand::Literal(Value::Bool(value))) => Ok(Filter::Constant(value)),
        (None, _) => fail.parse_next(input).map_err(ErrMode::cut),
    }
}

fn function(input: &mut Input<'_>) -> Parsed<Function> {
    alt((
        keyword("STARTS_WITH").value(Function::StartsWith),
        keyword("ENDS_WITH").value(Function::EndsWith),
        keyword("CONTAINS").value(Function::Contains),
    ))
    .parse_next(input)
}

fn comparison(input: &mut Input<'_>) -> Parsed<Comparison> {
    alt((
        symbol("!=").value(Comparison::NotEqual),
        symbol("<=").value(Comparison::LessOrEqual),
        symbol(">=").value(Comparison::GreaterOrEqual),
        symbol("=").value(Comparison::Equal),
        symbol("<").value(Comparison::Less),
        symbol(">").value(Comparison::Greater),
    ))
    .parse_next(input)
}

fn operand(input: &mut Input<'_>) -> Parsed<Operand> {
    alt((
        quoted_string.map(|string| Operand::Literal(Value::String(string))),
        keyword("true").value(Operand::Literal(Value::Bool(true))),
        keyword("false").value(Operand::Literal(Value::Bool(false))),
        keyword("null").value(Operand::Literal(Value::Null)),
        terminated(number, multispace0),
        preceded("$body", repeat(1.., preceded('.', name)))
            .map(Operand::Body)
            .then_space(),
        attribute.map(Operand::Attribute),
    ))
    .parse_next(input)
}

fn number(input: &mut Input<'_>) -> Parsed<Operand> {
    // The float parser would also accept words such as `nan`.
    winnow::combinator::peek(one_of(('0'..='9', '-', '+', '.'))).parse_next(input)?;
    let value: f64 = float.parse_next(input)?;
    match serde_json::Number::from_f64(value) {
        Some(value) => Ok(Operand::Literal(Value::Number(value))),
        None => fail.parse_next(input),
    }
}

fn attribute(input: &mut Input<'_>) -> Parsed<Attribute> {
    let mut exact = |word: &'static str, attribute: Attribute| {
        opt(terminated((word, not(part_of_name)), multispace0))
            .parse_next(input)
            .map(|found| found.map(|_| attribute))
    };
    for (word, attribute) in [
        ("type", Attribute::Type),
        ("source", Attribute::Source),
        ("subject", Attribute::Subject),
        ("dataschema", Attribute::DataSchema),
        ("datacontenttype", Attribute::DataContentType),
        ("specversion", Attribute::SpecVersion),
        ("$eventType", Attribute::EventType),
    ] {
        if let Some(attribute) = exact(word, attribute)? {
            return Ok(attribute);
        }
    }
    fail.parse_next(input)
}

fn quoted_string(input: &mut Input<'_>) -> Parsed<String> {
    let character = alt((preceded('\\', any), none_of(['\'', '\\'])));
    let characters = repeat(0.., character).fold(String::new, |mut string, character: char| {
        string.push(character);
        string
    });
    terminated(delimited('\'', characters, cut_err('\'')), multispace0).parse_next(input)
}

fn name(input: &mut Input<'_>) -> Parsed<String> {
    take_while(1.., |c: char| c.is_alphanumeric() || "_$-".contains(c))
        .map(str::to_owned)
        .parse_next(input)
}

fn part_of_name(input: &mut Input<'_>) -> Parsed<char> {
    one_of(|c: char| c.is_alphanumeric() || c == '_').parse_next(input)
}

fn keyword<'i>(word: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (Caseless(word), not(part_of_name), multispace0).void()
}

fn symbol<'i>(symbol: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (symbol, multispace0).void()
}

/// Extends parsers to consume trailing white space.
trait ThenSpace<'i, O>: Parser<Input<'i>, O, ErrMode<ContextError>> + Sized {
    fn then_space(self) -> impl Parser<Input<'i>, O, ErrMode<ContextError>> {
        terminated(self, multispace0)
    }
}

impl<'i, O, P: Parser<Input<'i>, O, ErrMode<ContextError>>> ThenSpace<'i, O> for P {}
