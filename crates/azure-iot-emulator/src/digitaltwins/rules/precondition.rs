//! Preconditions: `If-Match` and `If-None-Match`.

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::store::etag::ETag;

/// The `If-Match` header of an update or deletion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum IfMatch {
    /// No header, or `*`.
    #[default]
    Any,
    /// A version with this ETag.
    Tag(String),
}

impl IfMatch {
    /// Parses the header value.
    pub(crate) fn parse(header: Option<&str>) -> ServiceResult<Self> {
        let Some(text) = header.map(str::trim) else {
            return Ok(IfMatch::Any);
        };
        if text == "*" {
            return Ok(IfMatch::Any);
        }
        if is_entity_tag(text) {
            Ok(IfMatch::Tag(text.to_owned()))
        } else {
            Err(errors::malformed_if_match())
        }
    }

    /// Returns an error unless the current ETag matches.
    pub(crate) fn check(&self, current: ETag) -> ServiceResult<()> {
        match self {
            IfMatch::Tag(tag) if *tag != current.to_string() => Err(errors::stale_etag(tag)),
            _ => Ok(()),
        }
    }
}

/// Parses `If-None-Match` of a PUT and returns whether the resource must not exist.
pub(crate) fn parse_if_none_match(header: Option<&str>) -> ServiceResult<bool> {
    match header.map(str::trim) {
        None => Ok(false),
        Some("*") => Ok(true),
        Some(_) => Err(errors::malformed_if_none_match()),
    }
}

/// Returns whether a string is an entity tag (RFC 9110): an optional `W/`, then a quoted string without quotes inside.
fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    opaque
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .is_some_and(|inner| !inner.contains('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADT-ETAG-4, ADT-ETAG-5.
    #[test]
    fn only_entity_tags_and_asterisk_are_valid() {
        assert_eq!(IfMatch::parse(None), Ok(IfMatch::Any));
        assert_eq!(IfMatch::parse(Some("*")), Ok(IfMatch::Any));
        assert_eq!(
            IfMatch::parse(Some("W/\"a\"")),
            Ok(IfMatch::Tag("W/\"a\"".to_owned()))
        );
        for bad in ["XXX", "\"", "W/", "W/\"", "\"a\"b\"", ""] {
            assert!(IfMatch::parse(Some(bad)).is_err(), "{bad}");
        }
    }

    /// ADT-ETAG-1.
    #[test]
    fn etags_are_compared_byte_for_byte() {
        let tag = ETag::fresh();
        assert!(IfMatch::Tag(tag.to_string()).check(tag).is_ok());
        let strong = tag.to_string().trim_start_matches("W/").to_owned();
        assert!(IfMatch::Tag(strong).check(tag).is_err());
    }
}
