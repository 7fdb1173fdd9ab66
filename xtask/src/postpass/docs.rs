//! Documentation comments that rustdoc and a reader like.

use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, Lit, Meta, parse_quote};

/// One attribute per line, no JSON schemas, links that are links.
pub(super) struct Docs;

impl VisitMut for Docs {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let mut out = Vec::new();
        for attribute in attributes.drain(..) {
            match text(&attribute) {
                Some(text) => out.extend(lines(&text).into_iter().map(|line| -> Attribute {
                    let line = if line.is_empty() { line } else { format!(" {line}") };
                    parse_quote!(#[doc = #line])
                })),
                None => out.push(attribute),
            }
        }
        *attributes = out;
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
        let is_item = line.starts_with("- ");
        // A list directly after a paragraph belongs to it for some readers.
        if is_item
            && lines
                .last()
                .is_some_and(|l| !l.is_empty() && !l.starts_with("- "))
        {
            lines.push(String::new());
        }
        lines.push(escape(line.strip_prefix(' ').unwrap_or(line)));
    }
    lines
}

/// Outside of code spans: bare URLs become links, brackets that start no link and angle brackets become text.
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

/// `[words](target)` at the start of the text.
fn markdown_link(text: &str) -> Option<&str> {
    let words = text.strip_prefix('[')?.find("](")? + 1;
    let end = text[words..].find(')')? + words + 1;
    let is_plain = !text[1..words].contains(['[', ']']);
    is_plain.then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_what_the_author_wrote() {
        let shown = [
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
        for (text, expected) in shown {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn schemas_go_and_lists_stand_apart() {
        let text = " First.\n\nArguments:\n- `a`: x\n- `b`: y\n\n<details><summary>JSON schema</summary>\n{}</details>";
        assert_eq!(
            lines(text),
            ["First.", "", "Arguments:", "", "- `a`: x", "- `b`: y"]
        );
    }
}
