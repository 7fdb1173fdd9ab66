//! Tags, desired and reported properties.

use std::fmt;

use azure_protocol_runtime::DateTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::json::to_value;
use crate::model::{Member, ReadError, Style, object};
use crate::twin::violation::{Path, Rule, Violation};

/// Tags, desired or reported properties of a twin.
///
/// The values are JSON. Paths are names separated by dots, such as `climate.target`; names cannot contain dots. The
/// service also maintains the [version](Self::version) of desired and reported properties, and the time of the [last
/// update](Self::last_updated) of each path. The version and these times do not count as values.
///
/// # Example
///
/// ```
/// use iothub_convenience::Twin;
///
/// let twin: Twin = serde_json::from_str(r#"{"deviceId": "d", "properties": {"reported": {
///     "climate": {"actual": 20.5},
///     "$metadata": {"$lastUpdated": "2024-05-01T10:00:00Z",
///         "climate": {"actual": {"$lastUpdated": "2024-05-01T09:00:00.1234567Z"}}},
///     "$version": 4}}}"#)?;
/// let reported = &twin.properties.reported;
/// assert_eq!(reported.get("climate.actual").and_then(|value| value.as_f64()), Some(20.5));
/// assert_eq!(reported.version(), Some(4));
/// let time = reported.last_updated("climate.actual").map(|time| time.to_string());
/// assert_eq!(time.as_deref(), Some("2024-05-01T09:00:00.1234567Z"));
/// assert_eq!(reported.iter().count(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TwinCollection {
    members: Map<String, Value>,
    /// Paths of values that could not be serialized, each with the reason.
    refused: Vec<(String, String)>,
}

impl fmt::Debug for TwinCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TwinCollection").field(&self.members).finish()
    }
}

const VERSION: &str = "$version";
const METADATA: &str = "$metadata";
const LAST_UPDATED: &str = "$lastUpdated";
const LAST_UPDATED_VERSION: &str = "$lastUpdatedVersion";

/// Read access.
impl TwinCollection {
    /// Returns the value at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        if path.starts_with('$') {
            return None;
        }
        let (first, rest) = split_first(path);
        descend(self.members.get(first)?, rest)
    }

    /// Iterates over the top-level values in the service's order, without version and metadata.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members
            .iter()
            .filter(|(name, _)| !name.starts_with('$'))
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Returns whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Decodes the values.
    ///
    /// # Errors
    ///
    /// Fails if the values do not decode as `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_value(Value::Object(self.to_map()))
    }

    /// Returns the values, without version and metadata.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        self.iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// Returns the version, which increases with every write. Tags have no version.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.members.get(VERSION)?.as_i64()
    }

    /// Returns the metadata that the service maintains for the values. Tags have no metadata.
    #[must_use]
    pub fn metadata(&self) -> Option<&Value> {
        self.members.get(METADATA)
    }

    /// Returns the time of the last write of the value at `path`. With an empty path, returns the time of the last
    /// write of any value.
    #[must_use]
    pub fn last_updated(&self, path: &str) -> Option<DateTime> {
        self.metadata_of(path, LAST_UPDATED)?.as_str()?.parse().ok()
    }

    /// Returns the version of the last write of the value at `path`. With an empty path, returns the version of the
    /// last write of any value.
    ///
    /// Only desired properties have such a version, and only after the first write.
    #[must_use]
    pub fn last_updated_version(&self, path: &str) -> Option<i64> {
        self.metadata_of(path, LAST_UPDATED_VERSION)?.as_i64()
    }

    fn metadata_of(&self, path: &str, name: &str) -> Option<&Value> {
        let path = Some(path).filter(|path| !path.is_empty());
        descend(self.metadata()?, path)?.get(name)
    }

    /// Returns all members unchanged, including version and metadata.
    #[must_use]
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.members
    }
}

/// Edits, for use with [`modify_twin`](crate::IotHubRegistryManager::modify_twin).
impl TwinCollection {
    /// Sets the value at `path`. Creates missing objects.
    ///
    /// If the value cannot be serialized to JSON, such as a map with keys that are not strings, it is not set, and
    /// [`validate`](crate::Twin::validate) and the methods that write the twin fail.
    pub fn set(&mut self, path: &str, value: impl Serialize) {
        let value = match to_value(&value) {
            Ok(value) => value,
            Err(error) => return self.refused.push((path.to_owned(), error.to_string())),
        };
        let mut members = &mut self.members;
        let mut names = path.split('.');
        let last = names.next_back().unwrap_or_default();
        for name in names {
            members = object_at(members, name);
        }
        members.insert(last.to_owned(), value);
    }

    /// Removes the value at `path` and returns it.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        if path.starts_with('$') {
            return None;
        }
        let mut members = &mut self.members;
        let mut names = path.split('.');
        let last = names.next_back()?;
        for name in names {
            members = members.get_mut(name)?.as_object_mut()?;
        }
        members.shift_remove(last)
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.members.retain(|name, _| name.starts_with('$'));
    }
}

impl From<Map<String, Value>> for TwinCollection {
    fn from(members: Map<String, Value>) -> Self {
        Self {
            members,
            refused: Vec::new(),
        }
    }
}

