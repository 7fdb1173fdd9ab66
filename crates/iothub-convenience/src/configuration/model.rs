//! Configurations.

use std::collections::BTreeMap;

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde_json::{Map, Value};
use twin_query::iothub::{self as query, Source, TargetCondition, parse_metric, parse_target_condition};

use crate::configuration::content::ConfigurationContent;
use crate::error::{Error, Result};
use crate::model::{Member, Style, model};

/// Members that only the service sets. They are not sent.
const READ_ONLY: [&str; 5] = [
    "etag",
    "createdTimeUtc",
    "lastUpdatedTimeUtc",
    "systemMetrics",
    "contentType",
];

model! {
    /// An automatic device configuration or an edge deployment: content that the hub applies to the targeted twins.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Configuration, ConfigurationContent};
    ///
    /// let content = ConfigurationContent::device([("properties.desired.interval", 5)])?;
    /// let configuration = Configuration::new("fast-sensors", content)
    ///     .with_target_condition("tags.site = 'oslo'")
    ///     .with_priority(10)
    ///     .with_metric("late", "SELECT deviceId FROM devices WHERE properties.reported.interval > 5");
    /// assert_eq!(configuration.id, "fast-sensors");
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    pub struct Configuration as "configuration" {
        /// The id: at most 128 lower-case letters, digits and `-+%_*!'`.
        pub id: String = "id",
        /// The version of the configuration's schema. The service ignores it.
        pub schema_version: Option<String> = "schemaVersion",
        /// Labels. The service ignores them.
        pub labels: Option<BTreeMap<String, String>> = "labels",
        /// The content. It is immutable: the service ignores changed content in an update.
        pub content: ConfigurationContent = "content",
        /// The condition for targeted twins, in the query language: `*` for all twins, empty or missing for no twins.
        /// For module twins it begins with `from devices.modules where`.
        pub target_condition: Option<String> = "targetCondition",
        /// The time of creation.
        pub created_time_utc: Option<DateTime> = "createdTimeUtc",
        /// The time of the last change.
        pub last_updated_time_utc: Option<DateTime> = "lastUpdatedTimeUtc",
        /// The priority. If two configurations write the same property, the higher priority wins, then the newer one.
        pub priority: Option<i32> = "priority",
        /// Metrics that the service defines, such as `targetedCount` and `appliedCount`.
        pub system_metrics: Option<ConfigurationMetrics> = "systemMetrics",
        /// The caller's metrics, at most five.
        pub metrics: Option<ConfigurationMetrics> = "metrics",
        /// The ETag. See [`precondition`](Self::precondition).
        pub etag: Option<Etag> = "etag",
    }
}

model! {
    /// Metrics: queries over twins and the number of results of each.
    pub struct ConfigurationMetrics as "metrics" {
        /// The queries, by metric names.
        pub queries: Option<BTreeMap<String, String>> = "queries",
        /// The number of results by metric name. Empty until the service has evaluated the queries.
        pub results: Option<BTreeMap<String, i64>> = "results",
    }
}

model! {
    /// Errors in the queries of a configuration.
    pub struct ConfigurationQueriesTestResponse as "test result" {
        /// The error in the target condition, empty or missing if it is valid.
        pub target_condition_error: Option<String> = "targetConditionError",
        /// The errors in metric queries, by metric names.
        pub custom_metric_query_errors: Option<BTreeMap<String, String>> = "customMetricQueryErrors",
    }
}

impl Configuration {
    /// Creates a configuration without a target condition, which targets no twins.
    #[must_use]
    pub fn new(id: impl Into<String>, content: ConfigurationContent) -> Self {
        Self {
            id: id.into(),
            content,
            ..Self::default()
        }
    }

    /// Returns the precondition that the configuration has not changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the configuration has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// Sets the target condition.
    #[must_use]
    pub fn with_target_condition(mut self, condition: impl Into<String>) -> Self {
        self.target_condition = Some(condition.into());
        self
    }

    /// Sets the priority.
    #[must_use]
    pub fn with_priority(mut self, priority: i32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Adds a metric.
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

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// Checks the target condition and the metrics, which are queries.
    fn check_queries(&self) -> Result<()> {
        if let Some(condition) = &self.target_condition {
            check_target_condition(condition)
                .map_err(|error| Error::invalid_input("target_condition", error.to_string()))?;
        }
        let queries = self.metrics.iter().filter_map(|metrics| metrics.queries.as_ref());
        for (name, query) in queries.flatten() {
            parse_metric(query)
                .map_err(|error| Error::invalid_input("metrics", format!("{name:?}: {error}")))?;
        }
        Ok(())
    }

    /// Returns the body that creates or updates the configuration.
    pub(super) fn to_body(&self) -> Result<types::Configuration> {
        self.content.check()?;
        self.check_queries()?;
        let mut document = members(self);
        // Names are compared ignoring case, because the service varies the case.
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

fn check_target_condition(text: &str) -> Result<(), query::Error> {
    match parse_target_condition(text)? {
        TargetCondition::None | TargetCondition::All => {}
        TargetCondition::Devices(condition) => condition.validate(Source::Devices)?,
        TargetCondition::Modules(condition) => condition.validate(Source::Modules)?,
    }
    Ok(())
}

#[expect(clippy::expect_used, reason = "models serialize as objects")]
pub(super) fn members(model: &impl Member) -> Map<String, Value> {
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
    fn configuration_is_sent_without_members_that_the_service_maintains() {
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
    fn configuration_needs_exactly_one_kind_of_content() {
        let one = ConfigurationContent::device([("properties.desired", json!({}))]).unwrap();
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

    /// HUB-CONFIG-9, HUB-CONFIG-14, HUB-CONFIG-22.
    #[test]
    fn target_condition_and_metrics_are_parsed_before_sending() {
        let configuration = || {
            Configuration::new(
                "c",
                ConfigurationContent::device([("properties.desired.a", 1)]).unwrap(),
            )
        };
        for condition in ["", "*", "tags.a = 1", "FROM devices.modules WHERE moduleId = 'm'"] {
            assert!(
                configuration().with_target_condition(condition).to_body().is_ok(),
                "{condition}"
            );
        }
        for query in [
            "select *",
            "SELECT deviceId FROM devices WHERE configurations.[[c]].status = 'Applied'",
        ] {
            assert!(
                configuration().with_metric("m", query).to_body().is_ok(),
                "{query}"
            );
        }
        let error = configuration()
            .with_target_condition("tags.a == 1")
            .to_body()
            .unwrap_err();
        assert_eq!(error.parameter(), Some("target_condition"));
        assert!(
            error
                .to_string()
                .starts_with("invalid target_condition: line 1, column 9: "),
            "{error}"
        );
        let error = configuration()
            .with_target_condition("CONTAINS(tags.a, 'b')")
            .to_body()
            .unwrap_err();
        assert_eq!(error.parameter(), Some("target_condition"));
        let error = configuration()
            .with_metric("m", "SELECT FROM devices")
            .to_body()
            .unwrap_err();
        assert_eq!(error.parameter(), Some("metrics"));
    }
}
