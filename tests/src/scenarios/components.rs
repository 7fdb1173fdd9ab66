//! Components: read and changed apart from their twin.

use digitaltwins_convenience::{BasicComponent, ComponentPatch, Precondition, ResponseExt as _};
use serde_json::json;

use super::{equal, holds, put_tank, refused, upload};
use crate::{Failure, environment::Environment};

/// A component is read and patched, and a twin has only those of its model.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_a_component(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("components");
    let (client, id) = (&environment.twins, &environment.twin_id("component"));
    upload(client, name).await?;
    put_tank(client, name, id, 1.0).await?;
    let patch = ComponentPatch::new().replace("open", true)?;
    let updated = client
        .update_component(id, "valve", &patch, Precondition::Unconditional)
        .await?;
    holds("a write gives an ETag", updated.etag().is_some())?;
    let read = client.get_component::<BasicComponent>(id, "valve").await?;
    equal("the property", &read.into_model()?.contents["open"], &json!(true))?;
    let wrong = ComponentPatch::new().replace("open", "wide")?;
    let wrong = client
        .update_component(id, "valve", &wrong, Precondition::Unconditional)
        .await;
    holds(
        "a value of another type does not fit the model",
        refused("a value of another type", wrong)?.is_validation_failed(),
    )?;
    let unknown = client.get_component::<BasicComponent>(id, "lamp").await;
    equal(
        "the status",
        refused("an unknown component", unknown)?.status(),
        Some(404),
    )
}
