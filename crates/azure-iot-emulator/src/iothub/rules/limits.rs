//! The limits of twins: keys, strings, numbers, depth and size.

use serde_json::{Map, Value};

use crate::iothub::errors::{HubError, Result};

/// Maximum size of all tags in bytes.
pub(crate) const TAGS_SIZE: usize = 8 * 1024;
/// Maximum size of all desired properties in bytes, and of all reported ones.
pub(crate) const PROPERTIES_SIZE: usize = 32 * 1024;
const KEY_SIZE: usize = 1024;
const STRING_SIZE: usize = 4096;
/// Maximum nesting of objects, excluding the section itself.
const DEPTH: usize = 10;
const INTEGERS: std::ops::RangeInclusive<i64> = -4_503_599_627_370_496..=4_503_599_627_370_495;

/// Checks the members of a section, or of a patch of it, but not the total size.
pub(crate) fn check_values(section: &str, values: &Map<String, Value>) -> Result<()> {
    values.iter().try_for_each(|(key, value)| {
        check_key(section, key)?;
        check_value(section, value, 0, false)
    })
}

fn check_key(section: &str, key: &str) -> Result<()> {
    if key.len() > KEY_SIZE {
        return Err(HubError::argument(format!(
            "A key in '{section}' has {} bytes; the limit is {KEY_SIZE}.",
            key.len()
        )));
    }
    match key
        .chars()
        .find(|char| char.is_control() || matches!(char, '.' | '$' | '#' | ' '))
    {
        Some(char) => Err(HubError::argument(format!(
            "The key {key:?} in '{section}' contains the character {char:?}, which is not allowed."
        ))),
        None => Ok(()),
    }
}

fn check_value(section: &str, value: &Value, depth: usize, in_array: bool) -> Result<()> {
    match value {
        // Outside of arrays, null removes a key.
        Value::Null if in_array => Err(HubError::argument(format!(
            "An array in '{section}' contains null, which is not allowed."
        ))),
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => {
            let fits = match (number.as_i64(), number.is_u64()) {
                (Some(integer), _) => INTEGERS.contains(&integer),
                (None, is_integer) => !is_integer,
            };
            if fits {
                return Ok(());
            }
            Err(HubError::argument(format!(
                "The number {number} in '{section}' is not between {} and {}.",
                INTEGERS.start(),
                INTEGERS.end()
            )))
        }
        Value::String(text) if text.len() > STRING_SIZE => Err(HubError::argument(format!(
            "A string in '{section}' has {} bytes; the limit is {STRING_SIZE}.",
            text.len()
        ))),
        Value::String(_) => Ok(()),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_value(section, item, depth, true)),
        Value::Object(_) if depth == DEPTH => Err(HubError::argument(format!(
            "'{section}' is nested deeper than {DEPTH} objects."
        ))),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| {
            check_key(section, key)?;
            check_value(section, value, depth + 1, in_array)
        }),
    }
}

/// Checks the total size of a section after a write.
pub(crate) fn check_size(section: &str, values: &Map<String, Value>, limit: usize) -> Result<()> {
    let size = size_of_members(values);
    if size > limit {
        return Err(HubError::argument(format!(
            "'{section}' has {size} bytes; the limit is {limit}."
        )));
    }
    Ok(())
}

fn size_of_members(values: &Map<String, Value>) -> usize {
    values
        .iter()
        .map(|(key, value)| key.len() + size_of_value(value))
        .sum()
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 4,
        Value::Number(_) => 8,
        Value::String(text) => text.chars().filter(|char| !char.is_control()).count(),
        Value::Array(items) => items.iter().map(size_of_value).sum(),
        Value::Object(members) => size_of_members(members),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: &Value) -> Result<()> {
        check_values("tags", value.as_object().unwrap())
    }

    fn nested(depth: usize, innermost: Value) -> Value {
        (0..depth).fold(innermost, |inner, _| json!({ "a": inner }))
    }

    /// HUB-LIMIT-1, HUB-LIMIT-2, HUB-LIMIT-3, HUB-LIMIT-4.
    #[test]
    fn keys_have_a_length_and_forbidden_characters() {
        for good in ["", "ä", "a-b_c", &"k".repeat(1024)] {
            assert!(check(&json!({ good: 1 })).is_ok(), "{good}");
        }
        for bad in ["a.b", "a$", "a b", "a#", "a\u{7}", "a\u{85}", &"k".repeat(1025)] {
            assert!(check(&json!({ bad: 1 })).is_err(), "{bad}");
            assert!(check(&json!({"outer": { bad: 1 }})).is_err(), "{bad}");
            assert!(check(&json!({"outer": [{ bad: 1 }]})).is_err(), "{bad}");
        }
    }

    /// HUB-LIMIT-5, HUB-LIMIT-7, HUB-LIMIT-8.
    #[test]
    fn strings_integers_and_null_are_limited() {
        assert!(check(&json!({"a": "x".repeat(4096)})).is_ok());
        assert!(check(&json!({"a": "x".repeat(4097)})).is_err());
        assert!(check(&json!({"a": "é".repeat(2049)})).is_err());
        for good in [
            json!(4_503_599_627_370_495_i64),
            json!(-4_503_599_627_370_496_i64),
            json!(1e300),
            json!(null),
        ] {
            assert!(check(&json!({ "a": good })).is_ok(), "{good}");
        }
        for bad in [
            json!(4_503_599_627_370_496_i64),
            json!(-4_503_599_627_370_497_i64),
            json!(u64::MAX),
        ] {
            assert!(check(&json!({ "a": bad })).is_err(), "{bad}");
        }
        assert!(check(&json!({"a": [1, null]})).is_err());
        assert!(check(&json!({"a": [{"b": null}]})).is_err());
    }

    /// HUB-LIMIT-6.
    #[test]
    fn objects_nest_ten_deep() {
        assert!(check(&nested(11, json!(1))).is_ok());
        assert!(check(&nested(11, json!({}))).is_err());
        assert!(check(&nested(12, json!(1))).is_err());
    }

    /// HUB-LIMIT-10.
    #[test]
    fn sizes_are_counted_by_type() {
        let values = json!({"ab": "x\ty", "n": 1.5, "b": true, "o": {"k": [1, "z"]}});
        assert_eq!(
            size_of_members(values.as_object().unwrap()),
            (2 + 2) + (1 + 8) + (1 + 4) + (1 + 1 + 8 + 1)
        );
        assert!(check_size("tags", values.as_object().unwrap(), 29).is_ok());
        assert!(check_size("tags", values.as_object().unwrap(), 28).is_err());
    }
}
