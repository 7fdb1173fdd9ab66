//! Where the two languages differ below the level of grammar, as data.

/// How deep parentheses, `NOT`, arithmetic, function calls and arrays may nest in a text.
///
/// The services document no such limit; this one keeps the parser, and every evaluator that recurses over the tree,
/// from exhausting the stack.
pub const MAX_DEPTH: usize = 64;

/// Where the languages differ below the level of grammar.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Words that are names only in `[[…]]`.
    pub(crate) reserved: &'static [&'static str],
    /// Words that can't be an alias without `[[…]]`, because they may follow directly where one is optional.
    pub(crate) clauses: &'static [&'static str],
    /// Whether a reserved word right after a dot is read as a name. (It is printed in brackets all the same.)
    pub(crate) reserved_after_dot: bool,
    /// Whether strings may stand in double quotes and have `\"` and `\uXXXX`.
    pub(crate) json_strings: bool,
    /// Whether `0x1F` is a number.
    pub(crate) hexadecimal: bool,
}

impl Dialect {
    pub(crate) fn is_reserved(&self, word: &str) -> bool {
        self.reserved
            .iter()
            .any(|reserved| reserved.eq_ignore_ascii_case(word))
    }

    pub(crate) fn is_clause(&self, word: &str) -> bool {
        self.clauses
            .iter()
            .any(|clause| clause.eq_ignore_ascii_case(word))
    }
}
