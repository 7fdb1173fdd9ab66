//! The lexical differences between the two languages, as data.

/// The lexical rules of one language.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Words that are names only inside `[[…]]`.
    pub(crate) reserved_words: &'static [&'static str],
    /// Keywords that are not reserved but may stand where an alias is expected, such as `JOIN` after an omitted alias.
    /// An alias with such a name needs `[[…]]`.
    pub(crate) clause_keywords: &'static [&'static str],
    /// Whether strings may be double-quoted and may contain `\"` and `\uXXXX` escapes.
    pub(crate) json_strings: bool,
    /// Whether `0x1F` is a number.
    pub(crate) hexadecimal: bool,
}

impl Dialect {
    pub(crate) fn is_reserved(&self, word: &str) -> bool {
        contains_ignoring_case(self.reserved_words, word)
    }

    pub(crate) fn is_clause_keyword(&self, word: &str) -> bool {
        contains_ignoring_case(self.clause_keywords, word)
    }
}

fn contains_ignoring_case(words: &[&str], word: &str) -> bool {
    words.iter().any(|candidate| candidate.eq_ignore_ascii_case(word))
}
