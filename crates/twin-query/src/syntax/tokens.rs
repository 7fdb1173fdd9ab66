//! Parsers for single tokens and for the constructs that both languages share.

use winnow::combinator::{alt, delimited, preceded, repeat, separated};
use winnow::prelude::*;

use super::lexer::{Token, TokenKind};
use super::stream::{Input, ParseResult};
use crate::bind::BoundValue;
use crate::error::{Expected, ParseErrorKind};
use crate::literal::{Literal, Number};
use crate::name::{Name, Path};

/// Consumes the next token if `accept` returns a value. Otherwise backtracks and records `expected`.
fn take<'i, T>(
    input: &mut Input<'i>,
    expected: Expected,
    accept: impl FnOnce(&'i Token<'i>) -> Option<T>,
) -> ParseResult<T> {
    let remaining = input.eof_offset();
    let start = input.checkpoint();
    match input.next_token().and_then(accept) {
        Some(value) => Ok(value),
        None => {
            input.reset(&start);
            input.state.expect(remaining, expected);
            Err(winnow::error::ErrMode::Backtrack(winnow::error::EmptyError))
        }
    }
}

/// Parses a keyword, ignoring case.
pub(crate) fn keyword<'i>(word: &'static str) -> impl FnMut(&mut Input<'i>) -> ParseResult<()> {
    move |input| {
        take(input, Expected::Keyword(word), |token| {
            (matches!(token.kind, TokenKind::Word) && token.text.eq_ignore_ascii_case(word)).then_some(())
        })
    }
}

/// Parses an operator or bracket.
pub(crate) fn symbol<'i>(text: &'static str) -> impl FnMut(&mut Input<'i>) -> ParseResult<()> {
    move |input| {
        take(input, Expected::Symbol(text), |token| {
            (matches!(token.kind, TokenKind::Symbol) && token.text == text).then_some(())
        })
    }
}

/// Parses a property or relationship name.
pub(crate) fn name(input: &mut Input<'_>) -> ParseResult<Name> {
    let dialect = input.state.dialect;
    take(input, Expected::Name, |token| match &token.kind {
        TokenKind::Word if !dialect.is_reserved(token.text) => Name::new(token.text).ok(),
        TokenKind::SystemName => Name::new(token.text).ok(),
        TokenKind::BracketedName(name) => Some(name.clone()),
        _ => None,
    })
}

/// Parses an alias or variable, which cannot be a system name or clause keyword.
pub(crate) fn alias(input: &mut Input<'_>) -> ParseResult<Name> {
    let dialect = input.state.dialect;
    take(input, Expected::Name, |token| match &token.kind {
        TokenKind::Word if !dialect.is_reserved(token.text) && !dialect.is_clause_keyword(token.text) => {
            Name::new(token.text).ok()
        }
        TokenKind::BracketedName(name) => Some(name.clone()),
        _ => None,
    })
}

pub(crate) fn path(input: &mut Input<'_>) -> ParseResult<Path> {
    let rest = repeat::<_, _, Vec<Name>, _, _>(0.., preceded(symbol("."), name));
    (name, rest)
        .map(|(first, rest)| Path::new(first, rest))
        .parse_next(input)
}

/// Returns whether the next tokens are a word and an opening parenthesis. Records no expectation.
pub(crate) fn is_call(input: &Input<'_>) -> bool {
    matches!(
        &input.input[..],
        [
            Token {
                kind: TokenKind::Word,
                ..
            },
            Token {
                kind: TokenKind::Symbol,
                text: "(",
                ..
            },
            ..
        ]
    )
}

/// Aborts parsing with an error of this kind at the next token.
pub(crate) fn reject<T>(input: &mut Input<'_>, kind: ParseErrorKind) -> ParseResult<T> {
    let remaining = input.eof_offset();
    input.state.fail(remaining, kind)
}

/// Parses an unsigned decimal integer.
pub(crate) fn integer<N: std::str::FromStr>(input: &mut Input<'_>) -> ParseResult<N> {
    let remaining = input.eof_offset();
    let digits = take(input, Expected::Integer, |token| {
        let plain = token.text.bytes().all(|byte| byte.is_ascii_digit());
        (matches!(token.kind, TokenKind::Number) && plain).then_some(token.text)
    })?;
    match digits.parse() {
        Ok(value) => Ok(value),
        Err(_) => input.state.fail(remaining, ParseErrorKind::NumberOutOfRange),
    }
}

/// Parses a string or a placeholder for one.
pub(crate) fn string(input: &mut Input<'_>) -> ParseResult<String> {
    let token = |input: &mut Input<'_>| {
        take(input, Expected::String, |token| match &token.kind {
            TokenKind::String(text) => Some(text.clone()),
            _ => None,
        })
    };
    let bound = |input: &mut Input<'_>| {
        parameter(input, |bound| match bound {
            BoundValue::Scalar(Literal::String(text)) => Some(text.clone()),
            _ => None,
        })
    };
    alt((token, bound)).parse_next(input)
}

