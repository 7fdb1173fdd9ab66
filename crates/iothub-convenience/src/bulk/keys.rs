//! New keys for many devices.

use azure_service_core::Precondition;

use super::report::{BulkOptions, BulkReport};
use super::run::run_each;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::{AuthenticationType, Device, DeviceOptions, DeviceStatus, SymmetricKey, WhichKey};

/// How often a device is read and written before somebody else is given precedence for good.
const ROUNDS: u32 = 8;

/// What to do with the keys of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyChange {
    /// A new primary key. Devices with the secondary key go on working.
    Primary,
    /// A new secondary key. Devices with the primary key go on working.
    Secondary,
    /// Two new keys. Devices with the old keys are locked out.
    Both,
    /// The keys exchange their places.
    Swap,
}

impl KeyChange {
    fn apply(self, keys: SymmetricKey) -> Result<SymmetricKey> {
        Ok(match self {
            Self::Primary => keys.with_new(WhichKey::Primary)?,
            Self::Secondary => keys.with_new(WhichKey::Secondary)?,
            Self::Both => SymmetricKey::generate()?,
            Self::Swap => keys.swapped(),
        })
    }
}

/// New keys.
impl IotHubRegistryManager {
    /// Changes the keys of any number of devices, a few at a time, and reports the new ones.
    ///
    /// Each device is read and written with its ETag, so that nothing else about it changes. New keys come from the
    /// operating system's source of randomness.
    ///
    /// REST: `GET` and `PUT /devices/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// None: all failures are in the report. A device that does not use symmetric keys fails. A failure that is not
    /// about its own device stops the work; call again with [`BulkReport::into_unfinished`] to go on.
    pub async fn regenerate_keys(
        &self,
        device_ids: impl IntoIterator<Item = String>,
        change: KeyChange,
        options: Option<BulkOptions>,
    ) -> BulkReport<String, SymmetricKey> {
        run_each(device_ids, options, |device_id| {
            let (hub, device_id) = (self.clone(), device_id.clone());
            async move { hub.change_keys(&device_id, change).await }
        })
        .await
    }

    async fn change_keys(&self, device_id: &str, change: KeyChange) -> Result<SymmetricKey> {
        // The keys of the last write, if its outcome is not certain.
        let mut written: Option<SymmetricKey> = None;
        let mut round = 1;
        loop {
            let device = self.get_device(device_id).await?.into_model()?;
            let current = keys_of(&device)?;
            if let Some(keys) = written.take().filter(|keys| *keys == current) {
                return Ok(keys);
            }
            let keys = change.apply(current)?;
            let etag = device
                .etag
                .clone()
                .ok_or_else(|| Error::invalid_response("the device has no ETag"))?;
            let precondition = Precondition::IfMatch(etag);
            let status = device.status.clone().unwrap_or(DeviceStatus::Enabled);
            let options = Some(DeviceOptions::from(&device));
            match self
                .update_device_with_sas(device_id, precondition, keys.clone(), status, options)
                .await
            {
                Ok(_) => return Ok(keys),
                Err(error) if error.is_precondition_failed() && round < ROUNDS => {
                    // A request that was repeated may have been processed the first time.
                    written = (error.attempts() > 1).then_some(keys);
                    round += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
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
        .ok_or_else(|| Error::invalid_input("device", "does not use symmetric keys"))
}
