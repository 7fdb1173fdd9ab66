//! Entries of bulk operations on the identity registry.

use azure_service_core::Precondition;
use iothub_protocol::types;

use crate::error::{Error, Result};
use crate::identity::{
    Authentication, CreateOrUpdateDeviceOptions, DeviceStatus, SymmetricKey, X509Thumbprint, check_device_id,
    check_module_id, check_new_module_id,
};
use crate::twin::TwinPatch;

/// An operation on one identity in a bulk run.
///
/// `Debug` shows no keys.
///
/// # Example
///
/// ```
/// use iothub_convenience::{Precondition, RegistryEntry, SymmetricKey, TwinPatch};
///
/// let entries = [
///     RegistryEntry::create("thermostat-7")
///         .with_sas(SymmetricKey::generate()?)
///         .with_twin(TwinPatch::new().set_tag("site", "oslo")),
///     RegistryEntry::delete("thermostat-6", Precondition::Unconditional),
/// ];
/// # Ok::<(), iothub_convenience::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RegistryEntry {
    action: Action,
    device_id: String,
    module_id: Option<String>,
    precondition: Precondition,
    status: Option<DeviceStatus>,
    authentication: Option<Authentication>,
    options: Option<CreateOrUpdateDeviceOptions>,
    twin: Option<TwinPatch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    CreateOrUpdate,
    Update,
    Delete,
    UpdateTwin,
}

impl RegistryEntry {
    fn new(action: Action, device_id: impl Into<String>, precondition: Precondition) -> Self {
        Self {
            action,
            device_id: device_id.into(),
            module_id: None,
            precondition,
            // The service requires a status when it creates or updates devices.
            status: (!matches!(action, Action::Delete | Action::UpdateTwin)).then_some(DeviceStatus::Enabled),
            authentication: None,
            options: None,
            twin: None,
        }
    }

    /// Creates a device, enabled by default. The entry fails if the device exists.
    #[must_use]
    pub fn create(device_id: impl Into<String>) -> Self {
        Self::new(Action::Create, device_id, Precondition::Unconditional)
    }

    /// Creates a device, or replaces its identity if it exists.
    #[must_use]
    pub fn create_or_update(device_id: impl Into<String>, precondition: impl Into<Precondition>) -> Self {
        Self::new(Action::CreateOrUpdate, device_id, precondition.into())
    }

    /// Replaces the identity of a device. The entry fails if the device does not exist.
    #[must_use]
    pub fn update(device_id: impl Into<String>, precondition: impl Into<Precondition>) -> Self {
        Self::new(Action::Update, device_id, precondition.into())
    }

    /// Deletes a device. The entry fails if the device does not exist.
    #[must_use]
    pub fn delete(device_id: impl Into<String>, precondition: impl Into<Precondition>) -> Self {
        Self::new(Action::Delete, device_id, precondition.into())
    }

    /// Changes tags and desired properties of a device. The precondition applies to the twin. The entry fails if the
    /// device does not exist.
    #[must_use]
    pub fn update_twin(
        device_id: impl Into<String>,
        patch: TwinPatch,
        precondition: impl Into<Precondition>,
    ) -> Self {
        Self::new(Action::UpdateTwin, device_id, precondition.into()).with_twin(patch)
    }

    /// Applies the entry to a module of the device. Modules have no status.
    #[must_use]
    pub fn with_module(mut self, module_id: impl Into<String>) -> Self {
        self.module_id = Some(module_id.into());
        self.status = None;
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: DeviceStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the credentials. By default the service generates keys.
    #[must_use]
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = Some(authentication);
        self
    }

    /// Sets symmetric keys.
    #[must_use]
    pub fn with_sas(self, keys: SymmetricKey) -> Self {
        self.with_authentication(Authentication::sas(keys))
    }

    /// Sets thumbprints of certificates.
    #[must_use]
    pub fn with_x509(self, thumbprint: X509Thumbprint) -> Self {
        self.with_authentication(Authentication::x509(thumbprint))
    }

    /// Sets authentication with certificates signed by a certificate authority that is registered with the hub.
    #[must_use]
    pub fn with_certificate_authority(self) -> Self {
        self.with_authentication(Authentication::certificate_authority())
    }

    /// Sets the remaining fields of the device.
    #[must_use]
    pub fn with_options(mut self, options: CreateOrUpdateDeviceOptions) -> Self {
        self.options = Some(options);
        self
    }

    /// Sets tags and desired properties.
    #[must_use]
    pub fn with_twin(mut self, patch: TwinPatch) -> Self {
        self.twin = Some(patch);
        self
    }

