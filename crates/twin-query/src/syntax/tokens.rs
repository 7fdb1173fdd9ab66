//! Parsers of single tokens and of the small constructs that both languages have.

use winnow::combinator::{alt, delimited, preceded, repeat, separated};
use winnow::prelude::*;

use super::lexer::{Token, TokenKind};
use super::stream::{Input, Parsed};
use crate::bind::Bound;
use crate::error::{Expected, ParseErrorKind};
use crate::literal::{Literal, Number};
use crate::name::{Name, Path};

/// Takes the next token if `accept` does; notes `expected` otherwise.
fn take<'i, T>(
    input: &mut Input<'i>,
    expected: Expected,
    accept: impl FnOnce(&'i Token<'i>) -> Option<T>,
) -> Parsed<T> {
    let left = input.eof_offset();
    let start = input.checkpoint();
    match input.next_token().and_then(accept) {
        Some(value) => Ok(value),
        None => {
            input.reset(&start);
            input.state.expect(left, expected);
            Err(winnow::error::ErrMode::Backtrack(winnow::error::EmptyError))
        }
    }
}

/// A keyword in any case.
pub(crate) fn keyword<'i>(word: &'static str) -> impl FnMut(&mut Input<'i>) -> Parsed<()> {
    move |input| {
        take(input, Expected::Keyword(word), |token| {
            (matches!(token.kind, TokenKind::Word) && token.text.eq_ignore_ascii_case(word)).then_some(())
        })
    }
}

/// An operator or bracket.
pub(crate) fn symbol<'i>(text: &'static str) -> impl FnMut(&mut Input<'i>) -> Parsed<()> {
    move |input| {
        take(input, Expected::Symbol(text), |token| {
            (matches!(token.kind, TokenKind::Symbol) && token.text == text).then_some(())
        })
    }
}

/// Reads a token as a name unless it is a word that `refused` refuses.
fn name_unless(input: &mut Input<'_>, refused: impl FnOnce(&str) -> bool) -> Parsed<Name> {
    take(input, Expected::Name, |token| match &token.kind {
        TokenKind::Word if !refused(token.text) => Name::new(token.text).ok(),
        TokenKind::SystemName => Name::new(token.text).ok(),
        TokenKind::BracketedName(name) => Some(name.clone()),
        _ => None,
    })
}

/// A property or relationship name.
pub(crate) fn name(input: &mut Input<'_>) -> Parsed<Name> {
    let dialect = input.state.dialect;
    name_unless(input, |word| dialect.is_reserved(word))
}

/// A name that follows a dot, where some languages allow reserved words.
pub(crate) fn name_after_dot(input: &mut Input<'_>) -> Parsed<Name> {
    let dialect = input.state.dialect;
    name_unless(input, |word| {
        !dialect.reserved_after_dot && dialect.is_reserved(word)
    })
}

/// An alias or variable: no system name, and no word that starts a clause.
pub(crate) fn alias(input: &mut Input<'_>) -> Parsed<Name> {
    let dialect = input.state.dialect;
    take(input, Expected::Name, |token| match &token.kind {
        TokenKind::Word if !dialect.is_reserved(token.text) && !dialect.is_clause(token.text) => {
            Name::new(token.text).ok()
        }
        TokenKind::BracketedName(name) => Some(name.clone()),
        _ => None,
    })
}

pub(crate) fn path(input: &mut Input<'_>) -> Parsed<Path> {
    let rest = repeat::<_, _, Vec<Name>, _, _>(0.., preceded(symbol("."), name_after_dot));
    (name, rest)
        .map(|(first, rest)| Path::new(first, rest))
        .parse_next(input)
}

/// Whether a word and an opening parenthesis come next; notes nothing.
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

/// Fails for good at the next token.
pub(crate) fn reject<T>(input: &mut Input<'_>, kind: ParseErrorKind) -> Parsed<T> {
    let left = input.eof_offset();
    input.state.fail(left, kind)
}

