//! The `If-Match` header, and the ETags of bulk requests.

use http::HeaderMap;
use http::header::IF_MATCH;

use crate::provisioning::errors::{Code, ProvisioningError, Result};

/// A precondition. Clients send an ETag as they received it, including its quotes, or without the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    Absent,
    Any,
    Tag(String),
}

impl IfMatch {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(IF_MATCH).and_then(|value| value.to_str().ok());
        value.map_or(Self::Absent, Self::of_tag)
    }

    /// Returns the precondition of a tag.
    pub(crate) fn of_tag(tag: &str) -> Self {
        match without_quotes(tag) {
            "" => Self::Absent,
            "*" => Self::Any,
            tag => Self::Tag(tag.to_owned()),
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    /// Checks the tag of a record. An absent header matches.
    pub(crate) fn check(&self, current: &str) -> Result<()> {
        match self {
            Self::Tag(tag) if tag != without_quotes(current) => Err(ProvisioningError::new(
                Code::PRECONDITION_FAILED,
                "Precondition failed: the ETag does not match.",
            )),
            _ => Ok(()),
        }
    }
}

fn without_quotes(tag: &str) -> &str {
    tag.trim().trim_matches('"')
}