    /// Returns the device's id.
    #[must_use]
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// Returns the module's id, if the entry is for a module.
    #[must_use]
    pub fn module_id(&self) -> Option<&str> {
        self.module_id.as_deref()
    }

    /// Returns the request body. Fails if an id, the credentials, the options, the precondition or the twin are
    /// invalid, or if the entry has values that bulk operations cannot send.
    pub(super) fn to_body(&self) -> Result<types::ExportImportDevice> {
        check_device_id(&self.device_id)?;
        match (&self.module_id, self.action) {
            (None, _) => {}
            (Some(module_id), Action::Create) => check_new_module_id(module_id)?,
            (Some(module_id), _) => check_module_id(module_id)?,
        }
        let options = self.options.clone().unwrap_or_default();
        options.check()?;
        if options.attributes.is_some() {
            let reason = "cannot be sent in a bulk operation; set them with update_device or update_module";
            return Err(Error::invalid_input("attributes", reason));
        }
        let mut body = types::ExportImportDevice {
            id: Some(self.device_id.clone()),
            module_id: self.module_id.clone(),
            import_mode: Some(self.import_mode()),
            status: self.status.as_ref().map(wire_status),
            status_reason: options.status_reason,
            authentication: self
                .authentication
                .as_ref()
                .map(Authentication::to_body)
                .transpose()?,
            capabilities: self.options.as_ref().map(|options| types::DeviceCapabilities {
                iot_edge: Some(options.iot_edge),
                ..Default::default()
            }),
            device_scope: options.device_scope,
            parent_scopes: options.parent_scopes,
            ..Default::default()
        };
        if let Some(etag) = self.etag()? {
            match self.action {
                Action::UpdateTwin => body.twin_e_tag = Some(etag),
                _ => body.e_tag = Some(etag),
            }
        }
        if let Some(twin) = &self.twin {
            twin.validate()?;
            let sections = twin.sections();
            body.tags = match &sections.tags {
                Some(None) => {
                    let reason = "cannot remove all tags in a bulk operation; remove them one by one";
                    return Err(Error::invalid_input("twin", reason));
                }
                tags => tags.clone().flatten(),
            };
            body.properties = sections.desired.clone().map(|desired| types::PropertyContainer {
                desired: Some(desired),
                reported: None,
            });
        }
        Ok(body)
    }

    /// Returns the ETag of the precondition without quotes, as bulk operations require.
    fn etag(&self) -> Result<Option<String>> {
        match &self.precondition {
            Precondition::Unconditional => Ok(None),
            Precondition::IfMatch(_) => Ok(Some(bare(&self.precondition.quoted()?))),
        }
    }

    fn import_mode(&self) -> types::ExportImportDeviceImportMode {
        use types::ExportImportDeviceImportMode as Mode;
        let conditional = self.precondition != Precondition::Unconditional;
        match (self.action, conditional) {
            (Action::Create, _) => Mode::Create,
            (Action::CreateOrUpdate, false) => Mode::CreateOrUpdate,
            (Action::CreateOrUpdate, true) => Mode::CreateOrUpdateIfMatchETag,
            (Action::Update, false) => Mode::Update,
            (Action::Update, true) => Mode::UpdateIfMatchETag,
            (Action::Delete, false) => Mode::Delete,
            (Action::Delete, true) => Mode::DeleteIfMatchETag,
            (Action::UpdateTwin, false) => Mode::UpdateTwin,
            (Action::UpdateTwin, true) => Mode::UpdateTwinIfMatchETag,
        }
    }
}

/// Removes quotes and the weakness indicator from an ETag.
fn bare(etag: &str) -> String {
    etag.strip_prefix("W/")
        .unwrap_or(etag)
        .trim_matches('"')
        .to_owned()
}

fn wire_status(status: &DeviceStatus) -> types::ExportImportDeviceStatus {
    match status {
        DeviceStatus::Enabled => types::ExportImportDeviceStatus::Enabled,
        DeviceStatus::Disabled => types::ExportImportDeviceStatus::Disabled,
        DeviceStatus::UnknownValue(text) => types::ExportImportDeviceStatus::UnknownValue(text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::Etag;

    #[test]
    fn etags_are_sent_without_quotes() {
        for etag in ["MTIz", "\"MTIz\"", "W/\"MTIz\""] {
            let precondition = Precondition::IfMatch(Etag::from(etag));
            let body = RegistryEntry::delete("d", precondition).to_body().unwrap();
            assert_eq!(body.e_tag.as_deref(), Some("MTIz"), "{etag}");
        }
    }
}
