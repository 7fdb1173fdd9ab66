//! Preconditions of writes.

use azure_core::http::Etag;
use azure_core::http::headers::Headers;

use crate::error::{Error, Result};
use crate::header::header;

/// The version of the resource that a write depends on.
///
/// Every conditional operation has a precondition parameter, so overwriting is always explicit. Methods take `impl
/// Into<Precondition>`: a precondition or an ETag.
///
/// # Example
///
/// ```
/// use azure_core::http::Etag;
/// use azure_service_core::Precondition;
///
/// let etag = Etag::from("MTIz");
/// assert_eq!(Precondition::IfMatch(etag).quoted()?, "\"MTIz\"");
/// assert_eq!(Precondition::Unconditional.quoted()?, "\"*\"");
/// assert_eq!(Precondition::Unconditional.verbatim()?, None);
/// # Ok::<(), azure_service_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Any version. The write overwrites concurrent changes.
    Unconditional,
    /// Only the version with this ETag. For any other, the write fails with
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed).
    IfMatch(Etag),
}

impl From<Etag> for Precondition {
    fn from(etag: Etag) -> Self {
        Self::IfMatch(etag)
    }
}

impl From<&Etag> for Precondition {
    fn from(etag: &Etag) -> Self {
        Self::IfMatch(etag.clone())
    }
}

impl From<&Self> for Precondition {
    fn from(precondition: &Self) -> Self {
        precondition.clone()
    }
}

impl Precondition {
    /// Returns the `If-Match` header for services that quote ETags in bodies: the ETag unchanged, or `None` if the
    /// write is unconditional.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the ETag is empty, contains a quote other than
    /// the enclosing ones, or is not a valid header value.
    pub fn verbatim(&self) -> Result<Option<String>> {
        match self {
            Self::Unconditional => Ok(None),
            Self::IfMatch(etag) => checked(etag).map(|etag| Some(etag.to_owned())),
        }
    }

    /// Returns the `If-Match` header for services that do not quote ETags in bodies: the ETag in quotes, or `"*"` if
    /// the write is unconditional.
    ///
    /// # Errors
    ///
    /// Same as [`verbatim`](Self::verbatim).
    pub fn quoted(&self) -> Result<String> {
        let etag = match self {
            Self::Unconditional => "*",
            Self::IfMatch(etag) => checked(etag)?,
        };
        Ok(match etag.ends_with('"') {
            true => etag.to_owned(),
            false => format!("\"{etag}\""),
        })
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
    // A quote inside would end the ETag in the header, and the service could parse the rest as a second ETag.
    let opaque = etag.strip_prefix("W/").unwrap_or(etag);
    let quoted = opaque
        .strip_prefix('"')
        .and_then(|opaque| opaque.strip_suffix('"'));
    if quoted.unwrap_or(opaque).contains('"') {
        return Err(Error::invalid_input(
            "etag",
            "must not contain a quote, except for the pair that encloses it",
        ));
    }
    Ok(etag)
}

/// Returns the ETag from the response headers of a read or a write.
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
    fn quoted_adds_missing_quotes() {
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
    fn verbatim_keeps_the_etag_unchanged() {
        for etag in ["*", "W/\"6d0b\"", "abc"] {
            assert_eq!(if_match(etag).verbatim().unwrap().as_deref(), Some(etag));
        }
        assert_eq!(Precondition::Unconditional.verbatim().unwrap(), None);
    }

    #[test]
    fn invalid_etag_is_an_error() {
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
    }

    #[test]
    fn etag_with_a_quote_inside_is_refused() {
        let etags = [
            "a\"b",
            "\"",
            "W/\"",
            "\"a",
            "a\"",
            "\"a\"b\"",
            "\"a\", \"b\"",
            "W/\"a\"b\"",
        ];
        for etag in etags {
            let (verbatim, quoted) = (if_match(etag).verbatim(), if_match(etag).quoted());
            for error in [verbatim.unwrap_err(), quoted.unwrap_err()] {
                assert_eq!(error.parameter(), Some("etag"), "{etag:?}");
                assert!(error.is_invalid_input(), "{etag:?}");
            }
        }
    }
}
