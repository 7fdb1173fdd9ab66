//! What both parsers and printers share: the dialects' differences as data, the lexer, the small parsers.

mod dialect;
mod lexer;
mod print;
mod stream;
mod tokens;

pub(crate) use dialect::Dialect;
pub use dialect::MAX_DEPTH;
pub(crate) use print::{Joined, write_alias, write_name, write_path};
pub(crate) use stream::{Input, Parsed, nested, run, unused_parameter};
pub(crate) use tokens::{
    alias, constant_word, integer, is_call, keyword, list, literal, name, next_word, path, reject, string,
    symbol,
};
