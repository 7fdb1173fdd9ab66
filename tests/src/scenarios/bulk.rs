//! Bulk operations on devices.

use iothub_convenience::{
    BulkOptions, DirectMethod, DirectMethodOutcome, ErrorCode, Precondition, RegistryEntry, TwinPatch,
    TwinUpdate,
};
use serde_json::json;

use super::{ensure, ensure_equal};
use crate::{Failure, environment::Environment};

/// Checks that bulk operations create devices, change their twins and call a method, with a result for each device.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn bulk_operations(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let ids = ["bulk-0", "bulk-1", "bulk-2"].map(|name| environment.device_id(name));
    let missing = environment.id("missing");
    let few = || {
        Some(BulkOptions {
            max_concurrency: 2,
            ..Default::default()
        })
    };
    let tagged = |id: &String| RegistryEntry::create(id).with_twin(TwinPatch::new().set_tag("site", "oslo"));
    let report = hub
        .bulk_create_or_update_devices(ids.iter().map(tagged), few())
        .await?;
    ensure("all are created", report.is_successful())?;
    let again = hub
        .bulk_create_or_update_devices(ids.iter().map(tagged), few())
        .await?;
    let codes: Vec<_> = again.failed().map(|(_, failure)| failure.code).collect();
    ensure_equal(
        "the codes",
        codes,
        vec![Some(ErrorCode::DEVICE_ALREADY_EXISTS); 3],
    )?;

    let update = |id: &String| {
        TwinUpdate::new(
            id,
            TwinPatch::new().set_desired("on", true),
            Precondition::Unconditional,
        )
    };
    let updates = ids.iter().chain([&missing]).map(update);
    let report = hub.update_twins(updates, few()).await?;
    for (_, twin) in report.done() {
        ensure_equal("the tag", twin.tags.get("site"), Some(&json!("oslo")))?;
        ensure_equal(
            "the property",
            twin.properties.desired.get("on"),
            Some(&json!(true)),
        )?;
    }
    ensure_equal("the number of twins", report.done().count(), 3)?;
    let failed: Vec<_> = report.failed().map(|(update, _)| &update.device_id).collect();
    ensure_equal("the failure", failed, vec![&missing])?;

    let method = DirectMethod::new("reboot");
    let report = hub.invoke_method_on_devices(ids, &method, few()).await?;
    let outcomes: Vec<_> = report.done().map(|(_, outcome)| outcome.clone()).collect();
    ensure_equal("the outcomes", outcomes, vec![DirectMethodOutcome::Offline; 3])
}
