//! Telemetry of twins and components.

use azure_core::time::OffsetDateTime;
use digitaltwins_convenience::PublishTelemetryOptions;
use serde_json::json;

use super::{equal, holds, put_tank, refused, upload};
use crate::{Failure, environment::Environment};

/// Telemetry is accepted from a twin and its component, and from nothing else.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn of_twins_and_components(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("telemetry");
    let (client, id) = (&environment.twins, &environment.twin_id("telemetry"));
    upload(client, name).await?;
    put_tank(client, name, id, 1.0).await?;
    let reading = json!({"humidity": 0.5});
    let published = client.publish_telemetry(id, &reading, None).await?;
    equal("the status", u16::from(published.status()), 204)?;
    let options = PublishTelemetryOptions {
        message_id: Some(environment.id("message")),
        source_time: Some(OffsetDateTime::now_utc().into()),
    };
    let published = client
        .publish_component_telemetry(id, "valve", &reading, Some(options))
        .await?;
    equal("the status", u16::from(published.status()), 204)?;
    let nobody = client
        .publish_telemetry(&environment.id("nobody"), &reading, None)
        .await;
    holds(
        "there is no such twin",
        refused("nobody's telemetry", nobody)?.is_not_found(),
    )?;
    let nothing = client
        .publish_component_telemetry(id, "lamp", &reading, None)
        .await;
    holds(
        "there is no such component",
        refused("an unknown component's telemetry", nothing)?.is_not_found(),
    )
}
