//! Entity tags.

use uuid::Uuid;

/// The entity tag of one state of a twin or relationship, written `W/"<guid>"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ETag(Uuid);

impl ETag {
    /// Returns a tag that no other state has.
    pub(crate) fn fresh() -> Self {
        ETag(Uuid::new_v4())
    }

    /// Parses the form that [`Display`](std::fmt::Display) writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("W/\"")?.strip_suffix('"')?;
        Uuid::parse_str(inner).ok().map(ETag)
    }
}

impl std::fmt::Display for ETag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut guid = Uuid::encode_buffer();
        f.write_str("W/\"")?;
        f.write_str(self.0.as_hyphenated().encode_lower(&mut guid))?;
        f.write_str("\"")
    }
}
