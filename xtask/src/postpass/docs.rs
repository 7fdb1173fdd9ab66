//! Cleans up doc comments for rustdoc.

use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, Lit, Meta, parse_quote};

/// A visitor that splits docs into one attribute per line, removes JSON schemas and escapes Markdown.
pub(super) struct Docs;

impl VisitMut for Docs {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let mut all = Vec::new();
        let mut others = Vec::new();
        for attribute in attributes.drain(..) {
            match text(&attribute) {
                Some(text) => all.push(text),
                None => others.push(attribute),
            }
        }
        if all.is_empty() {
            attributes.extend(others);
            return;
        }
        attributes.extend(lines(&all.join("\n")).into_iter().map(|line| -> Attribute {
            let line = if line.is_empty() { line } else { format!(" {line}") };
            parse_quote!(#[doc = #line])
        }));
        attributes.extend(others);
    }
}

fn text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    if !meta.path.is_ident("doc") {
        return None;
    }
    match &meta.value {
        Expr::Lit(value) => match &value.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn lines(text: &str) -> Vec<String> {
    // The generator appends each type's JSON schema.
    let text = text.split("<details>").next().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines() {
        let line = line.trim_end();
        let line = line.strip_prefix(' ').unwrap_or(line);
        // Some Markdown parsers join a list to the paragraph directly before it.
        let was_text = lines
            .last()
            .is_some_and(|l| !l.is_empty() && !is_item(l) && !l.starts_with("  "));
        if is_item(line) && was_text {
            lines.push(String::new());
        }
        wrap(&escape(line), &mut lines);
    }
    lines
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("* ")
}

/// Wraps a line at [`WIDTH`]; continuation lines of a list item are indented.
fn wrap(line: &str, lines: &mut Vec<String>) {
    let indent = if is_item(line) { "  " } else { "" };
    let mut current = String::new();
    for word in line.split(' ') {
        let is_full = current.chars().count() + 1 + word.chars().count() > WIDTH;
        if is_full && !current.trim().is_empty() && !starts_block(word) {
            lines.push(std::mem::replace(&mut current, format!("{indent}{word}")));
        } else {
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
    }
    lines.push(current);
}

/// Characters per line, without the indentation and `///`.
const WIDTH: usize = 100;

/// Returns whether a word would start a list, heading or block quote at the start of a line.
fn starts_block(word: &str) -> bool {
    let number = word.trim_end_matches(['.', ')']);
    word.is_empty()
        || matches!(word, "-" | "+" | "*" | "=")
        || word.starts_with(['#', '>', '|'])
        || (number.len() < word.len() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Turns bare URLs into links and escapes brackets that are not part of a link, except in code spans.
fn escape(line: &str) -> String {
    let mut out = String::new();
    for (index, part) in line.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        if index % 2 == 1 {
            out.push_str(part);
        } else {
            escape_text(part, &mut out);
        }
    }
    out
}

fn escape_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['[', ']', '<', 'h']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let taken = if let Some(link) = markdown_link(from) {
            out.push_str(link);
            link.len()
        } else if from.starts_with("https://") || from.starts_with("http://") {
            let end = from
                .find(|c: char| c.is_whitespace() || "<>()\"'".contains(c))
                .unwrap_or(from.len());
            let url = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
            out.push_str(&format!("<{url}>"));
            url.len()
        } else if from.starts_with('h') {
            out.push('h');
            1
        } else {
            out.push('\\');
            out.push_str(&from[..1]);
            1
        };
        rest = &from[taken..];
    }
    out.push_str(rest);
}

/// Returns the `[label](target)` at the start of the text, if any.
fn markdown_link(text: &str) -> Option<&str> {
    let label_end = text.strip_prefix('[')?.find("](")? + 1;
    let end = text[label_end..].find(')')? + label_end + 1;
    let is_plain = !text[1..label_end].contains(['[', ']']);
    is_plain.then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_links_and_brackets_are_escaped() {
        let cases = [
            (
                "see https://example.org/a?b=1, then",
                "see <https://example.org/a?b=1>, then",
            ),
            (
                "`https://example.org` and `a[0]<T>`",
                "`https://example.org` and `a[0]<T>`",
            ),
            ("an array [1] of <T>", r"an array \[1\] of \<T>"),
            (
                "the [guide](https://example.org) says",
                "the [guide](https://example.org) says",
            ),
            ("hh", "hh"),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn long_lines_wrap_at_spaces_but_not_before_a_dash() {
        let word = "a".repeat(48);
        let mut out = Vec::new();
        wrap(&format!("- {word} {word} - {word}"), &mut out);
        wrap(&format!("* {word} {word} {word}"), &mut out);
        let expected = [
            format!("- {word} {word} -"),
            format!("  {word}"),
            format!("* {word} {word}"),
            format!("  {word}"),
        ];
        assert_eq!(out, expected);
    }

    #[test]
    fn schemas_are_removed_and_lists_are_separated() {
        let text = " First.\n\nArguments:\n- `a`: x\n- `b`: y\n\n<details><summary>JSON schema</summary>\n{}</details>";
        assert_eq!(
            lines(text),
            ["First.", "", "Arguments:", "", "- `a`: x", "- `b`: y"]
        );
    }
}
