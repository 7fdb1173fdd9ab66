//! Individual enrollments.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use provisioning_protocol::types;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attestation::Attestation;
use crate::enrollment::settings::{EnrollmentSettings, body};
use crate::error::Result;
use crate::ids::check_registration_id;
use crate::registration::Registration;
use crate::secret::exposed;

/// The enrollment of one device.
///
/// `Debug` shows no keys, and keys serialize as `REDACTED`.
///
/// # Example
///
/// ```
/// use provisioning_convenience::{Attestation, IndividualEnrollment, SymmetricKeys};
///
/// let attestation = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
/// let enrollment = IndividualEnrollment::new("sensor-7", attestation).with_device_id("oslo-sensor-7");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IndividualEnrollment {
    /// Registration id of the device. Case-insensitive.
    pub registration_id: String,
    /// Id of the device in its hub. Default: the registration id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// Proof of the device's identity.
    pub attestation: Attestation,
    /// State of the device's registration. Requests omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_state: Option<Registration>,
    /// Information about the device for the allocation webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional_device_information: Option<Map<String, Value>>,
    /// ETag of the version that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// Time of creation. Requests omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<DateTime>,
    /// Time of the last change. Requests omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<DateTime>,
    /// The settings that individual enrollments and groups share. `settings.extra` holds the unknown members of the
    /// enrollment.
    #[serde(flatten)]
    pub settings: EnrollmentSettings,
}

impl IndividualEnrollment {
    /// Creates an enrollment with the default settings.
    #[must_use]
    pub fn new(registration_id: impl Into<String>, attestation: Attestation) -> Self {
        Self {
            registration_id: registration_id.into(),
            device_id: None,
            attestation,
            registration_state: None,
            optional_device_information: None,
            etag: None,
            created_date_time_utc: None,
            last_updated_date_time_utc: None,
            settings: EnrollmentSettings::default(),
        }
    }

    /// Sets the id of the device in its hub.
    #[must_use]
    pub fn with_device_id(mut self, device_id: impl Into<String>) -> Self {
        self.device_id = Some(device_id.into());
        self
    }

    /// Sets the settings that individual enrollments and groups share.
    #[must_use]
    pub fn with_settings(mut self, settings: EnrollmentSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns the precondition that the enrollment has not changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the enrollment has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// Checks the enrollment and converts it into a request body.
    pub(crate) fn to_body(&self) -> Result<types::IndividualEnrollment> {
        check_registration_id(&self.registration_id)?;
        self.attestation.check_individual()?;
        self.settings.check()?;
        let mut body: types::IndividualEnrollment = body("enrollment", self)?;
        expose(&self.attestation, &mut body.attestation);
        let webhook = &self.settings.custom_allocation_definition;
        if let (Some(webhook), Some(body)) = (webhook, &mut body.custom_allocation_definition) {
            body.webhook_url = exposed(&webhook.webhook_url).unwrap_or_default();
        }
        body.registration_state = None;
        body.created_date_time_utc = None;
        body.last_updated_date_time_utc = None;
        Ok(body)
    }
}

/// Copies the keys from `attestation` into `body`, which contains `REDACTED` in their place.
pub(super) fn expose(attestation: &Attestation, body: &mut types::AttestationMechanism) {
    if let (Some(keys), Some(body)) = (&attestation.symmetric_key, &mut body.symmetric_key) {
        body.primary_key = exposed(&keys.primary);
        body.secondary_key = exposed(&keys.secondary);
    }
}
