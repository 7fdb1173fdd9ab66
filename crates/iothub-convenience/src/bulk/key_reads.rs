//! Bulk reads of keys.

use crate::bulk::options::BulkOptions;
use crate::bulk::report::BulkReport;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::{Authentication, AuthenticationType, IdentityId, SymmetricKey};

/// Bulk reads of keys.
impl IotHubRegistryManager {
    /// Reads the keys of any number of devices and modules with bounded concurrency.
    ///
    /// After [`regenerate_keys`](Self::regenerate_keys) it returns the keys of the identities whose outcome is
    /// [uncertain](BulkReport::uncertain).
    ///
    /// REST: `GET /devices/{id}` and `GET /devices/{id}/modules/{mid}`, once per identity.
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
    /// let report = hub.get_keys(["thermostat-7"], None).await?;
    /// assert!(report.is_successful());
    /// for (identity, keys) in report.done() {
    ///     println!("{identity} has a primary key: {}", keys.primary().is_some());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_keys(
        &self,
        identities: impl IntoIterator<Item = impl Into<IdentityId>>,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<IdentityId, SymmetricKey>> {
        let identities = identities.into_iter().map(Into::into);
        self.run_each("get_keys", identities, options, |hub, identity: &IdentityId| {
            let identity = identity.clone();
            async move {
                let authentication = match &identity.module_id {
                    None => {
                        hub.get_device(&identity.device_id)
                            .await?
                            .into_model()?
                            .authentication
                    }
                    Some(module_id) => {
                        let module = hub.get_module(&identity.device_id, module_id).await?;
                        module.into_model()?.authentication
                    }
                };
                keys_of(authentication.as_ref())
            }
        })
        .await
    }
}

/// Returns the keys of an identity. Fails if it has other credentials, or if the caller may not read keys.
pub(super) fn keys_of(authentication: Option<&Authentication>) -> Result<SymmetricKey> {
    let sas = |kind: &Option<AuthenticationType>| matches!(kind, None | Some(AuthenticationType::Sas));
    let authentication = authentication.filter(|authentication| sas(&authentication.kind));
    authentication
        .and_then(|authentication| authentication.symmetric_key.clone())
        .filter(|keys| keys.primary().is_some())
        .ok_or_else(|| {
            Error::invalid_input(
                "identity",
                "has no symmetric keys; it has other credentials, or the caller lacks the permission to read keys",
            )
        })
}
