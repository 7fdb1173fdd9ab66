//! Telemetry on behalf of twins.

use azure_protocol_runtime::DateTime;
use serde::Serialize;
use time::OffsetDateTime;

use crate::client::DigitalTwinsClient;
use crate::digital_twins::body;
use crate::error::Result;

/// Options of [`DigitalTwinsClient::publish_telemetry`].
#[derive(Debug, Clone, Default)]
pub struct PublishTelemetryOptions {
    /// What identifies the message, so that a receiver can drop a repetition; a new UUID if not given.
    pub message_id: Option<String>,
    /// When the values were taken; now if not given.
    pub source_time: Option<OffsetDateTime>,
}

impl DigitalTwinsClient {
    /// Publishes telemetry of a twin. (`POST /digitaltwins/{id}/telemetry`)
    ///
    /// The service neither stores nor checks it: it passes it on by the event routes. When the service is busy or the
    /// connection breaks the message is sent again, with the same id.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such twin.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// client.publish_telemetry("room-1", &serde_json::json!({"humidity": 0.61}), None).await?;
    /// # Ok(()) }
    /// ```
    pub async fn publish_telemetry<T: Serialize>(
        &self,
        twin_id: &str,
        telemetry: &T,
        options: Option<PublishTelemetryOptions>,
    ) -> Result<()> {
        let body = body("telemetry", telemetry)?;
        let (message_id, source_time) = headers(options);
        let request = self.api().digital_twins_send_telemetry_request(
            twin_id,
            &message_id,
            Some(&source_time),
            None,
            None,
            &body,
        );
        self.core.send(request, self.context()).await?;
        Ok(())
    }

    /// Publishes telemetry of a component. (`POST /digitaltwins/{id}/components/{component}/telemetry`)
    ///
    /// See [`publish_telemetry`](Self::publish_telemetry).
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such twin, or if it has no such component.
    pub async fn publish_component_telemetry<T: Serialize>(
        &self,
        twin_id: &str,
        component: &str,
        telemetry: &T,
        options: Option<PublishTelemetryOptions>,
    ) -> Result<()> {
        let body = body("telemetry", telemetry)?;
        let (message_id, source_time) = headers(options);
        let time = Some(source_time.as_str());
        let request = self.api().digital_twins_send_component_telemetry_request(
            twin_id,
            component,
            &message_id,
            time,
            None,
            None,
            &body,
        );
        self.core.send(request, self.context()).await?;
        Ok(())
    }
}

/// `Message-Id` and `Telemetry-Source-Time`.
fn headers(options: Option<PublishTelemetryOptions>) -> (String, String) {
    let PublishTelemetryOptions {
        message_id,
        source_time,
    } = options.unwrap_or_default();
    let message_id = message_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let source_time = DateTime::from(source_time.unwrap_or_else(OffsetDateTime::now_utc));
    (message_id, source_time.to_string())
}
