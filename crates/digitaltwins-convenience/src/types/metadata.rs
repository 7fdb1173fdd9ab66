//! `$metadata` of twins and components.

use azure_protocol_runtime::DateTime;
use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::component::in_document;
use crate::json;

const MODEL: &str = "$model";
const LAST_UPDATE_TIME: &str = "$lastUpdateTime";

/// The `$metadata` of a twin.
///
/// The service sets the update times; writers can set only the model and the source times.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct DigitalTwinMetadata {
    /// The id of the twin's model, from `$model`.
    pub model: String,
    /// The time of the last change to the twin or one of its components, from `$lastUpdateTime`.
    pub last_update_time: Option<DateTime>,
    /// The metadata of the properties that are set.
    pub properties: IndexMap<String, PropertyMetadata>,
    /// Unknown members.
    pub extra: Map<String, Value>,
}

impl DigitalTwinMetadata {
    /// Creates the metadata of a new twin of `model`.
    #[must_use]
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            ..Self::default()
        }
    }
}

/// The `$metadata` of a component. It does not name a model, because the model of the twin determines the model of the
/// component.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ComponentMetadata {
    /// The time of the last change to a property of the component, from `$lastUpdateTime`.
    pub last_update_time: Option<DateTime>,
    /// The metadata of the properties that are set.
    pub properties: IndexMap<String, PropertyMetadata>,
    /// Unknown members.
    pub extra: Map<String, Value>,
}

/// The metadata of one property.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[non_exhaustive]
pub struct PropertyMetadata {
    /// The time at which the service last changed the property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<DateTime>,
    /// The time at which the value was measured, if a writer has set it. The service keeps it when the value changes,
    /// until a writer sets it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_time: Option<DateTime>,
    /// Unknown members, and members that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

lossless!(PropertyMetadata, "metadata of a property", required: []);

impl PropertyMetadata {
    /// Creates the metadata of a property whose value was measured at `source_time`.
    #[must_use]
    pub fn with_source_time(source_time: impl Into<DateTime>) -> Self {
        Self {
            source_time: Some(source_time.into()),
            ..Self::default()
        }
    }
}

type Properties = IndexMap<String, PropertyMetadata>;

/// Separates properties from all other members, which begin with `$` or are not objects.
fn properties(object: Map<String, Value>) -> Result<(Properties, Map<String, Value>), serde_json::Error> {
    let (mut properties, mut extra) = (Properties::new(), Map::new());
    for (name, value) in object {
        if value.is_object() && !name.starts_with('$') {
            properties.insert(name, serde_json::from_value(value)?);
        } else {
            extra.insert(name, value);
        }
    }
    Ok((properties, extra))
}

/// Removes the update time from `object` and decodes it. A `null` stays in `object` and counts as absent.
fn last_update_time(object: &mut Map<String, Value>) -> Result<Option<DateTime>, serde_json::Error> {
    match object.get(LAST_UPDATE_TIME) {
        Some(Value::Null) | None => Ok(None),
        Some(_) => json::take_optional(object, LAST_UPDATE_TIME),
    }
}

fn write<S: Serializer>(
    serializer: S,
    model: Option<&str>,
    last_update_time: Option<&DateTime>,
    properties: &Properties,
    extra: &Map<String, Value>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    // A model that was read as `null` is empty here and is written from `extra`.
    let model = model.filter(|model| !model.is_empty() || !extra.contains_key(MODEL));
    if let Some(model) = model {
        map.serialize_entry(MODEL, model)?;
    }
    if let Some(time) = last_update_time {
        map.serialize_entry(LAST_UPDATE_TIME, time)?;
    }
    let written = |name: &str| {
        (name == MODEL && model.is_some()) || (name == LAST_UPDATE_TIME && last_update_time.is_some())
    };
    for (name, property) in properties {
        map.serialize_entry(name, property)?;
    }
    for (name, value) in extra {
        if !properties.contains_key(name) && !written(name) {
            map.serialize_entry(name, value)?;
        }
    }
    map.end()
}

impl Serialize for DigitalTwinMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.last_update_time.as_ref();
        write(serializer, Some(&self.model), time, &self.properties, &self.extra)
    }
}

impl Serialize for ComponentMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.last_update_time.as_ref();
        write(serializer, None, time, &self.properties, &self.extra)
    }
}

impl<'de> Deserialize<'de> for DigitalTwinMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let model_is_null = object.get(MODEL).is_some_and(Value::is_null);
            let model = json::take(&mut object, MODEL)?;
            let last_update_time = last_update_time(&mut object)?;
            let (properties, mut extra) = properties(std::mem::take(&mut object))?;
            if model_is_null {
                extra.insert(MODEL.to_owned(), Value::Null);
            }
            Ok(Self {
                model,
                last_update_time,
                properties,
                extra,
            })
        };
        read().map_err(|error: serde_json::Error| de::Error::custom(in_document("$metadata", &error)))
    }
}

impl<'de> Deserialize<'de> for ComponentMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let last_update_time = last_update_time(&mut object)?;
            let (properties, extra) = properties(std::mem::take(&mut object))?;
            Ok(Self {
                last_update_time,
                properties,
                extra,
            })
        };
        read().map_err(|error: serde_json::Error| de::Error::custom(in_document("$metadata", &error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_and_unknown_members_survive_a_round_trip() {
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
        assert_eq!(temperature.extra["quality"], json!({"good": true}));
        assert_eq!(metadata.extra.len(), 2);
        assert_eq!(serde_json::to_value(&metadata).unwrap(), text);
    }

    #[test]
    fn metadata_of_a_component_may_be_empty() {
        let metadata: ComponentMetadata = serde_json::from_str("{}").unwrap();
        assert_eq!(metadata, ComponentMetadata::default());
        assert_eq!(serde_json::to_string(&metadata).unwrap(), "{}");
        let error = serde_json::from_str::<DigitalTwinMetadata>("{}").unwrap_err();
        assert!(error.to_string().contains("$model"), "{error}");
    }
}
