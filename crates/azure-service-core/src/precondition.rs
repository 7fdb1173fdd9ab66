//! On which version of a thing a write depends.

use azure_core::http::Etag;
use azure_core::http::headers::Headers;

use crate::error::{Error, Result};
use crate::header::header;

/// On which version of a thing a write depends.
///
/// A parameter of every conditional operation, so that forgetting it is not possible and overwriting is said aloud.
///
/// # Example
///
/// ```
/// use azure_core::http::Etag;
/// use azure_service_core::Precondition;
///
/// let seen = Etag::from("MTIz");
/// assert_eq!(Precondition::IfMatch(seen).quoted()?, "\"MTIz\"");
/// assert_eq!(Precondition::Unconditional.quoted()?, "\"*\"");
/// assert_eq!(Precondition::Unconditional.verbatim()?, None);
/// # Ok::<(), azure_service_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Whatever version there is; what others wrote in between is lost.
    Unconditional,
    /// Only if the current version has this ETag. Fails with
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) otherwise.
    IfMatch(Etag),
}

impl From<Etag> for Precondition {
    fn from(etag: Etag) -> Self {
        Self::IfMatch(etag)
    }
}

impl Precondition {
    /// The `If-Match` header as Digital Twins takes it: the ETag as it is; none if the write is unconditional.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the ETag is empty or cannot stand in a header.
    pub fn verbatim(&self) -> Result<Option<String>> {
        match self {
            Self::Unconditional => Ok(None),
            Self::IfMatch(etag) => checked(etag).map(|etag| Some(etag.to_owned())),
        }
    }

    /// The `If-Match` header as IoT Hub takes it: the ETag in quotes, which the hub's own bodies leave out; `"*"` if
    /// the write is unconditional.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the ETag is empty, has a quote inside or cannot
    /// stand in a header.
    pub fn quoted(&self) -> Result<String> {
        let etag = match self {
            Self::Unconditional => "*",
            Self::IfMatch(etag) => checked(etag)?,
        };
        let opaque = etag.strip_prefix("W/").unwrap_or(etag);
        if opaque.len() > 1 && opaque.starts_with('"') && opaque.ends_with('"') {
            return Ok(etag.to_owned());
        }
        if etag.contains('"') {
            return Err(Error::invalid_input("etag", "must not have a quote inside"));
        }
        Ok(format!("\"{etag}\""))
    }
}

fn checked(etag: &Etag) -> Result<&str> {
    let etag = etag.as_ref();
    if etag.is_empty() || etag == "\"\"" {
        return Err(Error::invalid_input("etag", "must not be empty"));
    }
    if etag.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        return Err(Error::invalid_input("etag", "must be printable ASCII"));
    }
    Ok(etag)
}

/// The ETag that an answer gives in its header: that of the version just read or written.
#[must_use]
pub fn etag(headers: &Headers) -> Option<Etag> {
    header(headers, "etag").map(Etag::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(etag: &str) -> Precondition {
        Precondition::IfMatch(Etag::from(etag))
    }

    #[test]
    fn the_hub_gets_quotes_once() {
        let cases = [
            ("*", "\"*\""),
            ("abc", "\"abc\""),
            ("MTI=", "\"MTI=\""),
            ("\"abc\"", "\"abc\""),
            ("W/\"abc\"", "W/\"abc\""),
        ];
        for (etag, header) in cases {
            assert_eq!(if_match(etag).quoted().unwrap(), header);
        }
        assert_eq!(Precondition::Unconditional.quoted().unwrap(), "\"*\"");
    }

    #[test]
    fn digital_twins_get_it_verbatim() {
        for etag in ["*", "W/\"6d0b\"", "abc"] {
            assert_eq!(if_match(etag).verbatim().unwrap().as_deref(), Some(etag));
        }
        assert_eq!(Precondition::Unconditional.verbatim().unwrap(), None);
    }

    #[test]
    fn what_is_no_etag_is_refused_not_dropped() {
        for etag in ["", "\"\"", "a\r\nx: y", "é"] {
            assert_eq!(
                if_match(etag).verbatim().unwrap_err().parameter(),
                Some("etag"),
                "{etag:?}"
            );
            assert!(
                if_match(etag).quoted().unwrap_err().is_invalid_input(),
                "{etag:?}"
            );
        }
        for etag in ["a\"b", "\"", "W/\"", "\"a"] {
            assert!(if_match(etag).quoted().is_err(), "{etag:?}");
        }
    }
}
