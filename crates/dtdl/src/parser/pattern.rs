//! Patterns that strings and identifiers must match.

use crate::metamodel::Pattern;

/// Returns the help for a string that does not match `pattern`.
pub(super) fn help(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::Name => {
            "Use letters, digits and underscores; start with a letter and end with a letter or digit."
        }
        Pattern::UserDtmi => "Write a DTMI whose segments all start with a letter.",
        Pattern::Topic => {
            "Write labels separated by slashes. A label is printable ASCII without space, quotes, `+`, `#` and braces, or a token such as `{name}`."
        }
        Pattern::TopicLabel => "Use printable ASCII without space, quotes, `+`, `#`, braces and slash.",
    }
}

pub(super) fn matches(pattern: Pattern, text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"\"+#{}/".contains(&b))
    };
    match pattern {
        Pattern::Name => {
            let inner = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            inner
                && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
                && text.bytes().last().is_some_and(|b| b != b'_')
        }
        Pattern::UserDtmi => crate::dtmi::is_valid(text, crate::dtmi::Syntax::User, 4),
        Pattern::TopicLabel => label(text),
        Pattern::Topic => {
            let token = |part: &str| {
                let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic());
                part.strip_prefix('{')
                    .and_then(|part| part.strip_suffix('}'))
                    .is_some_and(|inner| match inner.split_once(':') {
                        Some((prefix, rest)) => word(prefix) && word(rest),
                        None => word(inner),
                    })
            };
            !text.starts_with('$') && text.split('/').all(|part| label(part) || token(part))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADT-DTDL-12.
    #[test]
    fn names_and_topics_match_their_patterns() {
        for (pattern, text, fits) in [
            (Pattern::Name, "flow_2", true),
            (Pattern::Name, "f", true),
            (Pattern::Name, "", false),
            (Pattern::Name, "2flow", false),
            (Pattern::Name, "flow_", false),
            (Pattern::Name, "fl-ow", false),
            (Pattern::Topic, "plant/{pumpId}/{ex:name}", true),
            (Pattern::Topic, "$sys/a", false),
            (Pattern::Topic, "a//b", false),
            (Pattern::Topic, "a/{b", false),
            (Pattern::Topic, "a b", false),
            (Pattern::TopicLabel, "group-1", true),
            (Pattern::TopicLabel, "a/b", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern:?} {text}");
        }
    }
}
