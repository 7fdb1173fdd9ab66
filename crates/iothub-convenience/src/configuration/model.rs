//! A configuration as the service reads and answers it.

use std::collections::BTreeMap;

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use iothub_protocol::types;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// What the service maintains. A request has none of it.
const READ_ONLY: [&str; 5] = [
    "etag",
    "createdTimeUtc",
    "lastUpdatedTimeUtc",
    "systemMetrics",
    "contentType",
];

/// An automatic configuration of devices, or a deployment for edge devices: which twins it targets and what it writes
/// to them.
///
/// # Example
///
/// ```
/// use iothub_convenience::{Configuration, ConfigurationContent};
/// use serde_json::json;
///
/// let content = ConfigurationContent::device([("properties.desired.interval", json!(5))]);
/// let configuration = Configuration::new("fast-sensors", content)
///     .with_target_condition("tags.site = 'oslo'")
///     .with_priority(10)
///     .with_metric("late", "SELECT deviceId FROM devices WHERE properties.reported.interval > 5");
/// assert_eq!(configuration.id, "fast-sensors");
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Configuration {
    /// The id: lower-case letters, digits and `-+%_*!'`, at most 128.
    pub id: String,
    /// The version of the configuration's schema, free for the caller to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
    /// Labels, free for the caller to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// What is written to the twins. It cannot be changed: the service ignores another content in an update.
    pub content: ConfigurationContent,
    /// Which twins are targeted: a condition as in a query, `*` for all, empty or missing for none. For module twins it
    /// begins with `from devices.modules where`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_condition: Option<String>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_utc: Option<DateTime>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_time_utc: Option<DateTime>,
    /// Of two configurations that write the same property the one with the greater priority wins, then the newer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// The metrics that the service defines by itself, such as `targetedCount` and `appliedCount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_metrics: Option<ConfigurationMetrics>,
    /// The caller's own metrics, at most five.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ConfigurationMetrics>,
    /// The version, for conditional writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a configuration writes: to the twins of devices, of modules, or of all modules of edge devices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ConfigurationContent {
    /// What is written to twins of devices; the names are paths such as `properties.desired.interval`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_content: Option<Map<String, Value>>,
    /// What is written to twins of modules of edge devices, by the ids of the modules; `$edgeAgent` must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modules_content: Option<Map<String, Value>>,
    /// What is written to twins of modules; the names are paths such as `properties.desired.interval`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module_content: Option<Map<String, Value>>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Queries over twins, and the numbers of twins that they find.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ConfigurationMetrics {
    /// The queries, by the names of the metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queries: Option<BTreeMap<String, String>>,
    /// The numbers, by the names of the metrics. Empty until the service has evaluated the queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<BTreeMap<String, i64>>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Configuration {
    /// A configuration that targets nothing yet.
    #[must_use]
    pub fn new(id: impl Into<String>, content: ConfigurationContent) -> Self {
        Self {
            id: id.into(),
            content,
            ..Self::default()
        }
    }

    /// The configuration with this target condition.
    #[must_use]
    pub fn with_target_condition(mut self, condition: impl Into<String>) -> Self {
        self.target_condition = Some(condition.into());
        self
    }

    /// The configuration with this priority.
    #[must_use]
    pub fn with_priority(mut self, priority: i32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// The configuration with one more metric.
    #[must_use]
    pub fn with_metric(mut self, name: impl Into<String>, query: impl Into<String>) -> Self {
        let queries = self
            .metrics
            .get_or_insert_default()
            .queries
            .get_or_insert_default();
        queries.insert(name.into(), query.into());
        self
    }

    /// The configuration with one more label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// The body that creates or updates the configuration.
    pub(super) fn to_body(&self) -> Result<types::Configuration> {
        self.content.check()?;
        let mut document = members(self);
        for name in READ_ONLY {
            document.shift_remove(name);
        }
        if let Some(Value::Object(metrics)) = document.get_mut("metrics") {
            metrics.shift_remove("results");
        }
        Ok(types::Configuration {
            extra: document,
            ..Default::default()
        })
    }
}

impl ConfigurationContent {
    /// Content for twins of devices, by paths such as `properties.desired.interval`.
    #[must_use]
    pub fn device<K: Into<String>>(properties: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self {
            device_content: Some(collect(properties)),
            ..Self::default()
        }
    }

    /// Content for twins of modules, by paths such as `properties.desired.interval`.
    #[must_use]
    pub fn module<K: Into<String>>(properties: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self {
            module_content: Some(collect(properties)),
            ..Self::default()
        }
    }

    /// Content for the modules of edge devices, by the ids of the modules; `$edgeAgent` must be among them.
    #[must_use]
    pub fn edge_modules<K: Into<String>>(modules: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self {
            modules_content: Some(collect(modules)),
            ..Self::default()
        }
    }

    fn check(&self) -> Result<()> {
        let kinds = [&self.device_content, &self.modules_content, &self.module_content];
        let count = kinds.iter().filter(|content| content.is_some()).count();
        // A kind that is not known yet may stand in place of the three.
        if count > 1 || (count == 0 && self.extra.is_empty()) {
            let reason = "must be for exactly one of devices, modules, and the modules of edge devices";
            return Err(Error::invalid_input("content", reason));
        }
        Ok(())
    }

    /// The body that applies the content to an edge device.
    pub(super) fn to_body(&self) -> Result<types::ConfigurationContent> {
        self.check()?;
        Ok(types::ConfigurationContent {
            extra: members(self),
            ..Default::default()
        })
    }
}

fn collect<K: Into<String>>(members: impl IntoIterator<Item = (K, Value)>) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

fn members(document: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(document) {
        Ok(Value::Object(members)) => members,
        // Structs with texts as keys serialise to objects.
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn recorded() -> Value {
        json!({"id": "c12", "etag": "MQ==", "schemaVersion": "2.0", "contentType": null, "labels": {"key": "value"},
            "priority": 0, "targetCondition": "", "createdTimeUtc": "2024-05-01T10:00:00.1234567Z",
            "content": {"modulesContent": {"$edgeAgent": {"properties.desired": {"a": null}}}},
            "metrics": {"queries": {"q": "SELECT deviceId FROM devices"}, "results": {"q": 3}},
            "systemMetrics": {"queries": {"targetedCount": ""}, "results": {}}, "later": 1})
    }

    #[test]
    fn a_configuration_is_read_whole_and_sent_without_what_the_service_maintains() {
        let configuration: Configuration = serde_json::from_value(recorded()).unwrap();
        assert_eq!(
            configuration.metrics.as_ref().unwrap().results.as_ref().unwrap()["q"],
            3
        );
        assert_eq!(serde_json::to_value(&configuration).unwrap(), recorded());
        assert_eq!(
            serde_json::to_value(configuration.to_body().unwrap()).unwrap(),
            json!({"id": "c12", "schemaVersion": "2.0", "labels": {"key": "value"}, "priority": 0, "targetCondition": "",
                "content": {"modulesContent": {"$edgeAgent": {"properties.desired": {"a": null}}}},
                "metrics": {"queries": {"q": "SELECT deviceId FROM devices"}}, "later": 1})
        );
    }

    #[test]
    fn there_is_exactly_one_kind_of_content() {
        let one = ConfigurationContent::device([("properties.desired", json!({}))]);
        let mut two = one.clone();
        two.module_content = Some(Map::new());
        assert!(Configuration::new("c", one).to_body().is_ok());
        for content in [two, ConfigurationContent::default()] {
            assert!(
                Configuration::new("c", content)
                    .to_body()
                    .unwrap_err()
                    .is_invalid_input()
            );
        }
        let unknown: ConfigurationContent = serde_json::from_value(json!({"cloudContent": {}})).unwrap();
        assert!(Configuration::new("c", unknown).to_body().is_ok());
    }
}
