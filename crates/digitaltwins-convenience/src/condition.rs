//! What an upsert depends on.

/// What an upsert does if the resource exists already.
///
/// A parameter of every upsert, so overwriting is always explicit. The service knows no other conditions here; to
/// replace a twin only if it is unchanged, patch it with a [`Precondition`](crate::Precondition).
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
