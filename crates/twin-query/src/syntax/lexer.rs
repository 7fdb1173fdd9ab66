//! The lexer. It never fails: malformed input becomes a [`TokenKind::Invalid`] token, so that the parser reports the
//! first error by position, whether lexical or syntactic.

use winnow::ascii::{digit1, hex_digit1, multispace0};
use winnow::combinator::{alt, delimited, not, opt, peek, preceded, repeat, terminated};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{any, one_of, rest, take_until, take_while};

use super::dialect::Dialect;
use crate::error::ParseErrorKind;
use crate::name::{Name, is_identifier_part, is_identifier_start};

/// A token.
#[derive(Debug, Clone)]
pub(crate) struct Token<'i> {
    pub(crate) kind: TokenKind,
    /// The token as written.
    pub(crate) text: &'i str,
    /// The byte offset of its start.
    pub(crate) offset: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum TokenKind {
    /// A keyword, function, or name.
    Word,
    /// A name with a leading `$`, such as `$dtId`; never a keyword.
    SystemName,
    /// `[[name]]`
    BracketedName(Name),
    /// An unsigned decimal number.
    Number,
    /// An unsigned hexadecimal number.
    Hexadecimal,
    /// A string, unescaped.
    String(String),
    /// `@name`
    Parameter,
    /// An operator or bracket.
    Symbol,
    Invalid(ParseErrorKind),
}

type LexerInput<'i> = LocatingSlice<&'i str>;
type LexResult<T> = Result<T, EmptyError>;

/// Splits a query into tokens.
pub(crate) fn tokens<'i>(text: &'i str, dialect: &'static Dialect) -> Vec<Token<'i>> {
    let token = |input: &mut LexerInput<'i>| token(input, dialect);
    let mut tokens = preceded(multispace0, repeat(0.., terminated(token, multispace0)));
    #[expect(clippy::expect_used, reason = "invariant")]
    tokens
        .parse(LocatingSlice::new(text))
        .expect("every character starts a token, if only an invalid one")
}

fn token<'i>(input: &mut LexerInput<'i>, dialect: &'static Dialect) -> LexResult<Token<'i>> {
    let kind = alt((
        word.value(TokenKind::Word),
        ('$', word).value(TokenKind::SystemName),
        ('@', word).value(TokenKind::Parameter),
        |input: &mut LexerInput<'i>| number(input, dialect),
        |input: &mut LexerInput<'i>| string(input, dialect),
        bracketed_name,
        symbol.value(TokenKind::Symbol),
        any.value(TokenKind::Invalid(ParseErrorKind::UnexpectedCharacter)),
    ));
    kind.with_taken()
        .with_span()
        .map(|((kind, text), span)| Token {
            kind,
            text,
            offset: span.start,
        })
        .parse_next(input)
}

fn word<'i>(input: &mut LexerInput<'i>) -> LexResult<&'i str> {
    (one_of(is_identifier_start), take_while(0.., is_identifier_part))
        .take()
        .parse_next(input)
}

fn number(input: &mut LexerInput<'_>, dialect: &Dialect) -> LexResult<TokenKind> {
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    let decimal = (digit1, opt(('.', digit1)), opt(exponent)).value(TokenKind::Number);
    let hexadecimal = |input: &mut LexerInput<'_>| match dialect.hexadecimal {
        true => (one_of(['0']), one_of(['x', 'X']), hex_digit1)
            .value(TokenKind::Hexadecimal)
            .parse_next(input),
        false => Err(EmptyError),
    };
    let boundary = not(one_of(is_identifier_part));
    let runs_on = (digit1, take_while(0.., is_identifier_part))
        .value(TokenKind::Invalid(ParseErrorKind::MalformedNumber));
    alt((terminated(alt((hexadecimal, decimal)), boundary), runs_on)).parse_next(input)
}

fn bracketed_name(input: &mut LexerInput<'_>) -> LexResult<TokenKind> {
    let name = delimited("[[", take_until(0.., "]]"), "]]").map(|text: &str| match Name::new(text) {
        Ok(name) => TokenKind::BracketedName(name),
        Err(_) => TokenKind::Invalid(ParseErrorKind::InvalidBracketedName),
    });
    let unterminated = (peek("[["), rest).value(TokenKind::Invalid(ParseErrorKind::UnterminatedBracket));
    alt((name, unterminated)).parse_next(input)
}

fn symbol<'i>(input: &mut LexerInput<'i>) -> LexResult<&'i str> {
    let long = alt(("!=", "<>", "<=", ">=", ".."));
    let short = one_of([
        '(', ')', '[', ']', ',', '.', ':', '|', '*', '=', '<', '>', '+', '-', '/', '%',
    ])
    .take();
    alt((long, short)).parse_next(input)
}

fn string(input: &mut LexerInput<'_>, dialect: &Dialect) -> LexResult<TokenKind> {
    let single = |input: &mut LexerInput<'_>| quoted(input, '\'', dialect);
    let double = |input: &mut LexerInput<'_>| match dialect.json_strings {
        true => quoted(input, '"', dialect),
        false => Err(EmptyError),
    };
    alt((single, double)).parse_next(input)
}

/// Lexes a string in the given quotes. Any escaped character is skipped when searching for the closing quote, so that
/// an unknown escape sequence is not reported as an unterminated string.
fn quoted(input: &mut LexerInput<'_>, quote: char, dialect: &Dialect) -> LexResult<TokenKind> {
    let plain = take_while(1.., move |character| character != quote && character != '\\');
    let body = repeat::<_, _, (), _, _>(0.., alt((plain.void(), ('\\', any).void()))).take();
    let complete = delimited(quote, body, quote).map(|raw: &str| {
        let mut characters = repeat::<_, _, String, _, _>(0.., |input: &mut &str| character(input, dialect));
        match characters.parse(raw) {
            Ok(text) => TokenKind::String(text),
            Err(_) => TokenKind::Invalid(ParseErrorKind::UnknownEscape),
        }
    });
    let unterminated = (quote, rest).value(TokenKind::Invalid(ParseErrorKind::UnterminatedString));
    alt((complete, unterminated)).parse_next(input)
}

/// Decodes one plain or escaped character of a string.
fn character(input: &mut &str, dialect: &Dialect) -> LexResult<char> {
    let plain = any.verify(|character| *character != '\\');
    let escaped = |input: &mut &str| match dialect.json_strings {
        true => preceded('\\', alt((one_of(['\'', '"', '\\']), unicode_escape))).parse_next(input),
        false => preceded('\\', one_of(['\'', '\\'])).parse_next(input),
    };
    alt((plain, escaped)).parse_next(input)
}

/// Decodes `uXXXX`, or two such escapes that form a surrogate pair, as in JSON.
fn unicode_escape(input: &mut &str) -> LexResult<char> {
    let unit = |input: &mut &str| {
        preceded(
            'u',
            take_while(4, |character: char| character.is_ascii_hexdigit()),
        )
        .verify_map(|digits| u16::from_str_radix(digits, 16).ok())
        .parse_next(input)
    };
    let pair = (unit, preceded('\\', unit)).verify_map(|(high, low)| {
        let mut decoded = char::decode_utf16([high, low]);
        match (decoded.next(), decoded.next()) {
            (Some(Ok(character)), None) => Some(character),
            _ => None,
        }
    });
    let single = unit.verify_map(|unit| char::from_u32(u32::from(unit)));
    alt((pair, single)).parse_next(input)
}
