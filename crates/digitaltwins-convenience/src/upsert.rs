//! The mode of an upsert.

/// The behavior of an upsert if the resource already exists.
///
/// It is a parameter of every upsert, so overwriting is always explicit. The service supports no other conditions for
/// upserts. To make a write depend on the ETag, patch the twin or relationship with a
/// [`Precondition`](crate::Precondition).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upsert {
    /// Replaces the existing resource as a whole.
    CreateOrReplace,
    /// Leaves the existing resource and fails with [`is_already_exists`](crate::Error::is_already_exists).
    CreateOnly,
}

impl Upsert {
    /// Returns the value of the `If-None-Match` header.
    pub(crate) fn if_none_match(self) -> Option<&'static str> {
        match self {
            Self::CreateOrReplace => None,
            Self::CreateOnly => Some("*"),
        }
    }
}
