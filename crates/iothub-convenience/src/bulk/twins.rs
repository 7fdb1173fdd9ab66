//! Bulk twin updates.

use azure_service_core::Precondition;

use crate::bulk::options::BulkOptions;
use crate::bulk::report::BulkReport;
use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::twin::{Twin, TwinPatch};
use crate::twins::TwinId;

/// A twin change in a bulk run.
#[derive(Debug, Clone, PartialEq)]
pub struct TwinUpdate {
    /// The device's id.
    pub device_id: String,
    /// The module's id, if the twin belongs to a module.
    pub module_id: Option<String>,
    /// The patch.
    pub patch: TwinPatch,
    /// The precondition of the change.
    pub precondition: Precondition,
}

impl TwinUpdate {
    /// Creates a change to a device's twin.
    #[must_use]
    pub fn new(
        device_id: impl Into<String>,
        patch: TwinPatch,
        precondition: impl Into<Precondition>,
    ) -> Self {
        Self {
            device_id: device_id.into(),
            module_id: None,
            patch,
            precondition: precondition.into(),
        }
    }
}

/// Bulk twin updates.
impl IotHubRegistryManager {
    /// Changes any number of twins with bounded concurrency, one request per twin.
    ///
    /// The report has the new twin of each successful update. To change all twins that match a condition, use a
    /// [scheduled job](Self::begin_scheduled_job), which needs a single request.
    ///
    /// REST: `PATCH /twins/{id}` and `PATCH /twins/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the
    /// report. A failure that is not specific to one twin stops the run. To resume, call this again with
    /// [`BulkReport::into_unfinished`].
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Precondition, TwinPatch, TwinUpdate};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let patch = TwinPatch::new().set_tag("site", "oslo");
    /// let update = TwinUpdate::new("thermostat-7", patch, Precondition::Unconditional);
    /// let report = hub.update_twins([update], None).await?;
    /// assert!(report.is_successful());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_twins(
        &self,
        updates: impl IntoIterator<Item = TwinUpdate>,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<TwinUpdate, Twin>> {
        self.run_each("update_twins", updates, options, |hub, update: &TwinUpdate| {
            let update = update.clone();
            async move {
                let (method, id) = match &update.module_id {
                    None => ("update_twin", TwinId::device(&update.device_id)?),
                    Some(module_id) => (
                        "update_module_twin",
                        TwinId::module(&update.device_id, module_id)?,
                    ),
                };
                let TwinUpdate {
                    patch, precondition, ..
                } = &update;
                Ok(hub
                    .patch_twin(method, id, patch, precondition)
                    .await?
                    .into_model()?)
            }
        })
        .await
    }
}
