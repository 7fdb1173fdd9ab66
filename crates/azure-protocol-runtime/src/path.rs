//! Percent-encoding of ids in paths.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use progenitor_client::Error;

/// All characters except the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes `value` as one path segment: every byte except `A-Z a-z 0-9 - . _ ~`.
///
/// # Errors
///
/// [`Error::InvalidRequest`] if `value` is empty, `.` or `..`. URL parsers drop or resolve such a segment, encoded or
/// not, so the request would address the parent: deleting a module named `..` would delete its device. The message is
/// `parameter: reason`.
///
/// # Example
///
/// ```
/// let segment = azure_protocol_runtime::path_segment::<()>("id", "a/b c")?;
/// assert_eq!(segment, "a%2Fb%20c");
/// assert!(azure_protocol_runtime::path_segment::<()>("id", "..").is_err());
/// # Ok::<(), progenitor_client::Error<()>>(())
/// ```
#[expect(clippy::result_large_err, reason = "generated code returns this error")]
pub fn path_segment<E>(parameter: &'static str, value: &str) -> Result<String, Error<E>> {
    match value {
        "" => Err(Error::InvalidRequest(format!("{parameter}: must not be empty"))),
        "." | ".." => Err(Error::InvalidRequest(format!(
            "{parameter}: must not be {value:?}, which URL parsers resolve as a relative segment"
        ))),
        _ => Ok(Cow::from(utf8_percent_encode(value, ENCODED)).into_owned()),
    }
}

/// Percent-encodes a value that may have several segments and may already be encoded: slashes separate segments, and
/// characters that are legal in a path are kept, including percent signs.
///
/// # Errors
///
/// [`Error::InvalidRequest`] if a segment is `.` or `..`, encoded or not, or the value is empty: as in
/// [`path_segment`], the request would address a different resource. A slash at the start or end of the value is kept.
#[expect(clippy::result_large_err, reason = "generated code returns this error")]
pub fn path_segments<E>(parameter: &'static str, value: &str) -> Result<String, Error<E>> {
    if value.is_empty() {
        return Err(Error::InvalidRequest(format!("{parameter}: must not be empty")));
    }
    // URL parsers treat a backslash as a slash, and `%2e` as a dot.
    let is_relative = |segment: &str| {
        matches!(
            segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
    };
    if value.split(['/', '\\']).any(is_relative) {
        return Err(Error::InvalidRequest(format!(
            "{parameter}: {value:?} must not have a segment `.` or `..`, which URL parsers resolve"
        )));
    }
    Ok(Cow::from(utf8_percent_encode(value, NOT_IN_PATH)).into_owned())
}

/// The characters that end a path or are not legal in one (RFC 3986).
const NOT_IN_PATH: &AsciiSet = &ENCODED
    .remove(b'/')
    .remove(b'%')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_unreserved_bytes_are_encoded_once() {
        let encode = |value| path_segment::<()>("id", value).unwrap();
        assert_eq!(encode("AZaz09-._~"), "AZaz09-._~");
        assert_eq!(encode("100%25-%2F"), "100%2525-%252F");
        assert_eq!(
            encode("!*'();:@&=+$,/?#[]"),
            "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B%5D"
        );
        assert_eq!(encode("ü…"), "%C3%BC%E2%80%A6");
        assert_eq!(encode("\n\0"), "%0A%00");
        assert_eq!(encode("..."), "...");
    }

    #[test]
    fn slashes_and_encoded_bytes_of_segments_are_kept() {
        let encode = |value| path_segments::<()>("scope", value).unwrap();
        assert_eq!(encode("subscriptions/a%20b/x:y"), "subscriptions/a%20b/x:y");
        assert_eq!(encode("/a/"), "/a/");
        assert_eq!(encode("a?b#c d\\e"), "a%3Fb%23c%20d%5Ce");
        for value in ["", "..", "a/../b", "a/.", "a/%2E%2e/b", "a\\..\\b"] {
            let refused = path_segments::<()>("scope", value);
            assert!(matches!(refused, Err(Error::InvalidRequest(_))), "{value}");
        }
    }

    #[test]
    fn empty_and_dot_segments_are_refused() {
        for value in ["", ".", ".."] {
            let error = path_segment::<()>("module_id", value).unwrap_err();
            assert!(
                matches!(&error, Error::InvalidRequest(text) if text.starts_with("module_id: ")),
                "{error}"
            );
        }
    }
}
