//! A component of a twin.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::metadata::ComponentMetadata;
use crate::json;

const METADATA: &str = "$metadata";

/// A component with properties of type `T`. It is a field of a twin, or the result of
/// [`get_component`](crate::DigitalTwinsClient::get_component).
///
/// The service recognizes a component by its `$metadata` member, which this type always writes. The rules for `T`,
/// unknown properties and `None` are those of [`DigitalTwin`](crate::DigitalTwin).
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Component<T = Map<String, Value>> {
    /// The update times of the properties.
    pub metadata: ComponentMetadata,
    /// The properties.
    pub contents: T,
    /// Properties unknown to `T`.
    pub extra: Map<String, Value>,
}

/// A component with properties as JSON values by name.
pub type BasicComponent = Component;

impl<T> Component<T> {
    /// Creates a component.
    #[must_use]
    pub fn new(contents: T) -> Self {
        Self {
            metadata: ComponentMetadata::default(),
            contents,
            extra: Map::new(),
        }
    }
}

impl<T: Serialize> Serialize for Component<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = content_members(&self.contents, &self.extra).map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        write_members(&mut map, &members, &[METADATA])?;
        map.serialize_entry(METADATA, &self.metadata)?;
        map.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Component<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let metadata = json::take(&mut object, METADATA)?;
            let (contents, extra) = json::split("component", std::mem::take(&mut object))?;
            Ok(Self {
                metadata,
                contents,
                extra,
            })
        };
        read().map_err(|error: serde_json::Error| D::Error::custom(in_document("component", &error)))
    }
}

/// Returns the members of `contents`, plus the members of `extra` that `contents` lacks.
pub(super) fn content_members<T: Serialize>(
    contents: &T,
    extra: &Map<String, Value>,
) -> Result<Map<String, Value>, serde_json::Error> {
    let mut members = json::to_object(contents)?;
    for (name, value) in extra {
        if !members.contains_key(name) {
            members.insert(name.clone(), value.clone());
        }
    }
    Ok(members)
}

/// Serializes all members that are neither `null`, which the service does not store, nor in `except`.
pub(super) fn write_members<M: SerializeMap>(
    map: &mut M,
    members: &Map<String, Value>,
    except: &[&str],
) -> Result<(), M::Error> {
    for (name, value) in members {
        if !value.is_null() && !except.contains(&name.as_str()) {
            map.serialize_entry(name, value)?;
        }
    }
    Ok(())
}

/// Prefixes an error with the name of the document, unless it already has the prefix.
pub(super) fn in_document(what: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with(what) {
        text
    } else {
        format!("{what}: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_component_without_metadata_is_refused() {
        let error = serde_json::from_value::<BasicComponent>(json!({"a": 1})).unwrap_err();
        assert!(error.to_string().contains("$metadata"), "{error}");
        let component: BasicComponent = serde_json::from_value(json!({"a": 1, "$metadata": {}})).unwrap();
        assert_eq!(component.contents["a"], 1);
    }

    #[test]
    fn an_empty_component_has_metadata() {
        assert_eq!(
            serde_json::to_string(&Component::new(())).unwrap(),
            r#"{"$metadata":{}}"#
        );
    }
}
