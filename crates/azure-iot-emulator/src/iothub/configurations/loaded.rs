//! Configurations that come from a data file rather than a request.

use serde_json::Value;
use twin_query::iothub::TargetCondition;

use crate::iothub::rules::{configuration_content, target_condition};
use crate::iothub::store::Store;
use crate::iothub::store::configuration::Configuration;

/// Parses the condition of a stored configuration. Returns an error if its content or condition is invalid, which is
/// possible if the data file comes from an older version with other rules; the configuration then has no effect.
pub(crate) fn condition(configuration: &Configuration) -> Result<TargetCondition, String> {
    let content = Value::Object(configuration.content.0.clone());
    let content = configuration_content::check(Some(content)).map_err(|error| error.text)?;
    target_condition::parse(&configuration.target_condition, content.target())
}

/// Logs a warning for every configuration that has no effect.
pub(crate) fn warn_of_invalid(store: &Store) {
    for configuration in store.configurations.values() {
        if let Err(reason) = condition(configuration) {
            tracing::warn!(
                configuration = configuration.id,
                reason,
                "the loaded configuration is not valid and selects nothing"
            );
        }
    }
}
