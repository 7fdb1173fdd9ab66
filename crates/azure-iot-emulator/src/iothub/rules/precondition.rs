//! The `If-Match` header.

use http::HeaderMap;
use http::header::IF_MATCH;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::store::etag;

/// The `If-Match` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// No header, or a header without an ETag; an unquoted tag is ignored.
    Absent,
    /// `*`, quoted or not.
    Any,
    /// Strong ETags without the quotes. Weak ones never match and are omitted.
    Tags(Vec<String>),
}

impl IfMatch {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut found = false;
        let mut tags = Vec::new();
        let values = headers
            .get_all(IF_MATCH)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        for value in values.flat_map(|value| value.split(',')).map(str::trim) {
            if value == "*" || value == "\"*\"" {
                return Self::Any;
            }
            let (weak, value) = value
                .strip_prefix("W/")
                .map_or((false, value), |rest| (true, rest));
            let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if let Some(tag) = inner {
                found = true;
                if !weak {
                    tags.push(tag.to_owned());
                }
            }
        }
        if found { Self::Tags(tags) } else { Self::Absent }
    }

    /// Returns an error if the header is absent, as deletions require it.
    pub(crate) fn require(&self) -> Result<()> {
        if self.is_absent() {
            return Err(HubError::new(Code::PRECONDITION_FAILED, "Etag missing"));
        }
        Ok(())
    }

    pub(crate) fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    /// Checks the version of an identity. An absent header matches; see [`require`](Self::require).
    pub(crate) fn check_identity(&self, version: u64) -> Result<()> {
        self.check(version, etag::of_identity, etag::identity_version)
    }

    /// Checks the version of a twin.
    pub(crate) fn check_twin(&self, version: u64) -> Result<()> {
        self.check(version, etag::of_twin, etag::twin_version)
    }

    fn check(&self, version: u64, encode: fn(u64) -> String, decode: fn(&str) -> Option<u64>) -> Result<()> {
        let Self::Tags(tags) = self else { return Ok(()) };
        let current = encode(version);
        if tags.contains(&current) {
            return Ok(());
        }
        Err(HubError::stale(version, tags.first().and_then(|tag| decode(tag))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn parse(value: &'static str) -> IfMatch {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_static(value));
        IfMatch::of(&headers)
    }

    /// HUB-ETAG-8, HUB-ETAG-10, HUB-ETAG-12, HUB-ETAG-18.
    #[test]
    fn if_match_accepts_quoted_tags_lists_and_asterisk() {
        assert_eq!(IfMatch::of(&HeaderMap::new()), IfMatch::Absent);
        assert_eq!(parse("*"), IfMatch::Any);
        assert_eq!(parse("\"*\""), IfMatch::Any);
        assert_eq!(parse("AAAAAAAAAAE="), IfMatch::Absent);
        assert_eq!(parse("\"AA==\""), IfMatch::Tags(vec!["AA==".to_owned()]));
        assert_eq!(
            parse("\"a\", \"b\""),
            IfMatch::Tags(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(parse("W/\"a\""), IfMatch::Tags(vec![]));
        assert!(parse("\"AAAAAAAAAAE=\"").check_twin(1).is_ok());
        let error = parse("\"AAAAAAAAAAE=\"").check_twin(2).unwrap_err();
        assert!(
            error.text.ends_with("existingVersion:2 newVersion:1"),
            "{}",
            error.text
        );
        assert!(parse("W/\"AAAAAAAAAAE=\"").check_twin(1).is_err());
    }
}
