//! Device and module twins.

use iothub_convenience::{Precondition, SymmetricKey, TwinPatch, TwinReplacement};
use serde_json::json;

use super::{ensure, ensure_equal, expect_error, register};
use crate::{Failure, environment::Environment};

/// Checks that patches are merged, versions increase, and a stale ETag is refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn twin_patches_are_merged(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("twin");
    register(hub, id).await?;

    let fresh = hub.get_twin(id).await?.into_model()?;
    ensure_equal(
        "the desired version of a new twin",
        fresh.properties.desired.version(),
        Some(1),
    )?;
    ensure("a new twin has no tags", fresh.tags.is_empty())?;

    let patch = TwinPatch::new()
        .set_tag("place.floor", 2)
        .set_tag("place.room", "B")
        .set_desired("interval", 30)
        .set_desired("empty", json!({}));
    let first = hub
        .update_twin(id, &patch, Precondition::Unconditional)
        .await?
        .into_model()?;
    ensure_equal("the desired version", first.properties.desired.version(), Some(2))?;
    ensure_equal(
        "an empty object is kept",
        first.properties.desired.get("empty"),
        Some(&json!({})),
    )?;

    let unchanged = first.precondition()?;
    let patch = TwinPatch::new().remove_tag("place.room");
    let second = hub.update_twin(id, &patch, &unchanged).await?.into_model()?;
    ensure_equal("the removed tag", second.tags.get("place.room"), None)?;
    ensure_equal("the other tag", second.tags.get("place.floor"), Some(&json!(2)))?;
    ensure_equal(
        "the desired version after a patch of tags",
        second.properties.desired.version(),
        Some(2),
    )?;

    let stale = hub.update_twin(id, &patch, &unchanged).await;
    ensure(
        "a stale patch fails",
        expect_error("a stale patch", stale)?.is_precondition_failed(),
    )?;

    let cleared = hub
        .update_twin(
            id,
            &TwinPatch::new().remove_all_tags(),
            Precondition::Unconditional,
        )
        .await?;
    ensure("all tags are gone", cleared.into_model()?.tags.is_empty())
}

/// Checks that the client refuses an invalid patch before sending a request, and reports all violations.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn invalid_patches_are_refused(environment: &Environment) -> Result<(), Failure> {
    let patch = TwinPatch::new()
        .set_tag("a b", 1)
        .set_desired("list", json!([1, null]))
        .set_desired("$version", 7);
    let result = environment
        .hub
        .update_twin("scenario-twins-impossible", &patch, Precondition::Unconditional)
        .await;
    let error = expect_error("an invalid patch", result)?;
    ensure(
        "the client refuses it",
        error.is_invalid_input() && error.attempts() == 0,
    )?;
    let text = error.to_string();
    for path in [
        r#"tags["a b"]"#,
        "properties.desired.list[1]",
        "properties.desired.$version",
    ] {
        ensure(&format!("the error names {path}: {text}"), text.contains(path))?;
    }
    Ok(())
}

/// Checks that a replacement removes the members that it does not contain, and that a modification of the twin is
/// stored.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn replacements_and_changes(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("replaced-twin");
    register(hub, id).await?;
    let changed = hub
        .modify_twin(id, |twin| {
            twin.tags.set("site", "oslo");
            twin.properties.desired.set("interval", 5);
        })
        .await?;
    ensure_equal("the tag", changed.tags.get("site"), Some(&json!("oslo")))?;
    let contents = TwinReplacement::new().with_desired(json!({"mode": "eco"}));
    let replaced = hub
        .replace_twin(id, &contents, changed.precondition()?)
        .await?
        .into_model()?;
    ensure("the tags are gone", replaced.tags.is_empty())?;
    ensure_equal(
        "the desired properties",
        replaced.properties.desired.to_map().into(),
        json!({"mode": "eco"}),
    )
}

/// Checks that the twin of a module is patched, replaced and modified like that of a device.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn twins_of_modules(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("module-twin");
    register(hub, id).await?;
    let created = hub
        .create_module_with_sas(id, "m", SymmetricKey::generate()?, None)
        .await?
        .into_model()?;
    ensure_equal("the module", created.module_id.as_str(), "m")?;
    let patch = TwinPatch::new().set_tag("a", 1).set_desired("b", 2);
    let first = hub
        .update_module_twin(id, "m", &patch, Precondition::Unconditional)
        .await?
        .into_model()?;
    let read = hub.get_module_twin(id, "m").await?.into_model()?;
    ensure_equal("the ETag", &read.etag, &first.etag)?;
    ensure_equal("the module", read.module_id.as_deref(), Some("m"))?;
    let second = hub
        .modify_module_twin(id, "m", |twin| twin.tags.set("a", 2))
        .await?;
    ensure_equal("the tag", second.tags.get("a"), Some(&json!(2)))?;
    let contents = TwinReplacement::new().with_tags(json!({"c": 3}));
    let stale = hub
        .replace_module_twin(id, "m", &contents, first.precondition()?)
        .await;
    ensure(
        "a stale replacement fails",
        expect_error("a stale replacement", stale)?.is_precondition_failed(),
    )?;
    let third = hub
        .replace_module_twin(id, "m", &contents, second.precondition()?)
        .await?
        .into_model()?;
    ensure_equal("the old tag", third.tags.get("a"), None)?;
    ensure_equal("the new tag", third.tags.get("c"), Some(&json!(3)))
}
