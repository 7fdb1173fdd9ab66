//! Digital twins.

use azure_core::http::Etag;
use azure_service_core::Precondition;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::component::{content_members, in_document, write_members};
use super::metadata::DigitalTwinMetadata;
use crate::json;

const ID: &str = "$dtId";
const ETAG: &str = "$etag";
const METADATA: &str = "$metadata";

/// A digital twin with properties and components of type `T`.
///
/// `T` is any type that serializes to a JSON object: your own struct, or a map (see [`BasicDigitalTwin`]). Components
/// are fields of type [`Component`](crate::Component). Properties unknown to `T` are kept in [`extra`](Self::extra)
/// and written back, so an application with an older type can change a twin without losing properties.
///
/// Properties that are `None` or `null` are omitted when the twin is serialized, because the service stores no
/// `null`.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::{Component, DigitalTwin};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Room {
///     temperature: Option<f64>,
///     thermostat: Component<Thermostat>,
/// }
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct Thermostat {
///     target_temperature: f64,
/// }
///
/// let room = Room { temperature: None, thermostat: Component::new(Thermostat { target_temperature: 21.5 }) };
/// let twin = DigitalTwin::new("room-1", "dtmi:example:Room;1", room);
/// assert_eq!(
///     serde_json::to_string(&twin)?,
///     r#"{"$dtId":"room-1","thermostat":{"targetTemperature":21.5,"$metadata":{}},"$metadata":{"$model":"dtmi:example:Room;1"}}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DigitalTwin<T = Map<String, Value>> {
    /// The id of the twin, from `$dtId`. Ignored on writes, where the id is an argument of the call.
    pub id: String,
    /// The version of the twin, from `$etag`; `None` until it is stored. The service ignores it in a body. For a
    /// conditional write, pass [`precondition`](Self::precondition) to the call.
    pub etag: Option<Etag>,
    /// The model and the update times of the properties.
    pub metadata: DigitalTwinMetadata,
    /// Properties and components.
    pub contents: T,
    /// Properties unknown to `T`.
    pub extra: Map<String, Value>,
}

/// A digital twin with properties and components as JSON values by name, in the service's order.
pub type BasicDigitalTwin = DigitalTwin;

impl<T> DigitalTwin<T> {
    /// Creates a twin of `model`.
    #[must_use]
    pub fn new(id: impl Into<String>, model: impl Into<String>, contents: T) -> Self {
        Self {
            id: id.into(),
            etag: None,
            metadata: DigitalTwinMetadata::new(model),
            contents,
            extra: Map::new(),
        }
    }

    /// Returns the id of the twin's model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.metadata.model
    }

    /// Returns the precondition that the twin has not changed since it was read.
    ///
    /// # Errors
    ///
    /// Fails if the twin has no ETag.
    ///
    /// # Example
    ///
    /// ```
    /// use digitaltwins_convenience::DigitalTwin;
    ///
    /// let new = DigitalTwin::new("room-1", "dtmi:example:Room;1", ());
    /// assert!(new.precondition().is_err());
    /// ```
    pub fn precondition(&self) -> crate::Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }
}

impl<T: Serialize> Serialize for DigitalTwin<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = content_members(&self.contents, &self.extra).map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(ID, &self.id)?;
        if let Some(etag) = &self.etag {
            map.serialize_entry(ETAG, etag)?;
        }
        write_members(&mut map, &members, &[ID, ETAG, METADATA])?;
        map.serialize_entry(METADATA, &self.metadata)?;
        map.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for DigitalTwin<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let id: String = json::take(&mut object, ID)?;
            let etag = json::take_optional(&mut object, ETAG)?;
            let metadata = json::take(&mut object, METADATA)?;
            let (contents, extra) =
                json::split(format_args!("digital twin {id}"), std::mem::take(&mut object))?;
            Ok(Self {
                id,
                etag,
                metadata,
                contents,
                extra,
            })
        };
        read().map_err(|error: serde_json::Error| D::Error::custom(in_document("digital twin", &error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Component;
    use serde_json::json;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Room {
        temperature: Option<f32>,
        thermostat: Component<Thermostat>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Thermostat {
        target: f64,
    }

    const TEXT: &str = r#"{"$dtId":"room-1","$etag":"W/\"7\"","temperature":21.3,"serial":9007199254740993,"zebra":1,"alpha":{"z":1,"a":2},"thermostat":{"target":20.0,"later":[1],"$metadata":{"$lastUpdateTime":"2024-05-02T10:11:12.1234567Z"}},"$metadata":{"$model":"dtmi:example:Room;1","temperature":{"lastUpdateTime":"2024-05-02T10:11:12.1234567Z"}}}"#;

    #[test]
    fn a_typed_twin_keeps_unknown_properties() {
        let mut twin: DigitalTwin<Room> = serde_json::from_str(TEXT).unwrap();
        assert_eq!(
            (twin.id.as_str(), twin.model()),
            ("room-1", "dtmi:example:Room;1")
        );
        assert_eq!(twin.etag.as_ref().unwrap().as_ref(), "W/\"7\"");
        assert_eq!(twin.contents.thermostat.contents.target, 20.0);
        assert_eq!(twin.contents.thermostat.extra["later"], json!([1]));
        assert_eq!(
            twin.extra.keys().collect::<Vec<_>>(),
            ["serial", "zebra", "alpha"]
        );
        let expected: Value = serde_json::from_str(TEXT).unwrap();
        assert_eq!(json::to_value(&twin).unwrap(), expected);

        twin.contents.temperature = None;
        let written = json::to_value(&twin).unwrap();
        assert_eq!(written.get("temperature"), None);
        assert_eq!(written["serial"].to_string(), "9007199254740993");
    }

    #[test]
    fn an_untyped_twin_survives_a_round_trip() {
        let twin: BasicDigitalTwin = serde_json::from_str(TEXT).unwrap();
        assert!(twin.extra.is_empty());
        assert_eq!(serde_json::to_string(&twin).unwrap(), TEXT);
    }

    #[test]
    fn typed_properties_take_precedence_over_extra() {
        let mut twin: DigitalTwin<Map<String, Value>> = DigitalTwin::new("t", "dtmi:example:T;1", Map::new());
        twin.contents.insert("a".to_owned(), json!(1));
        twin.contents.insert("$dtId".to_owned(), json!("other"));
        twin.extra.insert("a".to_owned(), json!(2));
        twin.extra.insert("b".to_owned(), json!(3));
        assert_eq!(
            serde_json::to_string(&twin).unwrap(),
            r#"{"$dtId":"t","a":1,"b":3,"$metadata":{"$model":"dtmi:example:T;1"}}"#
        );
    }

    #[test]
    fn the_error_names_the_missing_member() {
        for (row, name) in [
            (json!({"COUNT": 3}), "$dtId"),
            (json!({"$dtId": "t"}), "$metadata"),
        ] {
            let error = serde_json::from_value::<BasicDigitalTwin>(row).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn contents_that_are_not_an_object_are_refused() {
        let error = serde_json::to_string(&DigitalTwin::new("t", "m", 7)).unwrap_err();
        assert_eq!(error.to_string(), "expected a JSON object, found a number");
    }
}
