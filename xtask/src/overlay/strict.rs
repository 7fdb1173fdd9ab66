//! Rules beyond the overlay specification: every name in a target matches, and every added schema has a type.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::error::Pointer;

/// Returns a fault for each name in a target that matches nothing.
pub(super) fn unmatched(document: &Value, target: &str) -> Vec<String> {
    let matches = |path: &str| JsonPath::parse(path).is_ok_and(|path| !path.query(document).is_empty());
    let advice = "delete the action if the description no longer needs it";
    if !matches(target) {
        return vec![format!("target `{target}` matches nothing; {advice}")];
    }
    let mut out = Vec::new();
    for (start, end, names) in lists(target) {
        for name in names {
            let one = format!("{}[{name}]{}", &target[..start], &target[end..]);
            if !matches(&one) {
                out.push(format!(
                    "name {name} in target `{target}` matches nothing; remove it, or {advice}"
                ));
            }
        }
    }
    out
}

/// Returns the lists of names in a target, such as `['get','put']`: where each starts and ends, and its quoted names.
fn lists(target: &str) -> Vec<(usize, usize, Vec<&str>)> {
    let mut out = Vec::new();
    let mut names = Vec::new();
    let (mut open, mut quote) = (None, None);
    for (index, c) in target.char_indices() {
        match (quote, c) {
            (None, '[') => open = Some(index),
            (None, ']') => {
                let names = std::mem::take(&mut names);
                if let (Some(start), true) = (open.take(), names.len() > 1) {
                    out.push((start, index + 1, names));
                }
            }
            (None, '\'' | '"') => quote = Some((c, index)),
            (Some((mark, start)), c) if c == mark => {
                names.push(&target[start..=index]);
                quote = None;
            }
            _ => {}
        }
    }
    out
}

/// Returns a fault for each schema that an update adds without a type, because it would be generated as any JSON value.
/// A schema of the description that an earlier action removed may be restored without a type.
pub(super) fn invented(original: &Value, document: &Value, target: &str, update: &Value) -> Vec<String> {
    let Ok(path) = JsonPath::parse(target) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for node in path.query_located(document) {
        let at = Pointer::to(&node.location().to_json_pointer());
        walk(original, update, &at, &mut out);
    }
    out.sort();
    out.dedup();
    out
}

fn walk(original: &Value, update: &Value, at: &Pointer, out: &mut Vec<String>) {
    let Some(map) = update.as_object() else { return };
    let is_new = original.pointer(at.as_str()).is_none();
    if is_schema(at) && is_new && is_hollow(map) {
        let place = at.as_str();
        out.push(format!(
            "the update adds `{place}`, which the description does not have, without a type; add a type, or delete that part"
        ));
        return;
    }
    for (key, value) in map {
        walk(original, value, &at.at(key), out);
    }
}

/// Returns whether a pointer leads to a named schema or to a property.
fn is_schema(at: &Pointer) -> bool {
    let tokens: Vec<_> = at.as_str().split('/').skip(1).collect();
    match tokens.as_slice() {
        ["components", "schemas", _] => true,
        // `…/properties/properties` is a property called `properties`, whose members are not schemas.
        [rest @ .., "properties", _] => rest.last() != Some(&"properties"),
        _ => false,
    }
}

fn is_hollow(schema: &Map<String, Value>) -> bool {
    let typed = ["type", "$ref", "allOf", "anyOf", "oneOf", "enum"];
    !typed.iter().any(|key| schema.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_are_found() {
        let target = "$.paths['/a[0]','/b'].*['get'].responses[\"200\", \"201\"]";
        let found: Vec<_> = lists(target).into_iter().map(|(_, _, names)| names).collect();
        assert_eq!(found, [vec!["'/a[0]'", "'/b'"], vec!["\"200\"", "\"201\""]]);
    }
}
