//! ETags.

use uuid::Uuid;

/// The ETag of one version of a twin or relationship, written `W/"<guid>"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ETag(Uuid);

impl ETag {
    /// Returns a new unique tag.
    pub(crate) fn fresh() -> Self {
        ETag(Uuid::new_v4())
    }

    /// Parses the output of [`Display`](std::fmt::Display).
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
