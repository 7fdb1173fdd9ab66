//! The limits of twins: keys, strings, numbers, depth and size.

use std::fmt;

use serde_json::{Map, Value};

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};

const KEY_SIZE: usize = 1024;
const STRING_SIZE: usize = 4096;
/// Maximum nesting of objects, excluding the section itself.
const DEPTH: usize = 10;
const INTEGERS: std::ops::RangeInclusive<i64> = -4_503_599_627_370_496..=4_503_599_627_370_495;

/// A section of a twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SectionName {
    Tags,
    Desired,
    Reported,
}

impl SectionName {
    /// Returns the name in error texts.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Tags => "Tags",
            Self::Desired => "Properties.Desired",
            Self::Reported => "Properties.Reported",
        }
    }

    /// Returns the maximum size in bytes.
    fn size(self) -> usize {
        match self {
            Self::Tags => 8 * 1024,
            Self::Desired | Self::Reported => 32 * 1024,
        }
    }
}

/// The meaning of `null` outside of arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// `null` removes the member.
    Remove,
    Refuse,
}

/// The path from a section to a value, for error texts.
#[derive(Clone, Copy)]
struct ValuePath<'a> {
    parent: Option<&'a ValuePath<'a>>,
    name: &'a str,
}

impl fmt::Display for ValuePath<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(formatter, "{parent}.")?;
        }
        formatter.write_str(self.name)
    }
}

/// Checks the members of a section or of a patch, except for the total size.
pub(crate) fn check_values(values: &Map<String, Value>, nulls: Nulls) -> Result<()> {
    check_members(values, None, 0, nulls)
}

/// Checks a value to be written at the path `first` and `rest`: the names, the value, and the total depth.
pub(crate) fn check_value_at(first: &str, rest: &[&str], value: &Value, nulls: Nulls) -> Result<()> {
    let path = ValuePath {
        parent: None,
        name: first,
    };
    check_below(path, rest, value, 0, nulls)
}

fn check_below(path: ValuePath<'_>, rest: &[&str], value: &Value, depth: usize, nulls: Nulls) -> Result<()> {
    check_key(path)?;
    match rest {
        [] => check_value(&path, value, depth, nulls),
        [_, ..] if depth == DEPTH => refuse_depth(path),
        [name, rest @ ..] => {
            let inner = ValuePath {
                parent: Some(&path),
                name,
            };
            check_below(inner, rest, value, depth + 1, nulls)
        }
    }
}

fn check_members(
    members: &Map<String, Value>,
    parent: Option<&ValuePath<'_>>,
    depth: usize,
    nulls: Nulls,
) -> Result<()> {
    members.iter().try_for_each(|(name, value)| {
        let path = ValuePath { parent, name };
        check_key(path)?;
        check_value(&path, value, depth, nulls)
    })
}

fn refuse(rule: impl fmt::Display, path: impl fmt::Display) -> Result<()> {
    Err(HubError::argument(format!("{rule} Error in Property/Tag {path}")))
}

fn refuse_depth(path: impl fmt::Display) -> Result<()> {
    refuse(
        format!("Objects cannot be nested deeper than {DEPTH} levels."),
        path,
    )
}

fn check_key(path: ValuePath<'_>) -> Result<()> {
    let key = path.name;
    if key.len() > KEY_SIZE {
        let rule = format!("Property or Tag name should be maximum {KEY_SIZE} bytes.");
        return refuse(rule, path);
    }
    match key
        .chars()
        .find(|char| char.is_control() || matches!(char, '.' | '$' | '#' | ' '))
    {
        Some(char) => refuse(
            format!("Property or Tag name cannot contain {}.", quoted(char)),
            path,
        ),
        None => Ok(()),
    }
}

/// Returns a character in quotes, or its code point if it is not printable.
fn quoted(char: char) -> String {
    if char.is_control() {
        format!("U+{:04X}", u32::from(char))
    } else {
        format!("'{char}'")
    }
}

fn check_value(path: &ValuePath<'_>, value: &Value, depth: usize, nulls: Nulls) -> Result<()> {
    match value {
        Value::Null if nulls == Nulls::Refuse => refuse("Value of Property or Tag cannot be null.", path),
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => {
            let fits = match (number.as_i64(), number.is_u64()) {
                (Some(integer), _) => INTEGERS.contains(&integer),
                (None, is_integer) => !is_integer,
            };
            if fits {
                return Ok(());
            }
            let (least, greatest) = (INTEGERS.start(), INTEGERS.end());
            refuse(
                format!("The number {number} is not between {least} and {greatest}."),
                path,
            )
        }
        Value::String(text) if text.len() > STRING_SIZE => {
            let rule = format!("Property or Tag value should be maximum {STRING_SIZE} bytes.");
            refuse(rule, path)
        }
        Value::String(_) => Ok(()),
        // An array is replaced as a whole, so a null in it removes nothing.
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_value(path, item, depth, Nulls::Refuse)),
        Value::Object(_) if depth == DEPTH => refuse_depth(path),
        Value::Object(members) => check_members(members, Some(path), depth + 1, nulls),
    }
}

/// Checks the total size of a section after a write.
pub(crate) fn check_size(section: SectionName, values: &Map<String, Value>) -> Result<()> {
    let limit = section.size();
    if size_of_members(values) > limit {
        let text = format!("'{}' size should be less than {limit} bytes.", section.label());
        return Err(HubError::new(Code::DEVICE_MODEL_MAX_PROPERTIES_EXCEEDED, text));
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
        check_values(value.as_object().unwrap(), Nulls::Remove)
    }

    fn nested(depth: usize, innermost: Value) -> Value {
        (0..depth).fold(innermost, |inner, _| json!({ "a": inner }))
    }

    /// HUB-LIMIT-1, HUB-LIMIT-2, HUB-LIMIT-3, HUB-LIMIT-4.
    #[test]
    fn keys_have_a_maximum_length_and_forbidden_characters() {
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
        for bad in [
            json!([1, null]),
            json!([{"b": null}]),
            json!([{"b": {"c": [[null]]}}]),
        ] {
            let error = check(&json!({ "o": {"a": bad} })).unwrap_err();
            assert!(
                error.text.contains("cannot be null. Error in Property/Tag o.a"),
                "{}",
                error.text
            );
        }
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
    }

    /// HUB-LIMIT-9, HUB-LIMIT-12.
    #[test]
    fn a_section_beyond_its_size_is_forbidden() {
        for (section, limit) in [
            (SectionName::Tags, 8 * 1024),
            (SectionName::Desired, 32 * 1024),
            (SectionName::Reported, 32 * 1024),
        ] {
            let values = |size: usize| Map::from_iter([("k".to_owned(), json!("x".repeat(size - 1)))]);
            assert!(check_size(section, &values(limit)).is_ok());
            let error = check_size(section, &values(limit + 1)).unwrap_err();
            assert_eq!(error.code, Code::DEVICE_MODEL_MAX_PROPERTIES_EXCEEDED);
            assert!(
                error.text.starts_with(&format!("'{}'", section.label())),
                "{}",
                error.text
            );
        }
    }
}
