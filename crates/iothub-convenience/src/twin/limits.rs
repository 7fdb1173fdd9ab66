//! The service's rules for tags and desired properties.

use serde_json::{Map, Value};

use crate::twin::violation::{Path, Rule, Violation};

const NAME_BYTES: usize = 1024;
const STRING_BYTES: usize = 4096;
/// The maximum nesting of objects below `tags` or `desired`.
const DEPTH: usize = 10;
const INTEGERS: std::ops::RangeInclusive<i64> = -4_503_599_627_370_496..=4_503_599_627_370_495;

/// A writable section of a twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Tags,
    Desired,
}

impl Section {
    pub(crate) fn path(self) -> Path {
        Path::root(match self {
            Self::Tags => "tags",
            Self::Desired => "properties.desired",
        })
    }

    fn size_limit(self) -> usize {
        match self {
            Self::Tags => 8 * 1024,
            Self::Desired => 32 * 1024,
        }
    }
}

/// The writer of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The service, which adds members that begin with `$`.
    Service,
    /// The caller.
    Caller,
}

/// The meaning of `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// `null` removes a value, as in a patch.
    Remove,
    /// `null` is not allowed, as in a replacement.
    Refused,
    /// `null` is not allowed at any depth below an array.
    InArray,
}

/// Adds the violations of `members` to `violations`.
pub(crate) fn check(
    section: Section,
    members: &Map<String, Value>,
    (origin, nulls): (Origin, Nulls),
    violations: &mut Vec<Violation>,
) {
    let path = section.path();
    check_members(&path, members, (origin, nulls), 0, violations);
    let (size, limit) = (size_of_members(members), section.size_limit());
    if size > limit {
        violations.push(path.breaks(Rule::TooLarge { size, limit }));
    }
}

fn check_members(
    path: &Path,
    members: &Map<String, Value>,
    rules: (Origin, Nulls),
    depth: usize,
    violations: &mut Vec<Violation>,
) {
    for (name, value) in members {
        if rules.0 == Origin::Service && name.starts_with('$') {
            continue;
        }
        let path = path.member(name);
        if name.len() > NAME_BYTES {
            violations.push(path.breaks(Rule::NameTooLong { bytes: name.len() }));
        }
        if let Some(character) = name.chars().find(|c| c.is_control() || ".$# ".contains(*c)) {
            violations.push(path.breaks(Rule::NameCharacter { character }));
        }
        check_value(&path, value, rules, depth, violations);
    }
}

fn check_value(
    path: &Path,
    value: &Value,
    (origin, nulls): (Origin, Nulls),
    depth: usize,
    violations: &mut Vec<Violation>,
) {
    match value {
        Value::Bool(_) => {}
        Value::Null => match nulls {
            Nulls::Remove => {}
            Nulls::Refused => violations.push(path.breaks(Rule::Null)),
            Nulls::InArray => violations.push(path.breaks(Rule::NullInArray)),
        },
        Value::Number(number) => {
            let inside =
                number.is_f64() || number.as_i64().is_some_and(|integer| INTEGERS.contains(&integer));
            if !inside {
                violations.push(path.breaks(Rule::IntegerRange));
            }
        }
        Value::String(text) => {
            if text.len() > STRING_BYTES {
                violations.push(path.breaks(Rule::StringTooLong { bytes: text.len() }));
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let rules = (origin, Nulls::InArray);
                check_value(&path.element(index), element, rules, depth, violations);
            }
        }
        // Reported once, for the outermost object that is too deep.
        Value::Object(_) if depth == DEPTH => violations.push(path.breaks(Rule::TooDeep)),
        Value::Object(members) => check_members(path, members, (origin, nulls), depth + 1, violations),
    }
}

/// Returns the size as the service counts it. A `null` removes a value, so it has no size.
fn size_of_members(members: &Map<String, Value>) -> usize {
    members
        .iter()
        .filter(|(name, value)| !name.starts_with('$') && !value.is_null())
        .map(|(name, value)| size_of_string(name) + size_of_value(value))
        .sum()
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 4,
        Value::Number(_) => 8,
        Value::String(text) => size_of_string(text),
        Value::Array(elements) => elements.iter().map(size_of_value).sum(),
        Value::Object(members) => size_of_members(members),
    }
}

