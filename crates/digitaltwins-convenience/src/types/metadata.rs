//! `$metadata`: which model a twin has, and when its properties changed.

use azure_protocol_runtime::DateTime;
use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::json;

const MODEL: &str = "$model";
const LAST_UPDATE_TIME: &str = "$lastUpdateTime";

/// The `$metadata` of a twin.
///
/// The service sets the update times; on a write it takes only the model and the source times from the caller.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct DigitalTwinMetadata {
    /// The id of the twin's model, from `$model`.
    pub model: String,
    /// When anything of the twin last changed, components included, from `$lastUpdateTime`.
    pub last_update_time: Option<DateTime>,
    /// What is known about each property that is set.
    pub properties: IndexMap<String, PropertyMetadata>,
    /// Members that this version does not know.
    pub additional: Map<String, Value>,
}

impl DigitalTwinMetadata {
    /// The metadata of a new twin of `model`.
    #[must_use]
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            ..Self::default()
        }
    }
}

/// The `$metadata` of a component. It names no model, since the twin's model sets the component's.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ComponentMetadata {
    /// When a property of the component last changed, from `$lastUpdateTime`.
    pub last_update_time: Option<DateTime>,
    /// What is known about each property that is set.
    pub properties: IndexMap<String, PropertyMetadata>,
    /// Members that this version does not know.
    pub additional: Map<String, Value>,
}

/// What `$metadata` knows about one property.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PropertyMetadata {
    /// When the service last changed the property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<DateTime>,
    /// When the value was taken, if a writer said so. It stays when the value changes, until it is set again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_time: Option<DateTime>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

impl PropertyMetadata {
    /// The metadata of a property whose value was taken at `source_time`.
    #[must_use]
    pub fn with_source_time(source_time: impl Into<DateTime>) -> Self {
        Self {
            source_time: Some(source_time.into()),
            ..Self::default()
        }
    }
}

type Properties = IndexMap<String, PropertyMetadata>;

/// Sorts what is left into properties and the rest. Members with `$` and values that are no objects belong to the rest.
fn properties(object: Map<String, Value>) -> Result<(Properties, Map<String, Value>), serde_json::Error> {
    let (mut properties, mut additional) = (Properties::new(), Map::new());
    for (name, value) in object {
        if value.is_object() && !name.starts_with('$') {
            properties.insert(name, PropertyMetadata::deserialize(value)?);
        } else {
            additional.insert(name, value);
        }
    }
    Ok((properties, additional))
}

fn write<S: Serializer>(
    serializer: S,
    model: Option<&str>,
    last_update_time: Option<&DateTime>,
    properties: &Properties,
    additional: &Map<String, Value>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(model) = model {
        map.serialize_entry(MODEL, model)?;
    }
    if let Some(time) = last_update_time {
        map.serialize_entry(LAST_UPDATE_TIME, time)?;
    }
    for (name, property) in properties {
        map.serialize_entry(name, property)?;
    }
    for (name, value) in additional {
        if !properties.contains_key(name) {
            map.serialize_entry(name, value)?;
        }
    }
    map.end()
}

impl Serialize for DigitalTwinMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.last_update_time.as_ref();
        write(
            serializer,
            Some(&self.model),
            time,
            &self.properties,
            &self.additional,
        )
    }
}

impl Serialize for ComponentMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.last_update_time.as_ref();
        write(serializer, None, time, &self.properties, &self.additional)
    }
}

impl<'de> Deserialize<'de> for DigitalTwinMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let model = json::take(&mut object, MODEL)?;
            let last_update_time = json::take_optional(&mut object, LAST_UPDATE_TIME)?;
            let (properties, additional) = properties(std::mem::take(&mut object))?;
            Ok(Self {
                model,
                last_update_time,
                properties,
                additional,
            })
        };
        read().map_err(|error: serde_json::Error| de::Error::custom(error))
    }
}

impl<'de> Deserialize<'de> for ComponentMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let last_update_time = json::take_optional(&mut object, LAST_UPDATE_TIME)?;
            let (properties, additional) = properties(std::mem::take(&mut object))?;
            Ok(Self {
                last_update_time,
                properties,
                additional,
            })
        };
        read().map_err(|error: serde_json::Error| de::Error::custom(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_and_unknown_members_survive() {
        let text = json!({
            "$model": "dtmi:example:Room;1",
            "$lastUpdateTime": "2024-05-02T10:11:12.1234567Z",
            "temperature": {"lastUpdateTime": "2024-05-02T10:11:12.1234567Z",
                            "sourceTime": "2024-05-02T10:11:11.000125009Z", "quality": {"good": true}},
            "$new": {"a": 1},
            "odd": 7,
        });
        let metadata: DigitalTwinMetadata = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(metadata.model, "dtmi:example:Room;1");
        let temperature = &metadata.properties["temperature"];
        assert_eq!(
            temperature.source_time.as_ref().unwrap().to_string(),
            "2024-05-02T10:11:11.000125009Z"
        );
        assert_eq!(temperature.additional["quality"], json!({"good": true}));
        assert_eq!(metadata.additional.len(), 2);
        assert_eq!(serde_json::to_value(&metadata).unwrap(), text);
    }

    #[test]
    fn a_component_needs_no_model_and_may_be_empty() {
        let metadata: ComponentMetadata = serde_json::from_str("{}").unwrap();
        assert_eq!(metadata, ComponentMetadata::default());
        assert_eq!(serde_json::to_string(&metadata).unwrap(), "{}");
        let error = serde_json::from_str::<DigitalTwinMetadata>("{}").unwrap_err();
        assert!(error.to_string().contains("$model"), "{error}");
    }
}
