//! Telemetry of twins and components.

use azure_core::time::OffsetDateTime;
use digitaltwins_convenience::PublishTelemetryOptions;
use serde_json::json;

use super::{ensure, ensure_equal, expect_error, put_tank, upload};
use crate::{Failure, environment::Environment};

/// Checks that telemetry of a twin and its component is accepted, and that telemetry of a missing twin or component is
/// refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn telemetry_of_twins_and_components(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("telemetry");
    let (client, id) = (&environment.twins, &environment.twin_id("telemetry"));
    upload(client, name).await?;
    put_tank(client, name, id, 1.0).await?;
    let reading = json!({"humidity": 0.5});
    let published = client.publish_telemetry(id, &reading, None).await?;
    ensure_equal("the status", u16::from(published.status()), 204)?;
    let options = PublishTelemetryOptions {
        message_id: Some(environment.id("message")),
        source_time: Some(OffsetDateTime::now_utc().into()),
    };
    let published = client
        .publish_component_telemetry(id, "valve", &reading, Some(options))
        .await?;
    ensure_equal("the status", u16::from(published.status()), 204)?;
    let missing = client
        .publish_telemetry(&environment.id("missing"), &reading, None)
        .await;
    ensure(
        "there is no such twin",
        expect_error("telemetry of a missing twin", missing)?.is_not_found(),
    )?;
    let unknown = client
        .publish_component_telemetry(id, "lamp", &reading, None)
        .await;
    ensure(
        "there is no such component",
        expect_error("telemetry of an unknown component", unknown)?.is_not_found(),
    )
}
