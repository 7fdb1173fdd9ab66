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

    /// Parses the header. `bare` returns the tag for a value without quotes, if it is valid. A tag that is not ASCII never
    /// matches.
    fn read(headers: &HeaderMap, bare: fn(&str) -> Option<&str>) -> Self {
        let mut found = false;
        let mut tags = Vec::new();
        for list in headers.get_all(IF_MATCH) {
            let list = String::from_utf8_lossy(list.as_bytes());
            for value in elements(&list).map(str::trim) {
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

/// Splits a list at the commas outside of quotes; an ETag may contain commas (RFC 9110, section 8.8.3).
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut in_quotes = false;
    list.split(move |character| {
        in_quotes ^= character == '"';
        character == ',' && !in_quotes
    })
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

    /// HUB-ETAG-21. Otherwise the parts, which are not quoted, would count as absent, and the write would be unconditional.
    #[test]
    fn comma_in_quotes_belongs_to_the_etag() {
        let tags = |tag: &str| IfMatch::Tags(vec![tag.to_owned()]);
        assert_eq!(parse("\"a,b\""), tags("a,b"));
        assert_eq!(parse("\"*,b\""), tags("*,b"));
        assert_eq!(
            parse("\"a,b\",\"c\""),
            IfMatch::Tags(vec!["a,b".to_owned(), "c".to_owned()])
        );
        assert!(parse("\"a,*\"").check_twin(1).is_err());
    }

    /// HUB-ETAG-21.
    #[test]
    fn tag_that_is_not_ascii_never_matches() {
        let value = HeaderValue::from_bytes(b"\"AAAAAAAAAAE=\xff\"").unwrap();
        let header = IfMatch::of(&HeaderMap::from_iter([(IF_MATCH, value)]));
        assert!(!header.is_absent());
        assert!(header.check_twin(1).is_err());
    }
}