/// Parses a placeholder and converts its value with `accept`. Placeholders are not recorded as expected, because most
/// queries bind no values.
pub(crate) fn parameter<T>(
    input: &mut Input<'_>,
    accept: impl FnOnce(&BoundValue) -> Option<T>,
) -> ParseResult<T> {
    let remaining = input.eof_offset();
    let start = input.checkpoint();
    let Some(Token {
        kind: TokenKind::Parameter,
        text,
        ..
    }) = input.next_token()
    else {
        input.reset(&start);
        return Err(winnow::error::ErrMode::Backtrack(winnow::error::EmptyError));
    };
    let parameters = input.state.parameters;
    match parameters
        .iter()
        .find(|(name, _)| text.strip_prefix('@') == Some(name))
    {
        None => input.state.fail(remaining, ParseErrorKind::UnboundParameter),
        Some((_, bound)) => match accept(bound) {
            Some(value) => Ok(value),
            None => input.state.fail(remaining, ParseErrorKind::ParameterType),
        },
    }
}

/// Parses a number with an optional minus sign.
fn number(input: &mut Input<'_>) -> ParseResult<Number> {
    let remaining = input.eof_offset();
    let start = input.checkpoint();
    // Looks ahead instead of parsing the sign, which would be recorded as expected in addition to the number.
    let negative = matches!(
        &input.input[..],
        [
            Token {
                kind: TokenKind::Symbol,
                text: "-",
                ..
            },
            ..
        ]
    );
    if negative {
        input.next_token();
    }
    let token = take(input, Expected::Number, |token| {
        matches!(token.kind, TokenKind::Number | TokenKind::Hexadecimal).then_some(token)
    });
    let token = match token {
        Ok(token) => token,
        Err(error) => {
            input.reset(&start);
            return Err(error);
        }
    };
    let value = match token.kind {
        TokenKind::Hexadecimal => hexadecimal(token.text, negative),
        _ => decimal(token.text, negative),
    };
    match value {
        Some(value) => Ok(value),
        None => input.state.fail(remaining, ParseErrorKind::NumberOutOfRange),
    }
}

fn decimal(text: &str, negative: bool) -> Option<Number> {
    let sign = if negative { "-" } else { "" };
    let text = format!("{sign}{text}");
    let integer = text.parse::<i64>().ok().map(Number::from);
    // An integer beyond `i64` becomes a double, as in JSON; a double beyond the finite range is rejected.
    integer.or_else(|| text.parse().ok().and_then(Number::from_f64))
}

fn hexadecimal(text: &str, negative: bool) -> Option<Number> {
    let digits = text.get(2..)?;
    let value = i64::try_from(u64::from_str_radix(digits, 16).ok()?).ok()?;
    Some(Number::from(if negative { -value } else { value }))
}

/// Parses a literal or a placeholder for one.
pub(crate) fn literal(input: &mut Input<'_>) -> ParseResult<Literal> {
    let word = |input: &mut Input<'_>| {
        alt((
            constant_keyword("true").value(Literal::Bool(true)),
            constant_keyword("false").value(Literal::Bool(false)),
            constant_keyword("null").value(Literal::Null),
        ))
        .parse_next(input)
    };
    let string = |input: &mut Input<'_>| {
        take(input, Expected::String, |token| match &token.kind {
            TokenKind::String(text) => Some(Literal::String(text.clone())),
            _ => None,
        })
    };
    let bound = |input: &mut Input<'_>| {
        parameter(input, |bound| match bound {
            BoundValue::Scalar(literal) => Some(literal.clone()),
            BoundValue::List(_) => None,
        })
    };
    alt((string, number.map(Literal::Number), word, bound)).parse_next(input)
}

/// Parses a non-empty list `[element, …]` or a placeholder for one.
pub(crate) fn list<'i, T: From<Literal>>(
    mut element: impl FnMut(&mut Input<'i>) -> ParseResult<T>,
) -> impl FnMut(&mut Input<'i>) -> ParseResult<Vec<T>> {
    move |input| {
        let bound = |input: &mut Input<'i>| {
            parameter(input, |bound| match bound {
                BoundValue::Scalar(_) => None,
                BoundValue::List(literals) => Some(literals.iter().cloned().map(T::from).collect()),
            })
        };
        let written = delimited(
            symbol("["),
            separated(1.., &mut element, symbol(",")),
            symbol("]"),
        );
        alt((written, bound)).parse_next(input)
    }
}

/// Returns the text of the next token, or an empty string at the end of input.
pub(crate) fn next_token_text<'i>(input: &Input<'i>) -> &'i str {
    input.input.first().map_or("", |token| token.text)
}

/// Parses a constant that is written as a keyword, ignoring case.
pub(crate) fn constant_keyword<'i>(word: &'static str) -> impl FnMut(&mut Input<'i>) -> ParseResult<()> {
    move |input| {
        take(input, Expected::Constant, |token| {
            (matches!(token.kind, TokenKind::Word) && token.text.eq_ignore_ascii_case(word)).then_some(())
        })
    }
}

/// Wraps the operands of `AND` or `OR` in a node unless there is only one.
pub(crate) fn combine<T>(mut operands: Vec<T>, node: impl FnOnce(Vec<T>) -> T) -> T {
    match (operands.len(), operands.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            operands.extend(last);
            node(operands)
        }
    }
}