/// An unsigned integer in plain digits.
pub(crate) fn integer<N: std::str::FromStr>(input: &mut Input<'_>) -> Parsed<N> {
    let left = input.eof_offset();
    let digits = take(input, Expected::Integer, |token| {
        let plain = token.text.bytes().all(|byte| byte.is_ascii_digit());
        (matches!(token.kind, TokenKind::Number) && plain).then_some(token.text)
    })?;
    match digits.parse() {
        Ok(value) => Ok(value),
        Err(_) => input.state.fail(left, ParseErrorKind::NumberRange),
    }
}

/// A string constant, or a placeholder for one.
pub(crate) fn string(input: &mut Input<'_>) -> Parsed<String> {
    let token = |input: &mut Input<'_>| {
        take(input, Expected::String, |token| match &token.kind {
            TokenKind::String(text) => Some(text.clone()),
            _ => None,
        })
    };
    let bound = |input: &mut Input<'_>| {
        parameter(input, |bound| match bound {
            Bound::One(Literal::String(text)) => Some(text.clone()),
            _ => None,
        })
    };
    alt((token, bound)).parse_next(input)
}

/// A placeholder whose value `accept` accepts. Placeholders aren't named among what is expected: a text without
/// bindings has no use for them.
pub(crate) fn parameter<T>(input: &mut Input<'_>, accept: impl FnOnce(&Bound) -> Option<T>) -> Parsed<T> {
    let left = input.eof_offset();
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
        None => input.state.fail(left, ParseErrorKind::UnboundParameter),
        Some((_, bound)) => match accept(bound) {
            Some(value) => Ok(value),
            None => input.state.fail(left, ParseErrorKind::ParameterType),
        },
    }
}

/// A number with an optional minus sign.
fn number(input: &mut Input<'_>) -> Parsed<Number> {
    let left = input.eof_offset();
    let start = input.checkpoint();
    // The sign must not be noted as expected on its own: a number is what is expected.
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
        None => input.state.fail(left, ParseErrorKind::NumberRange),
    }
}

fn decimal(text: &str, negative: bool) -> Option<Number> {
    let sign = if negative { "-" } else { "" };
    let text = format!("{sign}{text}");
    let integer = text.parse::<i64>().ok().map(Number::from);
    // What is no integer, or one beyond `i64`, is a double; beyond that it is no number of JSON either.
    integer.or_else(|| text.parse().ok().and_then(Number::from_f64))
}

fn hexadecimal(text: &str, negative: bool) -> Option<Number> {
    let digits = text.get(2..)?;
    let value = i64::try_from(u64::from_str_radix(digits, 16).ok()?).ok()?;
    Some(Number::from(if negative { -value } else { value }))
}

/// A constant, or a placeholder for one.
pub(crate) fn literal(input: &mut Input<'_>) -> Parsed<Literal> {
    let word = |input: &mut Input<'_>| {
        alt((
            constant_word("true").value(Literal::Bool(true)),
            constant_word("false").value(Literal::Bool(false)),
            constant_word("null").value(Literal::Null),
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
            Bound::One(literal) => Some(literal.clone()),
            Bound::Many(_) => None,
        })
    };
    alt((string, number.map(Literal::Number), word, bound)).parse_next(input)
}

/// `[element, …]`, at least one; or a placeholder for a list of constants.
pub(crate) fn list<'i, T: From<Literal>>(
    mut element: impl FnMut(&mut Input<'i>) -> Parsed<T>,
) -> impl FnMut(&mut Input<'i>) -> Parsed<Vec<T>> {
    move |input| {
        let bound = |input: &mut Input<'i>| {
            parameter(input, |bound| match bound {
                Bound::One(_) => None,
                Bound::Many(literals) => Some(literals.iter().cloned().map(T::from).collect()),
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

/// The text of the next token; empty at the end.
pub(crate) fn next_word<'i>(input: &Input<'i>) -> &'i str {
    input.input.first().map_or("", |token| token.text)
}

/// A word that is a constant, in any case.
pub(crate) fn constant_word<'i>(word: &'static str) -> impl FnMut(&mut Input<'i>) -> Parsed<()> {
    move |input| {
        take(input, Expected::Constant, |token| {
            (matches!(token.kind, TokenKind::Word) && token.text.eq_ignore_ascii_case(word)).then_some(())
        })
    }
}
