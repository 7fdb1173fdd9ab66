//! The service's error codes.

use std::fmt;

use crate::error::code_table::TABLE;

/// A service error code: a number, and a name if the code is known.
///
/// The service returns the name for single calls and the number for bulk operations. Unknown codes have only a
/// number.
///
/// # Example
///
/// ```
/// use iothub_convenience::ErrorCode;
///
/// let code = ErrorCode::from_number(404001);
/// assert_eq!(code, ErrorCode::DEVICE_NOT_FOUND);
/// assert_eq!(code.name(), Some("DeviceNotFound"));
/// assert_eq!(ErrorCode::from_name("DeviceNotFound"), Some(code));
/// assert_eq!(code.http_status(), 404);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub(super) u32);

impl ErrorCode {
    /// Creates the code with this number, which may be unknown.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Returns the code with this name, or `None` if the name is unknown.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(number, _)| Self(*number))
    }

    /// Parses the name of a known code, or the digits of a number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_name(text).or_else(|| text.parse().ok().map(Self))
    }

    /// Returns the number: six digits, the first three of which are the HTTP status.
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
            Some(name) => write!(f, "{} ({})", name, self.0),
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
    fn table_is_sorted_and_names_and_numbers_match() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (number, name) in TABLE {
            assert_eq!(ErrorCode(*number).name(), Some(*name));
            assert_eq!(ErrorCode::from_name(name), Some(ErrorCode(*number)));
            assert!((400..=504).contains(&ErrorCode(*number).http_status()), "{name}");
        }
    }

    /// HUB-ERROR-10.
    #[test]
    fn unknown_codes_keep_their_number() {
        let code = ErrorCode::parse("404999").unwrap();
        assert_eq!(
            (code.name(), code.number(), code.to_string()),
            (None, 404_999, "404999".into())
        );
        assert_eq!(ErrorCode::parse("NoSuchCode"), None);
        assert_eq!(
            format!("{:?}", ErrorCode::DEVICE_NOT_ONLINE),
            "ErrorCode(DeviceNotOnline (404103))"
        );
    }
}
