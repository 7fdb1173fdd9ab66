//! Api-versions.

use time::Date;
use time::macros::{date, format_description};

use crate::provisioning::errors::{Code, ProvisioningError, Result};

const NEWEST: Date = date!(2026 - 11 - 01);
const NEWEST_PREVIEW: Date = date!(2026 - 11 - 15);

/// An api-version by its date. A preview has the members of the version with its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApiVersion(Date);

impl ApiVersion {
    /// Parses the api-version of a request. The service accepts the published versions; the emulator accepts every date up to
    /// the newest version.
    pub(crate) fn parse(version: Option<&str>) -> Result<Self> {
        // A missing version is invalid like an empty one.
        let version = version.unwrap_or("");
        let (text, newest) = match version.strip_suffix("-preview") {
            Some(text) => (text, NEWEST_PREVIEW),
            None => (version, NEWEST),
        };
        let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
        // The date parser also accepts a sign before the year.
        let is_signed = version.starts_with(['+', '-']);
        match date {
            Ok(date) if !is_signed && date <= newest => Ok(Self(date)),
            _ => {
                let message = format!(
                    "Invalid api-version \"{version}\"; versions are dates up to {NEWEST}, previews up to {NEWEST_PREVIEW}-preview."
                );
                Err(ProvisioningError::new(Code::INVALID_PROTOCOL_VERSION, message))
            }
        }
    }

    /// Returns whether enrollments have the names of Azure Device Registry.
    pub(crate) fn has_device_registry(self) -> bool {
        self.0 >= NEWEST
    }
}
