//! The initial twin of a device.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Tags and desired properties that a device gets at its first assignment, or when it registers again and its twin is
/// reset.
///
/// # Example
///
/// ```
/// use provisioning_convenience::InitialTwin;
/// use serde_json::json;
///
/// let twin = InitialTwin::new()
///     .with_tag("site", "oslo")
///     .with_desired("telemetry", json!({ "interval": 30 }));
/// assert_eq!(
///     serde_json::to_value(&twin)?,
///     json!({ "tags": { "site": "oslo" }, "properties": { "desired": { "telemetry": { "interval": 30 } } } })
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitialTwin {
    /// Tags by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map<String, Value>>,
    /// The properties of the twin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<InitialTwinProperties>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The properties of an initial twin.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitialTwinProperties {
    /// Desired properties by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<Map<String, Value>>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl InitialTwin {
    /// Creates an initial twin without tags or desired properties.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let tags = self.tags.get_or_insert_default();
        tags.insert(name.into(), value.into());
        self
    }

    /// Sets a desired property.
    #[must_use]
    pub fn with_desired(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let properties = self.properties.get_or_insert_default();
        let desired = properties.desired.get_or_insert_default();
        desired.insert(name.into(), value.into());
        self
    }
}
