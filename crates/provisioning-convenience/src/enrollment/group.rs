//! Enrollment groups.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use provisioning_protocol::types;
use serde::{Deserialize, Serialize};

use crate::attestation::Attestation;
use crate::enrollment::individual::expose;
use crate::enrollment::settings::{EnrollmentSettings, body};
use crate::error::Result;
use crate::ids::check_enrollment_group_id;
use crate::secret::exposed;

/// An enrollment that many devices share.
///
/// `Debug` shows no keys, and keys serialize as `REDACTED`.
///
/// # Example
///
/// ```
/// use provisioning_convenience::{Attestation, EnrollmentGroup, SymmetricKeys};
///
/// let attestation = Attestation::symmetric_keys(SymmetricKeys::generate()?);
/// let group = EnrollmentGroup::new("factory-1", attestation);
/// # Ok::<(), provisioning_convenience::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EnrollmentGroup {
    /// Id of the group. Case-insensitive.
    pub enrollment_group_id: String,
    /// Proof of the devices' identity.
    pub attestation: Attestation,
    /// ETag of the version that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// Time of creation. Requests omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<DateTime>,
    /// Time of the last change. Requests omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<DateTime>,
    /// The settings that groups and individual enrollments share. `settings.extra` holds the unknown members of the
    /// group.
    #[serde(flatten)]
    pub settings: EnrollmentSettings,
}

impl EnrollmentGroup {
    /// Creates a group with the default settings.
    #[must_use]
    pub fn new(enrollment_group_id: impl Into<String>, attestation: Attestation) -> Self {
        Self {
            enrollment_group_id: enrollment_group_id.into(),
            attestation,
            etag: None,
            created_date_time_utc: None,
            last_updated_date_time_utc: None,
            settings: EnrollmentSettings::default(),
        }
    }

    /// Sets the settings that groups and individual enrollments share.
    #[must_use]
    pub fn with_settings(mut self, settings: EnrollmentSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns the precondition that the group has not changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the group has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// Checks the group and converts it into a request body.
    pub(crate) fn to_body(&self) -> Result<types::EnrollmentGroup> {
        check_enrollment_group_id(&self.enrollment_group_id)?;
        self.attestation.check_group()?;
        self.settings.check()?;
        let mut body: types::EnrollmentGroup = body("enrollment group", self)?;
        expose(&self.attestation, &mut body.attestation);
        let webhook = &self.settings.custom_allocation_definition;
        if let (Some(webhook), Some(body)) = (webhook, &mut body.custom_allocation_definition) {
            body.webhook_url = exposed(&webhook.webhook_url).unwrap_or_default();
        }
        body.created_date_time_utc = None;
        body.last_updated_date_time_utc = None;
        Ok(body)
    }
}
