//! Configurations: settings for all devices that a condition describes.

mod content;
mod metrics;
mod reconcile;

use http::StatusCode;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use twin_query::iothub::{self as language, Source, TargetCondition};

use self::content::{Content, Target};
use self::metrics::Metrics;
pub(crate) use self::reconcile::Scope;
use super::IotHub;
use super::codes::Code;
use super::errors::{HubError, Result};
use super::etag::{self, IfMatch};
use super::input;
use super::store::Store;
use super::timestamp::Timestamp;
use crate::service::{ServiceRequest, ServiceResponse};

/// The most configurations of a hub.
const COUNT_LIMIT: usize = 100;
/// The most metrics of a caller's own.
const METRIC_LIMIT: usize = 5;

/// A configuration. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Configuration {
    pub(crate) id: String,
    /// The number inside the entity tag.
    version: u64,
    schema_version: Option<String>,
    content_type: Option<String>,
    labels: Option<IndexMap<String, String>>,
    content: Content,
    target_condition: String,
    priority: i64,
    queries: IndexMap<String, String>,
    created: Timestamp,
    updated: Timestamp,
}

/// A configuration as callers send it; what they can't write is ignored, since they send back what they read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    id: Option<String>,
    schema_version: Option<String>,
    content_type: Option<String>,
    labels: Option<IndexMap<String, String>>,
    content: Option<Value>,
    target_condition: Option<String>,
    priority: Option<i64>,
    metrics: Option<MetricsInput>,
}

#[derive(Debug, Deserialize)]
struct MetricsInput {
    queries: Option<IndexMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestInput {
    target_condition: Option<String>,
    custom_metric_queries: Option<IndexMap<String, String>>,
}

/// A configuration as the service writes it; without a store its metrics have no results yet.
struct View<'a>(&'a Configuration, Option<&'a Store>);

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Self(configuration, store) = *self;
        let metrics = |queries: IndexMap<String, String>| match store {
            Some(store) => Metrics::evaluate(queries, store),
            None => Metrics::new(queries),
        };
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Written<'a> {
            id: &'a str,
            schema_version: &'a Option<String>,
            content_type: &'a Option<String>,
            labels: &'a Option<IndexMap<String, String>>,
            content: &'a Content,
            target_condition: &'a str,
            created_time_utc: Timestamp,
            last_updated_time_utc: Timestamp,
            priority: i64,
            system_metrics: Metrics,
            metrics: Metrics,
            etag: String,
        }
        Written {
            id: &configuration.id,
            schema_version: &configuration.schema_version,
            content_type: &configuration.content_type,
            labels: &configuration.labels,
            content: &configuration.content,
            target_condition: &configuration.target_condition,
            created_time_utc: configuration.created,
            last_updated_time_utc: configuration.updated,
            priority: configuration.priority,
            system_metrics: metrics(metrics::system_queries(configuration)),
            metrics: metrics(configuration.queries.clone()),
            etag: etag::of_identity(configuration.version),
        }
        .serialize(serializer)
    }
}

impl Store {
    fn configuration(&self, id: &str) -> Result<&Configuration> {
        self.configurations
            .get(id)
            .ok_or_else(|| HubError::new(Code::CONFIGURATION_NOT_FOUND, id))
    }

    /// Creates or updates a configuration, as `if_match` says.
    fn put_configuration(
        &mut self,
        id: &str,
        body: Input,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<&Configuration> {
        check_id(id)?;
        if body.id.as_deref().is_some_and(|given| given != id) {
            return Err(HubError::argument("The id of the body is not that of the path."));
        }
        let content = Content::check(body.content)?;
        let target_condition = body.target_condition.unwrap_or_default();
        let queries = body
            .metrics
            .and_then(|metrics| metrics.queries)
            .unwrap_or_default();
        let existing = self.configurations.get(id);
        // What configures devices can't become something that configures modules, for the content stays.
        let target = existing.map_or_else(|| content.target(), |existing| existing.content.target());
        parse_condition(&target_condition, target)
            .map_err(|text| HubError::new(Code::INVALID_CONFIGURATION_TARGET_CONDITION, text))?;
        check_metrics(&queries)?;
        match (if_match.is_absent(), existing) {
            (true, Some(_)) => {
                let text = format!("A configuration with ID '{id}' already exists.");
                return Err(HubError::new(Code::CONFIGURATION_ALREADY_EXISTS, text));
            }
            (false, None) => return Err(HubError::new(Code::CONFIGURATION_NOT_FOUND, id)),
            (true, None) if self.configurations.len() >= COUNT_LIMIT => {
                let text = format!("A hub can have {COUNT_LIMIT} configurations.");
                return Err(HubError::new(Code::CONFIGURATION_COUNT_LIMIT_EXCEEDED, text));
            }
            (true, None) => {}
            (false, Some(existing)) => if_match.check_identity(existing.version)?,
        }
        let configuration = Configuration {
            id: id.to_owned(),
            version: existing.map_or(1, |existing| existing.version + 1),
            schema_version: body.schema_version,
            content_type: body.content_type,
            labels: body.labels,
            content: existing.map_or(content, |existing| existing.content.clone()),
            target_condition,
            priority: body.priority.unwrap_or(0),
            queries,
            created: existing.map_or(now, |existing| existing.created),
            updated: now,
        };
        self.configurations.insert(id.to_owned(), configuration);
        self.configuration(id)
    }

    /// The configurations, one JSON each, for export jobs.
    pub(crate) fn configuration_lines(&self) -> impl Iterator<Item = String> + '_ {
        self.configurations
            .values()
            .map(|configuration| json!(View(configuration, None)).to_string())
    }

