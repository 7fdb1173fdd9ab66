//! Writes of configurations, shared by requests, import jobs and presets.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};
use twin_query::iothub as language;

use crate::iothub::codes::Code;
use crate::iothub::configurations::view::ConfigurationView;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::rules::{body, configuration_content, number, object, target_condition};
use crate::iothub::store::Store;
use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::content::Target;
use crate::iothub::tier::Tier;
use crate::timestamp::Timestamp;

/// Maximum number of custom metrics of a configuration.
const METRIC_LIMIT: usize = 5;

/// A configuration in a request body. Read-only members are ignored, because clients send configurations back
/// as they received them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigurationInput {
    id: Option<String>,
    schema_version: Option<String>,
    content_type: Option<String>,
    labels: Option<IndexMap<String, String>>,
    content: Option<Value>,
    target_condition: Option<String>,
    #[serde(default, deserialize_with = "number::optional")]
    priority: Option<i64>,
    #[serde(default, deserialize_with = "object::optional")]
    metrics: Option<MetricsInput>,
}

#[derive(Debug, Deserialize)]
struct MetricsInput {
    queries: Option<IndexMap<String, String>>,
}

impl Store {
    pub(crate) fn configuration(&self, id: &str) -> Result<&Configuration> {
        self.configurations
            .get(id)
            .ok_or_else(|| HubError::new(Code::CONFIGURATION_NOT_FOUND, id))
    }

    /// Creates a configuration if `if_match` is absent; otherwise updates it.
    pub(crate) fn put_configuration(
        &mut self,
        id: &str,
        body: ConfigurationInput,
        if_match: &IfMatch,
        tier: Tier,
        now: Timestamp,
    ) -> Result<&Configuration> {
        check_id(id)?;
        if body.id.as_deref().is_some_and(|given| given != id) {
            return Err(HubError::argument(
                "The id in the body differs from the id in the path.",
            ));
        }
        let content = configuration_content::check(body.content)?;
        let target_condition = body.target_condition.unwrap_or_default();
        let queries = body
            .metrics
            .and_then(|metrics| metrics.queries)
            .unwrap_or_default();
        let existing = self.configurations.get(id);
        // Content is immutable, so an update keeps its target.
        let target = existing.map_or_else(|| content.target(), |existing| existing.content.target());
        target_condition::parse(&target_condition, target)
            .map_err(|text| HubError::new(Code::INVALID_CONFIGURATION_TARGET_CONDITION, text))?;
        check_metrics(&queries)?;
        check_existing(id, existing, if_match)?;
        if existing.is_none() {
            self.check_count(target, tier)?;
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

    /// Returns an error if the tier does not allow one more configuration with this target.
    fn check_count(&self, target: Target, tier: Tier) -> Result<()> {
        let exceeded = |limit: usize, kind: &str| {
            let text = format!("A hub of tier {tier} can have at most {limit} {kind}.");
            Err(HubError::new(Code::CONFIGURATION_COUNT_LIMIT_EXCEEDED, text))
        };
        let is_deployment = |target: Target| target == Target::EdgeDevices;
        let deployments = self
            .configurations
            .values()
            .filter(|configuration| is_deployment(configuration.content.target()))
            .count();
        match (tier.configurations(), tier.deployments()) {
            (limit, _) if self.configurations.len() >= limit => exceeded(limit, "configurations"),
            (_, limit) if is_deployment(target) && deployments >= limit => {
                exceeded(limit, "edge deployments")
            }
            _ => Ok(()),
        }
    }

    /// Returns the configurations as lines of JSON, for export jobs.
    pub(crate) fn configuration_lines(&self) -> impl Iterator<Item = String> + '_ {
        self.configurations
            .values()
            .map(|configuration| json!(ConfigurationView(configuration, None)).to_string())
    }

    /// Creates or updates a configuration, as import jobs do.
    pub(crate) fn import_configuration(&mut self, body: Value, tier: Tier, now: Timestamp) -> Result<()> {
        let body: ConfigurationInput = body::from_value(body)?;
        // A missing id is invalid like an empty one.
        let id = body.id.clone().unwrap_or_default();
        let if_match = if self.configurations.contains_key(&id) {
            IfMatch::Any
        } else {
            IfMatch::Absent
        };
        self.put_configuration(&id, body, &if_match, tier, now)
            .map(|_| ())
    }
}

/// Checks the precondition. Without `If-Match` the configuration must not exist; with `If-Match` it must
/// exist.
fn check_existing(id: &str, existing: Option<&Configuration>, if_match: &IfMatch) -> Result<()> {
    match (if_match.is_absent(), existing) {
        (true, Some(_)) => {
            let text = format!("A configuration with ID '{id}' already exists.");
            Err(HubError::new(Code::CONFIGURATION_ALREADY_EXISTS, text))
        }
        (false, None) => Err(HubError::new(Code::CONFIGURATION_NOT_FOUND, id)),
        (true, None) => Ok(()),
        (false, Some(existing)) => if_match.check_identity(existing.version),
    }
}

fn check_id(id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-+%_*!'".contains(&byte);
    if (1..=128).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(HubError::argument(format!(
        "The configuration id \"{id}\" is not valid: it must have 1 to 128 of the characters a-z, 0-9 and -+%_*!'"
    )))
}

fn check_metrics(queries: &IndexMap<String, String>) -> Result<()> {
    let invalid = |text: String| HubError::new(Code::INVALID_CONFIGURATION_CUSTOM_METRICS_QUERY, text);
    if queries.len() > METRIC_LIMIT {
        return Err(invalid(format!(
            "A configuration can have at most {METRIC_LIMIT} custom metrics, not {}.",
            queries.len()
        )));
    }
    queries.iter().try_for_each(|(name, query)| {
        language::parse_metric(query)
            .map(|_| ())
            .map_err(|error| invalid(format!("{name}: {error}")))
    })
}
