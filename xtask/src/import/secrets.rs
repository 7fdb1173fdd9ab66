//! Finds members whose names look like secrets.

use serde_json::Value;

use crate::error::Pointer;
use crate::names::member_name;

/// Words that mean a secret anywhere in a name.
const SECRET: [&str; 6] = [
    "secret",
    "password",
    "passphrase",
    "credential",
    "credentials",
    "sas",
];

/// Words before `key` or `token` that make it public.
const PUBLIC: [&str; 14] = [
    "public",
    "partition",
    "row",
    "sort",
    "foreign",
    "continuation",
    "next",
    "page",
    "skip",
    "sync",
    "delta",
    "lock",
    "max",
    "min",
];

/// Returns the pointers of the string members that look like secrets and are not marked with `x-ms-secret`.
pub(crate) fn unmarked(document: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(document, &Pointer::root(), &mut out);
    out
}

fn walk(value: &Value, at: &Pointer, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let properties = map.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                let is_string = property.get("type").and_then(Value::as_str) == Some("string");
                let is_enum = property.get("enum").is_some();
                if is_string && !is_enum && is_secret(name) && property.get("x-ms-secret").is_none() {
                    out.push(at.at("properties").at(name).as_str().to_owned());
                }
            }
            for (key, value) in map {
                walk(value, &at.at(key), out);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &at.at(index), out);
            }
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = member_name(name);
    let words: Vec<_> = name.split('_').collect();
    let ends_with = |pair: [&str; 2]| words.ends_with(&pair);
    let has_kind = match words.as_slice() {
        [.., before, "key" | "token"] => !PUBLIC.contains(before),
        _ => false,
    };
    has_kind || ends_with(["connection", "string"]) || words.iter().any(|word| SECRET.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_tokens_and_passwords_look_like_secrets() {
        for name in [
            "primaryKey",
            "sasToken",
            "clientSecret",
            "adminPassword",
            "connectionString",
            "sasUri",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "key",
            "continuationToken",
            "publicKey",
            "partitionKey",
            "keyName",
            "token",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