    /// Creates a configuration or updates it, as an import job does.
    pub(crate) fn import_configuration(&mut self, body: Value, now: Timestamp) -> Result<()> {
        let body: Input = serde_json::from_value(body).map_err(|error| HubError::format(&error))?;
        let id = body.id.clone().unwrap_or_default();
        let if_match = if self.configurations.contains_key(&id) {
            IfMatch::Any
        } else {
            IfMatch::Absent
        };
        self.put_configuration(&id, body, &if_match, now).map(|_| ())
    }
}

impl IotHub {
    pub(crate) fn get_configuration(&self, id: &str) -> Result<ServiceResponse> {
        let store = self.store.read();
        let configuration = store.configuration(id)?;
        Ok(respond(configuration, Some(&store)))
    }

    pub(crate) fn list_configurations(&self) -> ServiceResponse {
        let store = self.store.read();
        let views: Vec<_> = store
            .configurations
            .values()
            .map(|configuration| View(configuration, Some(&store)))
            .collect();
        ServiceResponse::json(StatusCode::OK, &views)
    }

    pub(crate) fn put_configuration(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let body: Input = input::parse(&request.body)?;
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        let response = respond(store.put_configuration(id, body, &if_match, now)?, None);
        store.reconcile(Scope::All, now);
        Ok(response)
    }

    pub(crate) fn delete_configuration(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        if_match.check_identity(store.configuration(id)?.version)?;
        store.configurations.remove(id);
        store.reconcile(Scope::All, now);
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    pub(crate) fn test_configuration_queries(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let body: TestInput = input::parse(&request.body)?;
        let condition = body.target_condition.unwrap_or_default();
        let condition_error = if condition.trim() == "*" {
            Some("The target condition '*' can't be tested.".to_owned())
        } else {
            language::parse_target_condition(&condition)
                .err()
                .map(|error| error.to_string())
        };
        let errors: IndexMap<String, String> = body
            .custom_metric_queries
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, query)| Some((name, language::parse_and_validate(&query).err()?.to_string())))
            .collect();
        let body = json!({ "targetConditionError": condition_error, "customMetricQueryErrors": errors });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }

    pub(crate) fn apply_configuration(
        &self,
        request: &ServiceRequest,
        device_id: &str,
    ) -> Result<ServiceResponse> {
        let body: Value = input::parse(&request.body)?;
        let now = self.now();
        let mut store = self.store.write();
        if !store.device(device_id)?.edge {
            return Err(HubError::argument("Not an Azure IoT Edge device"));
        }
        let content = Content::check_for_edge(body)?;
        store.apply_content(device_id, &content, now)?;
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }
}

fn respond(configuration: &Configuration, store: Option<&Store>) -> ServiceResponse {
    let tag = etag::of_identity(configuration.version);
    ServiceResponse::json(StatusCode::OK, &View(configuration, store))
        .with_header("etag", &format!("\"{tag}\""))
}

fn check_id(id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-+%_*!'".contains(&byte);
    if (1..=128).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(HubError::argument(format!(
        "The configuration id {id:?} must have 1 to 128 characters out of a-z, 0-9 and -+%_*!'"
    )))
}

fn check_metrics(queries: &IndexMap<String, String>) -> Result<()> {
    let invalid = |text: String| HubError::new(Code::INVALID_CONFIGURATION_CUSTOM_METRICS_QUERY, text);
    if queries.len() > METRIC_LIMIT {
        return Err(invalid(format!(
            "A configuration can have {METRIC_LIMIT} metrics of its own, not {}.",
            queries.len()
        )));
    }
    queries.iter().try_for_each(|(name, query)| {
        language::parse_and_validate(query)
            .map(|_| ())
            .map_err(|error| invalid(format!("{name}: {error}")))
    })
}

/// Parses a target condition and checks that it is about what the content is for.
fn parse_condition(text: &str, target: Target) -> std::result::Result<TargetCondition, String> {
    let condition = language::parse_target_condition(text).map_err(|error| error.to_string())?;
    let invalid = |error: language::ValidationError| error.to_string();
    match (&condition, target) {
        (TargetCondition::None, _) => {}
        (TargetCondition::Modules(expression), Target::Modules) => {
            expression.validate(Source::Modules).map_err(invalid)?;
        }
        (_, Target::Modules) => {
            return Err(
                "A module configuration needs a condition that begins with FROM devices.modules WHERE."
                    .to_owned(),
            );
        }
        (TargetCondition::Modules(_), _) => {
            return Err("Only a module configuration can have a condition on modules.".to_owned());
        }
        (TargetCondition::Devices(expression), _) => {
            expression.validate(Source::Devices).map_err(invalid)?;
        }
        (TargetCondition::All, _) => {}
    }
    Ok(condition)
}