/// Values that could not be serialized.
impl TwinCollection {
    /// Returns a violation for each value that could not be serialized. `section` is the path of this collection.
    pub(crate) fn refused(&self, section: &Path) -> Vec<Violation> {
        let violation = |(path, reason): &(String, String)| {
            let path = path
                .split('.')
                .fold(section.clone(), |path, name| path.member(name));
            path.breaks(Rule::NotJson {
                reason: reason.clone(),
            })
        };
        self.refused.iter().map(violation).collect()
    }
}

impl Member for TwinCollection {
    fn read(value: Value) -> Result<Self, ReadError> {
        Ok(object(value)?.into())
    }

    fn is_unset(&self) -> bool {
        self.members.is_empty()
    }

    fn write(&self, _: Style) -> Value {
        Value::Object(self.members.clone())
    }
}

impl Serialize for TwinCollection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TwinCollection {
    /// Deserializes an object. `null` counts as an empty object.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members: Option<Map<_, _>> = Option::deserialize(deserializer)?;
        Ok(members.unwrap_or_default().into())
    }
}

/// Returns the object at `name`. If the value is missing or is not an object, it is replaced with an empty object.
#[expect(clippy::expect_used, reason = "the value has been replaced by an object")]
fn object_at<'a>(members: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = members.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it is an object")
}

fn split_first(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    }
}

fn descend<'a>(value: &'a Value, path: Option<&str>) -> Option<&'a Value> {
    path.map_or(Some(value), |path| {
        path.split('.')
            .try_fold(value, |value, name| value.as_object()?.get(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn collection(value: Value) -> TwinCollection {
        serde_json::from_value(value).unwrap()
    }

    fn desired() -> TwinCollection {
        collection(json!({
            "a": {"b": {"c": 1}, "list": [{"x": 1}]}, "zero": null,
            "$metadata": {"$lastUpdated": "2024-05-01T10:00:00Z", "$lastUpdatedVersion": 5,
                "a": {"$lastUpdated": "2024-05-01T09:00:00Z", "b": {"c": {"$lastUpdated": "odd", "$lastUpdatedVersion": 3}}}},
            "$version": 5,
        }))
    }

    #[test]
    fn values_are_found_by_path() {
        let desired = desired();
        assert_eq!(desired.get("a.b.c"), Some(&json!(1)));
        assert_eq!(desired.get("a.b"), Some(&json!({"c": 1})));
        assert_eq!(desired.get("zero"), Some(&Value::Null));
        for path in [
            "",
            "x",
            "a.x",
            "a.b.c.d",
            "a.list.0",
            "a.",
            ".a",
            "$version",
            "$metadata.a",
        ] {
            assert_eq!(desired.get(path), None, "{path:?}");
        }
        assert_eq!(collection(json!({"": {"": 1}})).get("."), Some(&json!(1)));
    }

    #[test]
    fn version_and_metadata_are_not_values() {
        let desired = desired();
        assert_eq!(
            desired.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["a", "zero"]
        );
        assert_eq!(desired.version(), Some(5));
        assert_eq!(
            desired.last_updated("").unwrap().to_string(),
            "2024-05-01T10:00:00Z"
        );
        assert_eq!(
            desired.last_updated("a").unwrap().to_string(),
            "2024-05-01T09:00:00Z"
        );
        assert_eq!(desired.last_updated("a.b.c"), None, "not a date");
        assert_eq!(desired.last_updated_version(""), Some(5));
        assert_eq!(desired.last_updated_version("a.b.c"), Some(3));
        assert_eq!(desired.last_updated_version("a.b"), None);
        assert!(collection(json!({"$version": 1, "$metadata": {}})).is_empty());
    }

    #[test]
    fn null_is_empty_and_a_string_is_an_error() {
        assert_eq!(collection(Value::Null), TwinCollection::default());
        assert!(serde_json::from_value::<TwinCollection>(json!("x")).is_err());
    }

    #[test]
    fn values_are_set_and_removed_by_path() {
        let mut tags = collection(json!({"a": 1}));
        tags.set("a.b", "x");
        tags.set("c.d.e", json!([1]));
        assert_eq!(
            tags.to_map(),
            *json!({"a": {"b": "x"}, "c": {"d": {"e": [1]}}})
                .as_object()
                .unwrap()
        );
        assert_eq!(tags.remove("c.d.e"), Some(json!([1])));
        assert_eq!(tags.remove("c.x.e"), None);
        assert_eq!(tags.get("c"), Some(&json!({"d": {}})));
        let mut desired = desired();
        assert_eq!(desired.remove("$version"), None);
        desired.clear();
        assert!(desired.is_empty());
        assert_eq!(desired.version(), Some(5));
    }

    #[test]
    fn values_decode_as_the_callers_type() {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Config {
            rate: u32,
        }
        let desired = collection(json!({"rate": 5, "$version": 1}));
        assert_eq!(desired.decode::<Config>().unwrap().rate, 5);
        assert!(collection(json!({"rate": "x"})).decode::<Config>().is_err());
    }
}
