//! The service's error codes.

use std::fmt;

/// The known codes, sorted by number.
const TABLE: &[(u32, &str)] = &[
    (400207, "CustomAllocationFailed"),
    (400208, "CustomAllocationIotHubNotSpecified"),
    (400209, "CustomAllocationUnauthorizedAccess"),
    (401002, "Unauthorized"),
    (404201, "EnrollmentNotFound"),
    (404202, "RegistrationNotFound"),
];

/// A numeric error code of the service: the HTTP status followed by three digits.
///
/// # Example
///
/// ```
/// use provisioning_convenience::ErrorCode;
///
/// let code = ErrorCode::from_number(404201);
/// assert_eq!(code, ErrorCode::ENROLLMENT_NOT_FOUND);
/// assert_eq!(code.http_status(), 404);
/// assert_eq!(code.to_string(), "EnrollmentNotFound (404201)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(u32);

impl ErrorCode {
    /// The allocation webhook failed, or its response is invalid.
    pub const CUSTOM_ALLOCATION_FAILED: Self = Self(400207);
    /// The allocation webhook returned no hub.
    pub const CUSTOM_ALLOCATION_IOT_HUB_NOT_SPECIFIED: Self = Self(400208);
    /// The allocation webhook did not accept the request's credential.
    pub const CUSTOM_ALLOCATION_UNAUTHORIZED_ACCESS: Self = Self(400209);
    /// The service did not accept the credential or the certificate.
    pub const UNAUTHORIZED: Self = Self(401002);
    /// The enrollment does not exist.
    pub const ENROLLMENT_NOT_FOUND: Self = Self(404201);
    /// The registration does not exist.
    pub const REGISTRATION_NOT_FOUND: Self = Self(404202);

    /// Creates a code from its number, which need not be a known one.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Parses a code from its decimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the name, or `None` if the code is unknown.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let index = TABLE.binary_search_by_key(&self.0, |(number, _)| *number).ok()?;
        TABLE.get(index).map(|(_, name)| *name)
    }

    /// Returns the HTTP status of the code.
    #[must_use]
    pub const fn http_status(self) -> u32 {
        self.0 / 1000
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_unknown_codes_keep_their_number() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        let code = ErrorCode::parse("409999").unwrap();
        assert_eq!(
            (code.name(), code.number(), code.to_string()),
            (None, 409_999, "409999".into())
        );
        assert_eq!(ErrorCode::parse("NotFound"), None);
        assert_eq!(
            format!("{:?}", ErrorCode::UNAUTHORIZED),
            "ErrorCode(Unauthorized (401002))"
        );
    }
}
