//! Configurations as the service reads and returns them.

use std::collections::BTreeMap;

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::model::{Member, Style, model};

/// Members that the service maintains. They are not sent.
const READ_ONLY: [&str; 5] = [
    "etag",
    "createdTimeUtc",
    "lastUpdatedTimeUtc",
    "systemMetrics",
    "contentType",
];

model! {
    /// An automatic configuration of devices, or a deployment for edge devices: the twins that it targets and what it writes
    /// to them.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Configuration, ConfigurationContent};
    ///
    /// let content = ConfigurationContent::device([("properties.desired.interval", 5)]);
    /// let configuration = Configuration::new("fast-sensors", content)
    ///     .with_target_condition("tags.site = 'oslo'")
    ///     .with_priority(10)
    ///     .with_metric("late", "SELECT deviceId FROM devices WHERE properties.reported.interval > 5");
    /// assert_eq!(configuration.id, "fast-sensors");
    /// ```
    pub struct Configuration as "configuration" {
        /// The id: lower-case letters, digits and `-+%_*!'`, at most 128.
        pub id: String = "id",
        /// The version of the configuration's schema, free for the caller to use.
        pub schema_version: Option<String> = "schemaVersion",
        /// Labels, free for the caller to use.
        pub labels: Option<BTreeMap<String, String>> = "labels",
        /// What is written to the twins. It cannot be changed: the service ignores other content in an update.
        pub content: ConfigurationContent = "content",
        /// Which twins are targeted: a condition as in a query, `*` for all, empty or missing for none. For module twins it
        /// begins with `from devices.modules where`.
        pub target_condition: Option<String> = "targetCondition",
        /// When it was created.
        pub created_time_utc: Option<DateTime> = "createdTimeUtc",
        /// When it was last changed.
        pub last_updated_time_utc: Option<DateTime> = "lastUpdatedTimeUtc",
        /// Of two configurations that write the same property the one with the greater priority wins, then the newer.
        pub priority: Option<i32> = "priority",
        /// Metrics that the service defines, such as `targetedCount` and `appliedCount`.
        pub system_metrics: Option<ConfigurationMetrics> = "systemMetrics",
        /// The caller's metrics, at most five.
        pub metrics: Option<ConfigurationMetrics> = "metrics",
        /// The version. See [`precondition`](Self::precondition).
        pub etag: Option<Etag> = "etag",
    }
}

model! {
    /// What a configuration writes: to twins of devices, of modules, or of all modules of edge devices.
    pub struct ConfigurationContent as "content" {
        /// What is written to twins of devices, by paths such as `properties.desired.interval`.
        pub device_content: Option<Map<String, Value>> = "deviceContent",
        /// What is written to twins of modules of edge devices, by module ids; `$edgeAgent` must be among them.
        pub modules_content: Option<Map<String, Value>> = "modulesContent",
        /// What is written to twins of modules, by paths such as `properties.desired.interval`.
        pub module_content: Option<Map<String, Value>> = "moduleContent",
    }
}

model! {
    /// Queries over twins, and the numbers of twins that they find.
    pub struct ConfigurationMetrics as "metrics" {
        /// The queries, by the names of the metrics.
        pub queries: Option<BTreeMap<String, String>> = "queries",
        /// The numbers, by the names of the metrics. Empty until the service has evaluated the queries.
        pub results: Option<BTreeMap<String, i64>> = "results",
    }
}

model! {
    /// Mistakes in the queries of a configuration.
    pub struct ConfigurationQueriesTestResponse as "test result" {
        /// The mistake in the target condition, empty or missing if there is none.
        pub target_condition_error: Option<String> = "targetConditionError",
        /// The mistakes in the metric queries, by the names of the metrics.
        pub custom_metric_query_errors: Option<BTreeMap<String, String>> = "customMetricQueryErrors",
    }
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

    /// The precondition that the configuration has not been changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if it has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
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
        // In any case, as they may have been read so.
        document.retain(|name, _| !READ_ONLY.iter().any(|known| known.eq_ignore_ascii_case(name)));
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
    pub fn device<K: Into<String>, V: Into<Value>>(properties: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            device_content: Some(collect(properties)),
            ..Self::default()
        }
    }

    /// Content for twins of modules, by paths such as `properties.desired.interval`.
    #[must_use]
    pub fn module<K: Into<String>, V: Into<Value>>(properties: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            module_content: Some(collect(properties)),
            ..Self::default()
        }
    }

    /// Content for the modules of edge devices, by the ids of the modules; `$edgeAgent` must be among them.
    #[must_use]
    pub fn edge_modules<K: Into<String>, V: Into<Value>>(modules: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            modules_content: Some(collect(modules)),
            ..Self::default()
        }
    }

    fn check(&self) -> Result<()> {
        let kinds = [&self.device_content, &self.modules_content, &self.module_content];
        let count = kinds.iter().filter(|content| content.is_some()).count();
        // A later version of the service may have a fourth kind.
        if count > 1 || (count == 0 && self.extra.is_empty()) {
            let reason = "must have exactly one of device_content, module_content and modules_content";
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

fn collect<K: Into<String>, V: Into<Value>>(members: impl IntoIterator<Item = (K, V)>) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

#[expect(clippy::expect_used, reason = "a model is written as an object")]
fn members(model: &impl Member) -> Map<String, Value> {
    let mut document = model.write(Style::SENT);
    std::mem::take(document.as_object_mut().expect("it is an object"))
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
