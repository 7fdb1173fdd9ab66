//! Stored models.

use azure_protocol_runtime::DateTime;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A stored model: its DTDL, display names, descriptions and state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[non_exhaustive]
pub struct DigitalTwinsModelData {
    /// The id of the model, a DTMI.
    pub id: String,
    /// The display names by language. A plain string in the DTDL is listed as `en`.
    #[serde(
        default,
        skip_serializing_if = "IndexMap::is_empty",
        deserialize_with = "by_language"
    )]
    pub display_name: IndexMap<String, String>,
    /// The descriptions by language. A plain string in the DTDL is listed as `en`.
    #[serde(
        default,
        skip_serializing_if = "IndexMap::is_empty",
        deserialize_with = "by_language"
    )]
    pub description: IndexMap<String, String>,
    /// The upload time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_time: Option<DateTime>,
    /// Whether the service refuses new twins of the model.
    #[serde(default)]
    pub decommissioned: bool,
    /// The DTDL as uploaded, if the request includes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Value>,
    /// Unknown members, and members that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

/// Decodes a map from language to string. A `null` value decodes as an empty string.
fn by_language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<String, String>, D::Error> {
    let strings = IndexMap::<String, Option<String>>::deserialize(deserializer)?;
    let strings = strings.into_iter();
    Ok(strings
        .map(|(language, string)| (language, string.unwrap_or_default()))
        .collect())
}

lossless!(DigitalTwinsModelData, "model", required: ["id"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_keeps_order_numbers_and_unknown_members() {
        let text = r#"{"id":"dtmi:example:Room;1","displayName":{"fr":"pièce","en":"room"},"uploadTime":"2024-05-02T10:11:12.1234567Z","decommissioned":true,"model":{"@id":"dtmi:example:Room;1","z":9007199254740993,"a":1},"later":[]}"#;
        let model: DigitalTwinsModelData = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&model).unwrap(), text);
        assert_eq!(model.display_name["en"], "room");
    }

    #[test]
    fn a_minimal_model_with_nulls_is_decoded() {
        let model: DigitalTwinsModelData = serde_json::from_str(
            r#"{"id":"dtmi:a;1","displayName":null,"description":{},"uploadTime":null}"#,
        )
        .unwrap();
        assert!(!model.decommissioned && model.display_name.is_empty() && model.upload_time.is_none());
    }
}
