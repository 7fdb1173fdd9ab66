//! Bulk key changes.

use azure_service_core::{Decision, Precondition, read_modify_write};

use crate::bulk::options::BulkOptions;
use crate::bulk::report::BulkReport;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::{
    AuthenticationType, CreateOrUpdateDeviceOptions, Device, DeviceStatus, KeySlot, SymmetricKey,
};

/// A change of a device's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyChange {
    /// Generates a new primary key. Devices that use the secondary key stay connected.
    Primary,
    /// Generates a new secondary key. Devices that use the primary key stay connected.
    Secondary,
    /// Generates two new keys. Devices that use the old keys can no longer connect.
    Both,
    /// Swaps the primary and the secondary key.
    Swap,
}

impl KeyChange {
    fn apply(self, keys: SymmetricKey) -> Result<SymmetricKey> {
        Ok(match self {
            Self::Primary => keys.with_new(KeySlot::Primary)?,
            Self::Secondary => keys.with_new(KeySlot::Secondary)?,
            Self::Both => SymmetricKey::generate()?,
            Self::Swap => keys.swapped(),
        })
    }
}

/// Bulk key changes.
impl IotHubRegistryManager {
    /// Changes the keys of any number of devices with bounded concurrency, and reports the new keys.
    ///
    /// Each device is read and written conditionally, and keeps all other fields. New keys come from the operating system's
    /// random number generator.
    ///
    /// REST: `GET` and `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the report.
    /// A device that does not authenticate with symmetric keys fails. A failure that is not specific to one device
    /// stops the run. To resume, call this again with [`BulkReport::into_unfinished`].
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::KeyChange;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let report = hub.regenerate_keys(["thermostat-7"], KeyChange::Secondary, None).await?;
    /// for (device_id, _keys) in report.done() {
    ///     println!("{device_id} has a new secondary key");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn regenerate_keys(
        &self,
        device_ids: impl IntoIterator<Item = impl Into<String>>,
        change: KeyChange,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<String, SymmetricKey>> {
        let device_ids = device_ids.into_iter().map(Into::into);
        self.run_each(
            "regenerate_keys",
            device_ids,
            options,
            |hub, device_id: &String| {
                let device_id = device_id.clone();
                async move { hub.change_keys(&device_id, change).await }
            },
        )
        .await
    }

    async fn change_keys(&self, device_id: &str, change: KeyChange) -> Result<SymmetricKey> {
        read_modify_write(
            || async { Ok(self.get_device(device_id).await?.into_model()?) },
            |device, unconfirmed| decide(&device, unconfirmed, change),
            |write: Write| async move {
                let keys = write.keys.clone();
                self.update_device_with_sas(
                    device_id,
                    write.keys,
                    write.status,
                    write.precondition,
                    Some(write.options),
                )
                .await?;
                Ok(keys)
            },
        )
        .await
    }
}

/// A key change for one device.
#[derive(Debug, Clone)]
struct Write {
    precondition: Precondition,
    keys: SymmetricKey,
    status: DeviceStatus,
    options: CreateOrUpdateDeviceOptions,
}

fn decide(
    device: &Device,
    unconfirmed: Option<Write>,
    change: KeyChange,
) -> Result<Decision<Write, SymmetricKey>> {
    let current = keys_of(device)?;
    if unconfirmed.is_some_and(|write| write.keys == current) {
        return Ok(Decision::Done(current));
    }
    Ok(Decision::Write(Write {
        precondition: device.precondition()?,
        keys: change.apply(current)?,
        // If the status were missing, the write would have to choose one.
        status: device
            .status
            .clone()
            .ok_or_else(|| Error::invalid_response("the device has no status"))?,
        options: CreateOrUpdateDeviceOptions::from(device),
    }))
}

fn keys_of(device: &Device) -> Result<SymmetricKey> {
    let sas = |kind: &Option<AuthenticationType>| matches!(kind, None | Some(AuthenticationType::Sas));
    let authentication = device
        .authentication
        .as_ref()
        .filter(|authentication| sas(&authentication.kind));
    authentication
        .and_then(|authentication| authentication.symmetric_key.clone())
        .filter(|keys| keys.primary().is_some())
        .ok_or_else(|| {
            Error::invalid_input(
                "device",
                "does not authenticate with symmetric keys, so it has no keys to change",
            )
        })
}
