//! Parsing of api-versions.

use time::Date;
use time::macros::format_description;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::store::api_version::ApiVersion;

impl ApiVersion {
    /// Parses the api-version of a request. The service accepts many versions; the emulator accepts every date up to the
    /// newest version.
    pub(crate) fn parse(version: Option<&str>) -> Result<Self> {
        // A missing version is invalid like an empty one.
        let version = version.unwrap_or("");
        let date = version.strip_suffix("-preview").unwrap_or(version);
        let date = Date::parse(date, format_description!("[year]-[month]-[day]"));
        // The date parser also accepts a sign before the year.
        let is_signed = version.starts_with(['+', '-']);
        let newest = Self::NEWEST.0;
        match date {
            Ok(date) if !is_signed && date <= newest => Ok(Self(date)),
            _ => {
                let text = format!(
                    "Invalid api-version \"{version}\"; versions are dates up to {newest}, with or without -preview."
                );
                Err(HubError::new(Code::INVALID_PROTOCOL_VERSION, text))
            }
        }
    }
}
