//! Telemetry of twins and components.

use azure_core::http::{NoFormat, Response};
use azure_protocol_runtime::DateTime;
use azure_service_core::rename_parameters;
use serde::Serialize;
use time::OffsetDateTime;

use crate::client::DigitalTwinsClient;
use crate::components::COMPONENT_NAMES;
use crate::digital_twins::body;
use crate::error::{Error, Result};
use crate::ids;

/// Options of [`DigitalTwinsClient::publish_telemetry`] and
/// [`publish_component_telemetry`](DigitalTwinsClient::publish_component_telemetry).
#[derive(Debug, Clone, Default)]
pub struct PublishTelemetryOptions {
    /// The message id, which lets receivers drop duplicates. Default: a new UUID.
    pub message_id: Option<String>,
    /// The time at which the values were measured. Default: now.
    pub source_time: Option<DateTime>,
}

/// Telemetry.
impl DigitalTwinsClient {
    /// Publishes telemetry of a twin. (`POST /digitaltwins/{id}/telemetry`)
    ///
    /// The service neither stores nor validates telemetry; it sends it to the endpoints of the event routes. Retries
    /// reuse the message id.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if the twin does not exist.
    /// * [`is_invalid_input`](Error::is_invalid_input) if the message id is not printable ASCII.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use serde_json::json;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// client.publish_telemetry("room-1", json!({"humidity": 0.61}), None).await?;
    /// # Ok(()) }
    /// ```
    pub async fn publish_telemetry(
        &self,
        twin_id: &str,
        telemetry: impl Serialize,
        options: Option<PublishTelemetryOptions>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("twin_id", twin_id)?;
        let body = body("telemetry", &telemetry)?;
        let (message_id, source_time) = headers(options)?;
        let request = self.api().digital_twins_send_telemetry_request(
            twin_id,
            &message_id,
            Some(&source_time),
            None,
            None,
            &body,
        );
        let request = rename_parameters(request, COMPONENT_NAMES);
        Ok(self.core.call("publish_telemetry").send(request).await?)
    }

    /// Publishes telemetry of a component. (`POST /digitaltwins/{id}/components/{component}/telemetry`)
    ///
    /// See [`publish_telemetry`](Self::publish_telemetry).
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the twin or the component does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::PublishTelemetryOptions;
    /// use serde_json::json;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let options = PublishTelemetryOptions { message_id: Some("reading-17".to_owned()), ..Default::default() };
    /// client.publish_component_telemetry("room-1", "thermostat", json!({"humidity": 0.58}), Some(options)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn publish_component_telemetry(
        &self,
        twin_id: &str,
        component: &str,
        telemetry: impl Serialize,
        options: Option<PublishTelemetryOptions>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("twin_id", twin_id)?;
        let body = body("telemetry", &telemetry)?;
        let (message_id, source_time) = headers(options)?;
        let request = self.api().digital_twins_send_component_telemetry_request(
            twin_id,
            component,
            &message_id,
            Some(&source_time),
            None,
            None,
            &body,
        );
        let request = rename_parameters(request, COMPONENT_NAMES);
        Ok(self
            .core
            .call("publish_component_telemetry")
            .send(request)
            .await?)
    }
}

/// Returns the values of the headers `Message-Id` and `Telemetry-Source-Time`.
fn headers(options: Option<PublishTelemetryOptions>) -> Result<(String, String)> {
    let PublishTelemetryOptions {
        message_id,
        source_time,
    } = options.unwrap_or_default();
    let message_id = message_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    if !message_id.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        let reason = format!("must be printable ASCII, not {message_id:?}");
        return Err(Error::invalid_input("message_id", reason));
    }
    let source_time = source_time.unwrap_or_else(|| OffsetDateTime::now_utc().into());
    Ok((message_id, source_time.to_string()))
}
