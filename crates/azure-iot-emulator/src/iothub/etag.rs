//! Entity tags, and what `If-Match` says about them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::IF_MATCH;

/// An identity's tag: base64 of a decimal number.
pub(crate) fn of_identity(version: u64) -> String {
    STANDARD.encode(version.to_string())
}

/// A twin's tag: base64 of eight bytes, the most significant first.
pub(crate) fn of_twin(version: u64) -> String {
    STANDARD.encode(version.to_be_bytes())
}

fn identity_version(tag: &str) -> Option<u64> {
    String::from_utf8(STANDARD.decode(tag).ok()?).ok()?.parse().ok()
}

fn twin_version(tag: &str) -> Option<u64> {
    Some(u64::from_be_bytes(STANDARD.decode(tag).ok()?.try_into().ok()?))
}

/// The `If-Match` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// No header, or only values that are no entity tags: an unquoted tag counts as none.
    Absent,
    /// `*`, quoted or not.
    Any,
    /// Strong tags, without the quotes. Weak ones are left out, since they never match.
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

    pub(crate) fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    /// Checks an identity's version. An absent header passes: whether it may be absent is the caller's matter.
    pub(crate) fn check_identity(&self, version: u64) -> super::errors::Result<()> {
        self.check(version, of_identity, identity_version)
    }

    /// Checks a twin's version.
    pub(crate) fn check_twin(&self, version: u64) -> super::errors::Result<()> {
        self.check(version, of_twin, twin_version)
    }

    fn check(
        &self,
        version: u64,
        encode: fn(u64) -> String,
        decode: fn(&str) -> Option<u64>,
    ) -> super::errors::Result<()> {
        let Self::Tags(tags) = self else { return Ok(()) };
        let current = encode(version);
        if tags.contains(&current) {
            return Ok(());
        }
        Err(super::errors::HubError::stale(
            version,
            tags.first().and_then(|tag| decode(tag)),
        ))
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

    #[test]
    fn section_1_1_and_2_1_forms() {
        assert_eq!(of_identity(0), "MA==");
        assert_eq!(of_identity(318_751_955), "MzE4NzUxOTU1");
        assert_eq!(of_twin(1), "AAAAAAAAAAE=");
        assert_eq!(identity_version("MzE4NzUxOTU1"), Some(318_751_955));
        assert_eq!(twin_version("AAAAAAAAAAU="), Some(5));
        assert_eq!(twin_version("MA=="), None);
    }

    #[test]
    fn section_1_3_and_2_2_if_match() {
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
