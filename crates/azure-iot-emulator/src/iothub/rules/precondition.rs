//! The precondition in `If-Match`.

use http::HeaderMap;
use http::header::IF_MATCH;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::store::etag;

/// The value of the `If-Match` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// No header, or a header without an ETag.
    Absent,
    /// `*`, with any number of quotes around it.
    Any,
    /// Strong ETags without their quotes. Weak ETags never match and are omitted.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Parses the header of a request about a twin or configuration, where a tag without quotes is
    /// ignored.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::read(headers, |_| None)
    }

    /// Parses the header of a request about an identity, where quotes are optional.
    pub(crate) fn of_identity(headers: &HeaderMap) -> Self {
        Self::read(headers, |bare| Some(bare).filter(|tag| !tag.is_empty()))
    }

    /// Parses the header. `bare` returns the tag for a value without quotes, if it is valid.
    fn read<'h>(headers: &'h HeaderMap, bare: fn(&'h str) -> Option<&'h str>) -> Self {
        let mut found = false;
        let mut tags = Vec::new();
        let values = headers
            .get_all(IF_MATCH)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        for value in values.flat_map(|value| value.split(',')).map(str::trim) {
            if value.trim_matches('"') == "*" {
                return Self::Any;
            }
            let (weak, value) = value
                .strip_prefix("W/")
                .map_or((false, value), |rest| (true, rest));
            let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if let Some(tag) = quoted.or_else(|| bare(value)) {
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

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(value))])
    }

    fn parse(value: &'static str) -> IfMatch {
        IfMatch::of(&headers(value))
    }

    /// HUB-ETAG-11, HUB-ETAG-20.
    #[test]
    fn identities_take_tags_without_quotes() {
        let parse = |value: &'static str| IfMatch::of_identity(&headers(value));
        let tags = |tags: &[&str]| IfMatch::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect());
        assert_eq!(parse("AA=="), tags(&["AA=="]));
        assert_eq!(parse("\"AA==\""), tags(&["AA=="]));
        assert_eq!(parse("a, \"b\""), tags(&["a", "b"]));
        assert_eq!(parse("W/a"), tags(&[]));
        assert_eq!(parse(""), IfMatch::Absent);
        for any in ["*", "\"*\"", "\"\"*\"\""] {
            assert_eq!(parse(any), IfMatch::Any, "{any}");
        }
    }

    /// HUB-ETAG-8, HUB-ETAG-10, HUB-ETAG-12, HUB-ETAG-18, HUB-ETAG-20.
    #[test]
    fn if_match_accepts_quoted_tags_lists_and_asterisk() {
        assert_eq!(IfMatch::of(&HeaderMap::new()), IfMatch::Absent);
        assert_eq!(parse("*"), IfMatch::Any);
        assert_eq!(parse("\"*\""), IfMatch::Any);
        assert_eq!(parse("\"\"*\"\""), IfMatch::Any);
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
