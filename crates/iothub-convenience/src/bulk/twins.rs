//! Many twins at once.

use azure_service_core::Precondition;

use super::report::{BulkOptions, BulkReport};
use super::run::run_each;
use crate::client::IotHubRegistryManager;
use crate::twin::{Twin, TwinPatch};
use crate::twins::TwinId;

/// What to change in one of many twins.
#[derive(Debug, Clone, PartialEq)]
pub struct TwinUpdate {
    /// The device's id.
    pub device_id: String,
    /// The module's id, if it is the twin of a module.
    pub module_id: Option<String>,
    /// What to change.
    pub patch: TwinPatch,
    /// On which version of the twin the change depends.
    pub precondition: Precondition,
}

impl TwinUpdate {
    /// A change of a device's twin.
    #[must_use]
    pub fn new(device_id: impl Into<String>, patch: TwinPatch, precondition: Precondition) -> Self {
        Self {
            device_id: device_id.into(),
            module_id: None,
            patch,
            precondition,
        }
    }
}

/// Many twins at once.
impl IotHubRegistryManager {
    /// Changes any number of twins, each with a request of its own, a few at a time.
    ///
    /// The report has the ETag-bearing twin of each update that was done. To change all twins that meet a condition,
    /// a scheduled job needs a single request.
    ///
    /// REST: `PATCH /twins/{id}` and `PATCH /twins/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// None: all failures are in the report. A failure that is not about its own twin stops the work; call again with
    /// [`BulkReport::into_unfinished`] to go on.
    pub async fn update_twins(
        &self,
        updates: impl IntoIterator<Item = TwinUpdate>,
        options: Option<BulkOptions>,
    ) -> BulkReport<TwinUpdate, Twin> {
        run_each(updates, options, |update| {
            let (hub, update) = (self.clone(), update.clone());
            async move {
                let id = match &update.module_id {
                    None => TwinId::device(&update.device_id)?,
                    Some(module_id) => TwinId::module(&update.device_id, module_id)?,
                };
                let response = hub.patch_twin(id, &update.patch, &update.precondition).await?;
                Ok(response.into_model()?)
            }
        })
        .await
    }
}
