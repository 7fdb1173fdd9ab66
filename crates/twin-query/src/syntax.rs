//! The lexer, token stream, and printing helpers that both languages share.

pub(crate) mod dialect;
mod lexer;
pub(crate) mod print;
pub(crate) mod stream;
pub(crate) mod tokens;

/// Maximum nesting depth of a query: parentheses, `NOT`, arithmetic, function calls, and arrays.
///
/// The services document no such limit. This one keeps the parser, and every evaluator that recurses over the tree,
/// from overflowing the stack.
pub const MAX_DEPTH: usize = 64;
