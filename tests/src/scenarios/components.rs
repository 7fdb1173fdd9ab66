//! Components of twins.

use digitaltwins_convenience::{BasicComponent, ComponentPatch, Precondition, ResponseExt as _};
use serde_json::json;

use super::{ensure, ensure_equal, expect_error, put_tank, upload};
use crate::{Failure, environment::Environment};

/// Checks that a component is read and patched, and that an unknown component and an invalid value are refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn component_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("components");
    let (client, id) = (&environment.twins, &environment.twin_id("component"));
    upload(client, name).await?;
    put_tank(client, name, id, 1.0).await?;
    let patch = ComponentPatch::new().replace("open", true)?;
    let updated = client
        .update_component(id, "valve", &patch, Precondition::Unconditional)
        .await?;
    ensure("a write returns an ETag", updated.etag().is_some())?;
    let read = client.get_component::<BasicComponent>(id, "valve").await?;
    ensure_equal("the property", &read.into_model()?.contents["open"], &json!(true))?;
    let wrong = ComponentPatch::new().replace("open", "wide")?;
    let wrong = client
        .update_component(id, "valve", &wrong, Precondition::Unconditional)
        .await;
    ensure(
        "a value of another type does not fit the model",
        expect_error("a value of another type", wrong)?.is_validation_failed(),
    )?;
    let unknown = client.get_component::<BasicComponent>(id, "lamp").await;
    ensure_equal(
        "the status",
        expect_error("an unknown component", unknown)?.status(),
        Some(404),
    )
}
