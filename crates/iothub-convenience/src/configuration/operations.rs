//! Configurations.

use std::collections::BTreeMap;

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use iothub_protocol::types;
use iothub_protocol::types::ConfigurationQueriesTestResponse;

use super::model::{Configuration, ConfigurationContent};
use crate::client::{IotHubRegistryManager, plain, retype, without_body};
use crate::error::Result;
use crate::identity::check_device_id;

/// Automatic configurations and edge deployments.
impl IotHubRegistryManager {
    /// Creates a configuration.
    ///
    /// REST: `PUT /configurations/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) if it exists already.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Configuration, ConfigurationContent};
    /// use serde_json::json;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let content = ConfigurationContent::device([("properties.desired.interval", json!(5))]);
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
        self.put_configuration(configuration, None).await
    }

    /// Changes target condition, priority, labels and metrics of a configuration.
    ///
    /// What `configuration` does not say is cleared: begin with one that was read. The content must be there and
    /// cannot be changed; the service ignores another one without a word.
    ///
    /// REST: `PUT /configurations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if it has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn update_configuration(
        &self,
        configuration: &Configuration,
        precondition: Precondition,
    ) -> Result<Response<Configuration>> {
        self.put_configuration(configuration, Some(&precondition.quoted()?))
            .await
    }

    async fn put_configuration(
        &self,
        configuration: &Configuration,
        if_match: Option<&str>,
    ) -> Result<Response<Configuration>> {
        let (id, body) = (configuration.id.as_str(), &configuration.to_body()?);
        let request = self
            .api()
            .configuration_create_or_update_request(id, if_match, body);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads a configuration.
    ///
    /// REST: `GET /configurations/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn get_configuration(&self, configuration_id: &str) -> Result<Response<Configuration>> {
        let request = self.api().configuration_get_request(configuration_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Reads all configurations. A hub has at most a hundred, which the service gives whatever `max_count` is.
    ///
    /// REST: `GET /configurations`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_configurations(&self, max_count: Option<i32>) -> Result<Response<Vec<Configuration>>> {
        let request = self.api().configuration_get_configurations_request(max_count);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Deletes a configuration. What it has written to twins stays.
    ///
    /// REST: `DELETE /configurations/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if it has been changed,
    /// [`is_not_found`](crate::Error::is_not_found) if there is none.
    pub async fn delete_configuration(
        &self,
        configuration_id: &str,
        precondition: Precondition,
    ) -> Result<Response<(), NoFormat>> {
        let if_match = &precondition.quoted()?;
        let request = self
            .api()
            .configuration_delete_request(configuration_id, Some(if_match));
        Ok(without_body(self.core.send(request, plain()).await?))
    }

    /// Lets the service check a target condition and metric queries. Mistakes are in the answer, by the names of the
    /// queries.
    ///
    /// REST: `POST /configurations/testQueries`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error). Queries with mistakes are no error.
    pub async fn test_configuration_queries(
        &self,
        target_condition: &str,
        custom_metric_queries: BTreeMap<String, String>,
    ) -> Result<Response<ConfigurationQueriesTestResponse>> {
        let body = &types::ConfigurationQueriesTestInput {
            target_condition: Some(target_condition.to_owned()),
            custom_metric_queries: Some(custom_metric_queries),
        };
        let request = self.api().configuration_test_queries_request(body);
        Ok(self.core.send(request, plain()).await?)
    }

    /// Writes content to the modules of one edge device, in place of what it has. The device must not be targeted by a
    /// configuration.
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
            .api()
            .configuration_apply_on_edge_device_request(device_id, body);
        Ok(without_body(self.core.send(request, plain()).await?))
    }
}
