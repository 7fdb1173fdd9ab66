//! The token stream of the parsers, with the state that turns a failure into a [`ParseError`].

use winnow::combinator::{eof, terminated};
use winnow::error::{EmptyError, ErrMode};
use winnow::prelude::*;
use winnow::stream::{Stateful, TokenSlice};

use super::MAX_DEPTH;
use super::dialect::Dialect;
use super::lexer::{Token, TokenKind, tokens};
use crate::bind::BoundValue;
use crate::error::{Expected, ParseError, ParseErrorKind};
use crate::value::ValueError;

/// The values of `@name` placeholders.
pub(crate) type Parameters = [(String, BoundValue)];

pub(crate) type Input<'i> = Stateful<TokenSlice<'i, Token<'i>>, State<'i>>;

/// The result of a parser. The error is empty: alternatives that fail record in [`State`] what they expected, and the
/// failure furthest into the input is reported.
pub(crate) type ParseResult<T> = ModalResult<T, EmptyError>;

/// Parser state that survives backtracking.
#[derive(Debug)]
pub(crate) struct State<'i> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) parameters: &'i Parameters,
    depth: usize,
    /// The number of tokens remaining at the furthest failure.
    remaining: usize,
    expected: Vec<Expected>,
    kind: ParseErrorKind,
}

impl State<'_> {
    /// Records that `expected` would have been accepted where `remaining` tokens are left.
    pub(crate) fn expect(&mut self, remaining: usize, expected: Expected) {
        if remaining < self.remaining {
            self.remaining = remaining;
            self.expected.clear();
        }
        if remaining == self.remaining && !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
    }

    /// Aborts parsing, without backtracking, with an error other than an unexpected token.
    pub(crate) fn fail<T>(&mut self, remaining: usize, kind: ParseErrorKind) -> ParseResult<T> {
        self.remaining = remaining;
        self.expected.clear();
        self.kind = kind;
        Err(ErrMode::Cut(EmptyError))
    }
}

/// Runs a parser one nesting level deeper, or fails beyond [`MAX_DEPTH`].
pub(crate) fn nested<'i, T>(
    mut parser: impl Parser<Input<'i>, T, ErrMode<EmptyError>>,
) -> impl FnMut(&mut Input<'i>) -> ParseResult<T> {
    move |input| {
        if input.state.depth == MAX_DEPTH {
            let remaining = input.eof_offset();
            return input.state.fail(remaining, ParseErrorKind::TooDeep);
        }
        input.state.depth += 1;
        let result = parser.parse_next(input);
        input.state.depth -= 1;
        result
    }
}

/// Runs a parser over the whole input.
pub(crate) fn parse_all<T>(
    text: &str,
    dialect: &'static Dialect,
    parameters: &Parameters,
    parser: impl FnMut(&mut Input<'_>) -> ParseResult<T>,
) -> Result<T, ParseError> {
    let tokens = tokens(text, dialect);
    let state = State {
        dialect,
        parameters,
        depth: 0,
        remaining: tokens.len(),
        expected: Vec::new(),
        kind: ParseErrorKind::UnexpectedToken,
    };
    let mut input = Stateful {
        input: TokenSlice::new(&tokens),
        state,
    };
    match terminated(parser, end_of_input).parse_next(&mut input) {
        Ok(value) => Ok(value),
        Err(_) => Err(parse_error(text, &tokens, input.state)),
    }
}

fn end_of_input(input: &mut Input<'_>) -> ParseResult<()> {
    let remaining = input.eof_offset();
    input.state.expect(remaining, Expected::End);
    eof.void().parse_next(input)
}

fn parse_error(text: &str, tokens: &[Token<'_>], state: State<'_>) -> ParseError {
    let token = tokens.get(tokens.len() - state.remaining.min(tokens.len()));
    let kind = match (state.kind, token.map(|token| &token.kind)) {
        (ParseErrorKind::UnexpectedToken, Some(TokenKind::Invalid(kind))) => kind.clone(),
        (ParseErrorKind::UnexpectedToken, Some(TokenKind::Word)) => {
            let reserved = token.is_some_and(|token| state.dialect.is_reserved(token.text));
            // Where the query may end, a reserved word is more likely an unsupported clause than a name.
            let name_expected =
                state.expected.contains(&Expected::Name) && !state.expected.contains(&Expected::End);
            if reserved && name_expected {
                ParseErrorKind::ReservedWord
            } else {
                ParseErrorKind::UnexpectedToken
            }
        }
        (kind, _) => kind,
    };
    let offset = token.map_or(text.len(), |token| token.offset);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ParseError {
        kind,
        offset,
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        expected: state.expected,
        found: token.map(|token| token.text.to_owned()),
    }
}

/// Checks that every value has a placeholder. A value without one is most likely misspelled.
pub(crate) fn check_parameters_used(
    text: &str,
    dialect: &'static Dialect,
    parameters: &Parameters,
) -> Result<(), ValueError> {
    let tokens = tokens(text, dialect);
    let is_used = |name: &str| {
        tokens.iter().any(|token| {
            matches!(token.kind, TokenKind::Parameter) && token.text.strip_prefix('@') == Some(name)
        })
    };
    match parameters.iter().find(|(name, _)| !is_used(name)) {
        Some((name, _)) => Err(ValueError::UnusedParameter(name.clone())),
        None => Ok(()),
    }
}