/// Returns the number of characters, excluding control characters (C0, C1).
fn size_of_string(text: &str) -> usize {
    text.chars().filter(|c| !c.is_control()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn broken(section: Section, value: &Value) -> Vec<String> {
        let mut violations = Vec::new();
        check(
            section,
            value.as_object().unwrap(),
            (Origin::Caller, Nulls::Remove),
            &mut violations,
        );
        violations.iter().map(ToString::to_string).collect()
    }

    fn tags(value: &Value) -> Vec<String> {
        broken(Section::Tags, value)
    }

    /// Returns `{"o":{"o":…}}` with `count` nested objects around `inner`.
    fn nested(count: usize, inner: &Value) -> Value {
        (0..count).fold(inner.clone(), |value, _| json!({ "o": value }))
    }

    #[test]
    fn objects_may_be_nested_ten_levels_deep() {
        assert_eq!(tags(&nested(10, &json!({"x": 1}))), Vec::<String>::new());
        assert_eq!(
            tags(&nested(11, &json!({}))),
            ["tags.o.o.o.o.o.o.o.o.o.o.o is nested more than 10 objects deep"]
        );
        let in_arrays = nested(10, &json!({"x": [[{"y": 1}]]}));
        assert_eq!(tags(&in_arrays).len(), 1);
        assert_eq!(tags(&nested(100, &json!(1))).len(), 1);
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(tags(&json!({"": 1, "ü☃": 1, "a-b_c": 1})), Vec::<String>::new());
        assert_eq!(tags(&json!({"x".repeat(1024): 1})), Vec::<String>::new());
        let long = "ü".repeat(513);
        let message = format!("tags.{long} has a name of 1026 bytes; at most 1024 are allowed");
        assert_eq!(tags(&json!({ long: 1 })), [message]);
        for (name, path) in [
            ("a.b", "[\"a.b\"]"),
            ("$a", ".$a"),
            ("a b", "[\"a b\"]"),
            ("a#", "[\"a#\"]"),
        ] {
            let message = tags(&json!({"s": {name: 1}}));
            assert_eq!(message.len(), 1, "{name}");
            assert!(
                message[0].starts_with(&format!("tags.s{path} has ")),
                "{message:?}"
            );
        }
        assert_eq!(tags(&json!({"a\u{7f}": 1, "a\u{85}": 2, "a\n": 3})).len(), 3);
    }

    #[test]
    fn values_are_checked() {
        assert_eq!(tags(&json!({"a": "x".repeat(4096)})), Vec::<String>::new());
        assert_eq!(
            tags(&json!({"a": ["ü".repeat(2049)]})),
            ["tags.a[0] is a string of 4098 bytes; at most 4096 are allowed"]
        );
        assert_eq!(
            tags(&json!({"a": 4_503_599_627_370_495_i64, "b": -4_503_599_627_370_496_i64, "c": 1e300})),
            Vec::<String>::new()
        );
        for integer in [
            json!(4_503_599_627_370_496_i64),
            json!(-4_503_599_627_370_497_i64),
            json!(u64::MAX),
        ] {
            assert_eq!(tags(&json!({"a": {"b": integer}})).len(), 1, "{integer}");
        }
    }

    /// HUB-LIMIT-8.
    #[test]
    fn null_is_refused_at_any_depth_below_an_array() {
        assert_eq!(
            broken(
                Section::Desired,
                &json!({"a": [1, [null]], "b": [{"c": {"d": null}}], "gone": null})
            ),
            [
                "properties.desired.a[1][0] is null, which is not allowed in arrays",
                "properties.desired.b[0].c.d is null, which is not allowed in arrays"
            ]
        );
    }

    #[test]
    fn sizes_are_counted_like_the_service() {
        // The sizes of the members (name + value) are 2 + 8, 1 + 4, 1 + 3 (the tab is not counted) and 1 + (8 + 2).
        let value = json!({"nn": 1, "b": true, "t": "a\tüz", "a": [1, "xy"], "gone": null, "$version": 7});
        assert_eq!(size_of_members(value.as_object().unwrap()), 10 + 5 + 4 + 11);
        let three =
            |count: usize| json!({"a": "x".repeat(4000), "b": "x".repeat(4000), "c": "x".repeat(count)});
        assert_eq!(tags(&three(189)), Vec::<String>::new());
        assert_eq!(
            tags(&three(190)),
            ["tags has a size of 8193; at most 8192 is allowed"]
        );
        assert_eq!(broken(Section::Desired, &three(190)), Vec::<String>::new());
    }
}
