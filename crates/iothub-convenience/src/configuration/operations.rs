//! Methods for configurations.

use std::collections::BTreeMap;

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use iothub_protocol::types;

use crate::client::IotHubRegistryManager;
use crate::configuration::content::ConfigurationContent;
use crate::configuration::model::{Configuration, ConfigurationQueriesTestResponse};
use crate::devices::count_parameter;
use crate::error::{Error, Result};
use crate::identity::check_device_id;

/// The maximum length of a configuration id, in characters.
const MAX_ID: usize = 128;

/// Checks the id of a configuration.
fn check_configuration_id(id: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-+%_*!'".contains(c);
    let length = id.chars().count();
    let reason = if id.is_empty() {
        "must not be empty".to_owned()
    } else if let Some((position, character)) = id.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        format!(
            "{id:?} contains {character:?} at position {position}; allowed are lower-case ASCII letters, digits and -+%_*!'"
        )
    } else if length > MAX_ID {
        format!("has {length} characters; at most {MAX_ID} are allowed")
    } else {
        return Ok(());
    };
    Err(Error::invalid_input("configuration_id", reason))
}

/// Options of [`IotHubRegistryManager::get_configurations`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetConfigurationsOptions {
    /// The number of configurations to request. The service ignores it and returns all configurations, at most a
    /// hundred.
    pub max_count: Option<u32>,
}

