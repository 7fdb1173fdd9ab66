//! Configurations.

use std::collections::BTreeMap;

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use iothub_protocol::types;

use crate::client::IotHubRegistryManager;
use crate::configuration::model::{Configuration, ConfigurationContent, ConfigurationQueriesTestResponse};
use crate::devices::count_parameter;
use crate::error::{Error, Result};
use crate::identity::check_device_id;

/// Options of [`IotHubRegistryManager::get_configurations`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetConfigurationsOptions {
    /// How many configurations to ask for. The service returns all, of which there are at most a hundred.
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
    /// [`is_already_exists`](crate::Error::is_already_exists) if it exists.
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
    /// let content = ConfigurationContent::device([("properties.desired.interval", 5)]);
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
    /// Fields that `configuration` does not have are cleared: begin with one that was read. The content must be there and
    /// cannot be changed; the service silently ignores other content.
    ///
    /// REST: `PUT /configurations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if it has been changed,
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
    /// # let content = ConfigurationContent::device([("properties.desired.interval", 5)]);
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
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    pub async fn get_configuration(&self, configuration_id: &str) -> Result<Response<Configuration>> {
        let request = self.core.protocol().configuration_get_request(configuration_id);
        Ok(self.core.call("get_configuration").send(request).await?)
    }

    /// Reads all configurations. A hub has at most a hundred.
    ///
    /// REST: `GET /configurations`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
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

    /// Deletes a configuration. Properties that it has written to twins stay.
    ///
    /// REST: `DELETE /configurations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if it has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    pub async fn delete_configuration(
        &self,
        configuration_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        let if_match = &precondition.into().quoted()?;
        let request = self
            .core
            .protocol()
            .configuration_delete_request(configuration_id, Some(if_match));
        Ok(self.core.call("delete_configuration").send(request).await?)
    }

    /// Has the service check a target condition and metric queries. Mistakes are in the response.
    ///
    /// REST: `POST /configurations/testQueries`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error). Queries with mistakes are no error.
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
    /// let mistakes = hub
    ///     .test_configuration_queries("tags.site = 'oslo'", BTreeMap::new())
    ///     .await?
    ///     .into_model()?;
    /// println!("{:?}", mistakes.target_condition_error);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test_configuration_queries(
        &self,
        target_condition: &str,
        custom_metric_queries: BTreeMap<String, String>,
    ) -> Result<Response<ConfigurationQueriesTestResponse>> {
        if target_condition.is_empty() && custom_metric_queries.is_empty() {
            let reason = "must not be empty if there are no metric queries: there would be nothing to test";
            return Err(Error::invalid_input("target_condition", reason));
        }
        let body = &types::ConfigurationQueriesTestInput {
            target_condition: Some(target_condition.to_owned()),
            custom_metric_queries: Some(custom_metric_queries),
        };
        let request = self.core.protocol().configuration_test_queries_request(body);
        Ok(self.core.call("test_configuration_queries").send(request).await?)
    }

    /// Replaces the content of the modules of one edge device. The device must not be targeted by a configuration.
    ///
    /// REST: `POST /devices/{id}/applyConfigurationContent`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error). Not repeated once it may have reached the service.
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
