//! The Rust names that the code generator derives, and how to choose others.
//!
//! The generator derives a name from the name on the wire and offers no way to set it. [`named`] therefore writes a wire name
//! as the wanted Rust name, followed by the wire name in characters that no Rust name can have, which the generator drops
//! from the Rust name and keeps in the wire name. The post-pass restores the wire name with [`wire`].

use std::collections::BTreeSet;

use heck::{ToPascalCase, ToSnakeCase};
use serde_json::Value;

/// Precedes the encoded wire name. A private-use character, so no description contains it.
const MARK: char = '\u{E000}';

/// The encoded byte 0. Encoded bytes are private-use characters too.
const ZERO: u32 = 0xE100;

/// Returns the name of the type that is generated for a schema.
pub(crate) fn type_name(name: &str) -> String {
    identifier(separated(name).to_pascal_case(), 'X')
}

/// Returns the name of the field or parameter that is generated for a member.
pub(crate) fn member_name(name: &str) -> String {
    identifier(separated(name).to_snake_case(), 'x')
}

/// Adds the prefix unless the name starts with a letter, as identifiers must.
fn identifier(name: String, prefix: char) -> String {
    match name.chars().next() {
        Some(first) if first.is_alphabetic() => name,
        _ => format!("{prefix}{name}"),
    }
}

/// Replaces characters that no identifier can have with word separators.
fn separated(name: &str) -> String {
    name.replace('\'', "")
        .replace(|c: char| !c.is_alphanumeric() && c != '_', "-")
}

/// Returns `wire` written so that the generator names the member or variant `name`.
pub(crate) fn named(name: &str, wire: &str) -> String {
    let encoded = wire
        .bytes()
        .filter_map(|byte| char::from_u32(ZERO + u32::from(byte)));
    format!("{name}{MARK}{}", encoded.collect::<String>())
}

/// Returns the wire name in the result of [`named`]; `None` for any other text.
pub(crate) fn wire(text: &str) -> Option<String> {
    let (_, encoded) = text.split_once(MARK)?;
    let bytes = encoded
        .chars()
        .map_while(|c| u8::try_from(u32::from(c).checked_sub(ZERO)?).ok());
    String::from_utf8(bytes.collect()).ok()
}

/// Returns whether a key or string of a document contains a result of [`named`].
pub(crate) fn are_in(document: &Value) -> bool {
    match document {
        Value::Object(map) => map.iter().any(|(key, value)| key.contains(MARK) || are_in(value)),
        Value::Array(items) => items.iter().any(are_in),
        Value::String(text) => text.contains(MARK),
        _ => false,
    }
}

/// Returns whether a literal, escaped or not, may be a result of [`named`].
pub(crate) fn may_be_in(literal: &str) -> bool {
    literal.contains(MARK) || literal.contains("\\u{e000}")
}

/// Gives each member its own Rust name: the name derived from its wire name if that is free, else the preferred name,
/// else a numbered one. Returns the names to give to the generator, in the order of `members`, which are pairs of wire
/// name and preferred name. Names in `taken` are in use.
pub(crate) fn distinct<'a>(
    members: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    taken: &[&str],
    rust_name: fn(&str) -> String,
) -> Vec<String> {
    let mut used: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    let mut out = Vec::new();
    for (wire, preferred) in members {
        if used.insert(rust_name(wire)) {
            out.push(wire.to_owned());
            continue;
        }
        let numbered = (2..).map(|number| format!("{wire} {number}"));
        let candidates = preferred.map(str::to_owned).into_iter().chain(numbered);
        let free = candidates
            .into_iter()
            .find(|candidate| used.insert(rust_name(candidate)));
        out.extend(free.map(|free| named(&rust_name(&free), wire)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_name_contains_the_wire_name() {
        let text = named("job_id_2", "job-ID/ü");
        assert_eq!(wire(&text).as_deref(), Some("job-ID/ü"));
        assert_eq!(member_name(&text), "job_id_2");
        assert_eq!(wire("job-ID"), None);
    }

    #[test]
    fn clashing_names_are_preferred_or_numbered() {
        let members = [
            ("x", None),
            ("X", None),
            ("xX", Some("big")),
            ("x-x", Some("big")),
        ];
        let names = distinct(members.into_iter(), &["body"], member_name);
        let rust: Vec<_> = names.iter().map(|name| member_name(name)).collect();
        assert_eq!(rust, ["x", "x_2", "x_x", "big"]);
        assert_eq!(names[0], "x");
        assert_eq!(wire(&names[3]).as_deref(), Some("x-x"));
    }
}