/// Automatic configurations and edge deployments.
impl IotHubRegistryManager {
    /// Creates a configuration.
    ///
    /// REST: `PUT /configurations/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_already_exists`](crate::Error::is_already_exists) if the configuration exists.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Configuration, ConfigurationContent};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let content = ConfigurationContent::device([("properties.desired.interval", 5)])?;
    /// let configuration = Configuration::new("fast-sensors", content).with_target_condition("tags.site = 'oslo'");
    /// let created = hub.create_configuration(&configuration).await?.into_model()?;
    /// println!("{:?}", created.etag);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_configuration(
        &self,
        configuration: &Configuration,
    ) -> Result<Response<Configuration>> {
        self.put_configuration("create_configuration", configuration, None)
            .await
    }

    /// Changes target condition, priority, labels and metrics of a configuration.
    ///
    /// Fields that are not set are cleared, so start from a configuration that was read. The content is required but
    /// immutable; the service silently ignores changed content.
    ///
    /// REST: `PUT /configurations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the configuration has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Configuration, ConfigurationContent};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let content = ConfigurationContent::device([("properties.desired.interval", 5)])?;
    /// # hub.create_configuration(&Configuration::new("fast-sensors", content)).await?;
    /// let stored = hub.get_configuration("fast-sensors").await?.into_model()?;
    /// let precondition = stored.precondition()?;
    /// hub.update_configuration(&stored.with_target_condition("*"), precondition).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_configuration(
        &self,
        configuration: &Configuration,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<Configuration>> {
        let if_match = precondition.into().quoted()?;
        self.put_configuration("update_configuration", configuration, Some(&if_match))
            .await
    }

    async fn put_configuration(
        &self,
        method: &'static str,
        configuration: &Configuration,
        if_match: Option<&str>,
    ) -> Result<Response<Configuration>> {
        let (id, body) = (configuration.id.as_str(), &configuration.to_body()?);
        check_configuration_id(id)?;
        let request = self
            .core
            .protocol()
            .configuration_create_or_update_request(id, if_match, body);
        Ok(self.core.call(method).send(request).await?)
    }

    /// Reads a configuration.
    ///
    /// REST: `GET /configurations/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the configuration does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let content = iothub_convenience::ConfigurationContent::device([("properties.desired.interval", 5)])?;
    /// # hub.create_configuration(&iothub_convenience::Configuration::new("fast-sensors", content)).await?;
    /// let configuration = hub.get_configuration("fast-sensors").await?.into_model()?;
    /// println!("{:?}", configuration.target_condition);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_configuration(&self, configuration_id: &str) -> Result<Response<Configuration>> {
        check_configuration_id(configuration_id)?;
        let request = self.core.protocol().configuration_get_request(configuration_id);
        Ok(self.core.call("get_configuration").send(request).await?)
    }

    /// Reads all configurations. A hub has at most a hundred.
    ///
    /// REST: `GET /configurations`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// for configuration in hub.get_configurations(None).await?.into_model()? {
    ///     println!("{} targets {:?}", configuration.id, configuration.target_condition);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_configurations(
        &self,
        options: Option<GetConfigurationsOptions>,
    ) -> Result<Response<Vec<Configuration>>> {
        let max_count = count_parameter("max_count", options.unwrap_or_default().max_count)?;
        let request = self
            .core
            .protocol()
            .configuration_get_configurations_request(max_count);
        Ok(self.core.call("get_configurations").send(request).await?)
    }

    /// Deletes a configuration. Twins keep the values that the configuration has set.
    ///
    /// REST: `DELETE /configurations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the configuration has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let content = iothub_convenience::ConfigurationContent::device([("properties.desired.interval", 5)])?;
    /// # hub.create_configuration(&iothub_convenience::Configuration::new("fast-sensors", content)).await?;
    /// let configuration = hub.get_configuration("fast-sensors").await?.into_model()?;
    /// hub.delete_configuration("fast-sensors", configuration.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_configuration(
        &self,
        configuration_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_configuration_id(configuration_id)?;
        let if_match = &precondition.into().quoted()?;
        let request = self
            .core
            .protocol()
            .configuration_delete_request(configuration_id, Some(if_match));
        Ok(self.core.call("delete_configuration").send(request).await?)
    }

    /// Validates a target condition and metric queries on the service. The response lists their errors.
    ///
    /// REST: `POST /configurations/testQueries`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error). Invalid queries are not an error.
    ///
    /// # Example
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// let checked = hub
    ///     .test_configuration_queries("tags.site = 'oslo'", BTreeMap::new())
    ///     .await?
    ///     .into_model()?;
    /// println!("{:?}", checked.target_condition_error);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test_configuration_queries(
        &self,
        target_condition: &str,
        custom_metric_queries: BTreeMap<String, String>,
    ) -> Result<Response<ConfigurationQueriesTestResponse>> {
        if target_condition.is_empty() && custom_metric_queries.is_empty() {
            let reason = "must not be empty if there are no metric queries";
            return Err(Error::invalid_input("target_condition", reason));
        }
        let body = &types::ConfigurationQueriesTestInput {
            target_condition: Some(target_condition.to_owned()),
            custom_metric_queries: Some(custom_metric_queries),
        };
        let request = self.core.protocol().configuration_test_queries_request(body);
        Ok(self.core.call("test_configuration_queries").send(request).await?)
    }

    /// Replaces the module content of one edge device. No configuration may target the device.
    ///
    /// REST: `POST /devices/{id}/applyConfigurationContent`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error). The request is not retried once the service may have processed it.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::ConfigurationContent;
    /// use serde_json::json;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// # let edge = iothub_convenience::CreateOrUpdateDeviceOptions { iot_edge: true, ..Default::default() };
    /// # let status = iothub_convenience::DeviceStatus::Enabled;
    /// # hub.create_device_with_certificate_authority("gateway-1", status, Some(edge)).await?;
    /// let content = ConfigurationContent::edge_modules([
    ///     ("$edgeAgent", json!({"properties.desired": {"schemaVersion": "1.1", "modules": {}}})),
    ///     ("$edgeHub", json!({"properties.desired": {"schemaVersion": "1.1"}})),
    /// ])?;
    /// hub.apply_configuration_content_on_edge_device("gateway-1", &content).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn apply_configuration_content_on_edge_device(
        &self,
        device_id: &str,
        content: &ConfigurationContent,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        let body = &content.to_body()?;
        let request = self
            .core
            .protocol()
            .configuration_apply_on_edge_device_request(device_id, body);
        Ok(self
            .core
            .call("apply_configuration_content_on_edge_device")
            .send(request)
            .await?)
    }
}
