//! Device twins: tags and desired properties under optimistic concurrency.

use iothub_convenience::{Precondition, TwinPatch};
use serde_json::json;

use super::{equal, holds, refused, register, unregister};
use crate::{Failure, environment::Environment};

/// Patches are merged, versions increase, and a stale ETag is refused.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn twin_patches_are_merged(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = "scenario-twins-merge";
    unregister(hub, id).await?;
    register(hub, id).await?;

    let fresh = hub.get_twin(id).await?.into_model()?;
    equal(
        "the desired version of a new twin",
        fresh.properties.desired.version(),
        Some(1),
    )?;
    holds("a new twin has no tags", fresh.tags.is_empty())?;

    let patch = TwinPatch::new()
        .set_tag("place.floor", 2)
        .set_tag("place.room", "B")
        .set_desired("interval", 30)
        .set_desired("empty", json!({}));
    let first = hub
        .update_twin(id, &patch, Precondition::Unconditional)
        .await?
        .into_model()?;
    equal("the desired version", first.properties.desired.version(), Some(2))?;
    equal(
        "an empty object survives",
        first.properties.desired.get("empty"),
        Some(&json!({})),
    )?;

    let unchanged = first.precondition()?;
    let patch = TwinPatch::new().remove_tag("place.room");
    let second = hub.update_twin(id, &patch, &unchanged).await?.into_model()?;
    equal("the removed tag", second.tags.get("place.room"), None)?;
    equal("the other tag", second.tags.get("place.floor"), Some(&json!(2)))?;
    equal(
        "the desired version after a patch of tags",
        second.properties.desired.version(),
        Some(2),
    )?;

    let stale = hub.update_twin(id, &patch, &unchanged).await;
    holds(
        "a stale patch fails",
        refused("a stale patch", stale)?.is_precondition_failed(),
    )?;

    let cleared = hub
        .update_twin(
            id,
            &TwinPatch::new().remove_all_tags(),
            Precondition::Unconditional,
        )
        .await?;
    holds("all tags are gone", cleared.into_model()?.tags.is_empty())?;
    unregister(hub, id).await
}

/// The client refuses an invalid patch before a request is sent, with all reasons at once.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn invalid_patches_are_refused(environment: &Environment) -> Result<(), Failure> {
    let patch = TwinPatch::new()
        .set_tag("a b", 1)
        .set_desired("list", json!([1, null]))
        .set_desired("$version", 7);
    let result = environment
        .hub
        .update_twin("scenario-twins-impossible", &patch, Precondition::Unconditional)
        .await;
    let error = refused("an invalid patch", result)?;
    holds(
        "the client refuses it",
        error.is_invalid_input() && error.attempts() == 0,
    )?;
    let text = error.to_string();
    for path in [
        r#"tags["a b"]"#,
        "properties.desired.list[1]",
        "properties.desired.$version",
    ] {
        holds(&format!("the error names {path}: {text}"), text.contains(path))?;
    }
    Ok(())
}
