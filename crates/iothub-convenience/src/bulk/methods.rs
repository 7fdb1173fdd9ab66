//! Bulk calls of direct methods.

use crate::bulk::options::BulkOptions;
use crate::bulk::report::BulkReport;
use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::methods::{DirectMethod, DirectMethodOutcome};

/// Direct methods on many devices.
impl IotHubRegistryManager {
    /// Calls a method on any number of devices with bounded concurrency, and reports an outcome for each device.
    ///
    /// To call a method on all devices that match a condition, or at a later time, use a
    /// [scheduled job](Self::begin_scheduled_job).
    ///
    /// REST: `POST /twins/{id}/methods`, once per device.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the
    /// report. An offline device or a missing response is a method outcome, so that item counts as done. A failure
    /// that is not specific to one device stops the run. To resume, call this again with
    /// [`BulkReport::into_unfinished`].
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::DirectMethod;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7", "thermostat-8"]).await?;
    /// let reboot = DirectMethod::new("reboot");
    /// let report = hub.invoke_method_on_devices(["thermostat-7", "thermostat-8"], &reboot, None).await?;
    /// for (device_id, outcome) in report.done() {
    ///     println!("{device_id}: {outcome:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn invoke_method_on_devices(
        &self,
        device_ids: impl IntoIterator<Item = impl Into<String>>,
        method: &DirectMethod,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<String, DirectMethodOutcome>> {
        let name = "invoke_method_on_devices";
        let device_ids = device_ids.into_iter().map(Into::into);
        self.run_each(name, device_ids, options, |hub, device_id: &String| {
            let device_id = device_id.clone();
            async move { hub.invoke_device_method(&device_id, method).await }
        })
        .await
    }
}
