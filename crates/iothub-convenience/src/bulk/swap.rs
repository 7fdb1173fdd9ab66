//! Bulk swaps of primary and secondary keys.

use azure_service_core::{Decision, Precondition, read_modify_write};

use crate::bulk::key_reads::keys_of;
use crate::bulk::options::BulkOptions;
use crate::bulk::report::BulkReport;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::{
    Authentication, CreateOrUpdateDeviceOptions, CreateOrUpdateModuleOptions, Device, DeviceStatus,
    IdentityId, Module, SymmetricKey,
};

/// Key swaps.
impl IotHubRegistryManager {
    /// Swaps the primary and the secondary key of any number of devices and modules with bounded concurrency, and reports the
    /// keys.
    ///
    /// Each identity is read and written conditionally, and keeps all other fields. If an identity is changed between
    /// the read and the write, it is read again. A write whose response is lost is not repeated if a new read shows the
    /// written keys.
    ///
    /// To generate new keys, use [`regenerate_keys`](Self::regenerate_keys).
    ///
    /// REST: `GET` and `PUT /devices/{id}` or `/devices/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the report. An identity
    /// that does not authenticate with symmetric keys fails. A failure that is not specific to one identity stops the run. To
    /// resume, call this again with [`BulkReport::into_unfinished`].
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let report = hub.swap_keys(["thermostat-7"], None).await?;
    /// assert!(report.is_successful());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn swap_keys(
        &self,
        identities: impl IntoIterator<Item = impl Into<IdentityId>>,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<IdentityId, SymmetricKey>> {
        let identities = identities.into_iter().map(Into::into);
        self.run_each("swap_keys", identities, options, |hub, identity: &IdentityId| {
            let IdentityId { device_id, module_id } = identity.clone();
            async move {
                match module_id {
                    None => hub.swap_device_keys(&device_id).await,
                    Some(module_id) => hub.swap_module_keys(&device_id, &module_id).await,
                }
            }
        })
        .await
    }

    async fn swap_device_keys(&self, device_id: &str) -> Result<SymmetricKey> {
        read_modify_write(
            || async { Ok(self.get_device(device_id).await?.into_model()?) },
            |device: Device, unconfirmed| {
                decide(device.authentication.as_ref(), unconfirmed, || {
                    // The write must contain a status, and a guessed status could enable or disable the device.
                    let status = device.status.clone();
                    let status = status.ok_or_else(|| Error::invalid_response("the device has no status"))?;
                    Ok((
                        device.precondition()?,
                        (status, CreateOrUpdateDeviceOptions::from(&device)),
                    ))
                })
            },
            |write: Write<(DeviceStatus, CreateOrUpdateDeviceOptions)>| async move {
                let (authentication, (status, options)) = (write.authentication, write.others);
                self.update_device(
                    device_id,
                    authentication,
                    status,
                    write.precondition,
                    Some(options),
                )
                .await?;
                Ok(write.keys)
            },
        )
        .await
    }

    async fn swap_module_keys(&self, device_id: &str, module_id: &str) -> Result<SymmetricKey> {
        read_modify_write(
            || async { Ok(self.get_module(device_id, module_id).await?.into_model()?) },
            |module: Module, unconfirmed| {
                decide(module.authentication.as_ref(), unconfirmed, || {
                    Ok((module.precondition()?, CreateOrUpdateModuleOptions::from(&module)))
                })
            },
            |write: Write<CreateOrUpdateModuleOptions>| async move {
                let (authentication, options) = (write.authentication, Some(write.others));
                self.update_module(device_id, module_id, authentication, write.precondition, options)
                    .await?;
                Ok(write.keys)
            },
        )
        .await
    }
}

/// A write that replaces the keys of an identity.
#[derive(Debug, Clone)]
struct Write<O> {
    precondition: Precondition,
    keys: SymmetricKey,
    authentication: Authentication,
    /// The fields that do not change.
    others: O,
}

fn decide<O>(
    current: Option<&Authentication>,
    unconfirmed: Option<Write<O>>,
    others: impl FnOnce() -> Result<(Precondition, O)>,
) -> Result<Decision<Write<O>, SymmetricKey>> {
    let keys = keys_of(current)?;
    if unconfirmed.is_some_and(|write| write.keys == keys) {
        return Ok(Decision::Done(keys));
    }
    let keys = keys.swapped();
    let (precondition, others) = others()?;
    Ok(Decision::Write(Write {
        precondition,
        authentication: Authentication {
            symmetric_key: Some(keys.clone()),
            ..current.cloned().unwrap_or_default()
        },
        keys,
        others,
    }))
}
