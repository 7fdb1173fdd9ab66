//! The mode of an upsert.

/// The behavior of an upsert if the resource already exists.
///
/// Every upsert takes it as a parameter, so overwriting is always explicit. The service supports no other conditions for
/// upserts; to change a twin only if it is unchanged, patch it with a [`Precondition`](crate::Precondition).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upsert {
    /// Replaces the existing resource as a whole.
    CreateOrReplace,
    /// Leaves the existing resource and fails with [`is_already_exists`](crate::Error::is_already_exists).
    CreateOnly,
}

impl Upsert {
    /// The `If-None-Match` header.
    pub(crate) fn if_none_match(self) -> Option<&'static str> {
        match self {
            Self::CreateOrReplace => None,
            Self::CreateOnly => Some("*"),
        }
    }
}
