//! The api-version of a request, which determines the members of its response.

use time::Date;
use time::macros::date;

/// An api-version by its date. A preview has the members of the version with its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApiVersion(pub(crate) Date);

impl ApiVersion {
    pub(crate) const NEWEST: Self = Self(date!(2026 - 11 - 01));

    /// Returns whether identities and twins have `attributes`.
    pub(crate) fn has_attributes(self) -> bool {
        self.0 >= date!(2024 - 03 - 31)
    }

    /// Returns whether the operation that regenerates keys exists.
    pub(crate) fn has_key_regeneration(self) -> bool {
        self.0 >= date!(2024 - 03 - 31)
    }

    /// Returns whether identities have the members of Azure Device Registry.
    pub(crate) fn has_device_registry(self) -> bool {
        self.0 >= Self::NEWEST.0
    }
}
