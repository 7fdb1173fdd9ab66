//! The token stream that both parsers run over, and how its failures become errors.

use winnow::combinator::{eof, terminated};
use winnow::error::{EmptyError, ErrMode};
use winnow::prelude::*;
use winnow::stream::{Stateful, TokenSlice};

use super::dialect::{Dialect, MAX_DEPTH};
use super::lexer::{Token, TokenKind, tokens};
use crate::bind::Bound;
use crate::error::{Expected, ParseError, ParseErrorKind};
use crate::value::ValueError;

/// The values of `@name` placeholders.
pub(crate) type Parameters = [(String, Bound)];

pub(crate) type Input<'i> = Stateful<TokenSlice<'i, Token<'i>>, State<'i>>;

/// The error carries nothing: alternatives that fail note in [`State`] what they expected, and the failure furthest
/// into the text is the one reported.
pub(crate) type Parsed<T> = ModalResult<T, EmptyError>;

/// What outlives backtracking.
#[derive(Debug)]
pub(crate) struct State<'i> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) parameters: &'i Parameters,
    depth: usize,
    /// The number of tokens left at the furthest failure.
    left: usize,
    expected: Vec<Expected>,
    kind: ParseErrorKind,
}

impl State<'_> {
    /// Notes that with `left` tokens to go, `expected` would have been accepted.
    pub(crate) fn expect(&mut self, left: usize, expected: Expected) {
        if left < self.left {
            self.left = left;
            self.expected.clear();
        }
        if left == self.left && !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
    }

    /// Ends parsing with an error other than an unexpected token.
    pub(crate) fn fail<T>(&mut self, left: usize, kind: ParseErrorKind) -> Parsed<T> {
        self.left = left;
        self.expected.clear();
        self.kind = kind;
        Err(ErrMode::Cut(EmptyError))
    }
}

/// Runs a parser one level deeper, unless that is too deep.
pub(crate) fn nested<'i, T>(
    mut parser: impl Parser<Input<'i>, T, ErrMode<EmptyError>>,
) -> impl FnMut(&mut Input<'i>) -> Parsed<T> {
    move |input| {
        if input.state.depth == MAX_DEPTH {
            let left = input.eof_offset();
            return input.state.fail(left, ParseErrorKind::TooDeep);
        }
        input.state.depth += 1;
        let result = parser.parse_next(input);
        input.state.depth -= 1;
        result
    }
}

/// Parses a whole text.
pub(crate) fn run<T>(
    text: &str,
    dialect: &'static Dialect,
    parameters: &Parameters,
    parser: impl FnMut(&mut Input<'_>) -> Parsed<T>,
) -> Result<T, ParseError> {
    let tokens = tokens(text, dialect);
    let state = State {
        dialect,
        parameters,
        depth: 0,
        left: tokens.len(),
        expected: Vec::new(),
        kind: ParseErrorKind::Unexpected,
    };
    let mut input = Stateful {
        input: TokenSlice::new(&tokens),
        state,
    };
    match terminated(parser, end).parse_next(&mut input) {
        Ok(value) => Ok(value),
        Err(_) => Err(error(text, &tokens, input.state)),
    }
}

fn end(input: &mut Input<'_>) -> Parsed<()> {
    let left = input.eof_offset();
    input.state.expect(left, Expected::End);
    eof.void().parse_next(input)
}

fn error(text: &str, tokens: &[Token<'_>], state: State<'_>) -> ParseError {
    let token = tokens.get(tokens.len() - state.left.min(tokens.len()));
    let kind = match (state.kind, token.map(|token| &token.kind)) {
        (ParseErrorKind::Unexpected, Some(TokenKind::Invalid(kind))) => kind.clone(),
        (ParseErrorKind::Unexpected, Some(TokenKind::Word)) => {
            let reserved = token.is_some_and(|token| state.dialect.is_reserved(token.text));
            // Where the text could end, a reserved word is rather a clause that the language doesn't have.
            let name_wanted =
                state.expected.contains(&Expected::Name) && !state.expected.contains(&Expected::End);
            if reserved && name_wanted {
                ParseErrorKind::Reserved
            } else {
                ParseErrorKind::Unexpected
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

/// Reports a value without a placeholder: most likely one of the two is misspelled.
pub(crate) fn unused_parameter(
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
