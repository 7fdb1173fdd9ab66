//! Writes that depend on what is there.

use azure_core::http::{Etag, Response};

/// What an upsert does if there is something already.
///
/// A parameter of every upsert, so that overwriting is said aloud. The service knows no other conditions here; to
/// replace a twin only if it is unchanged, patch it with a [`Precondition`](crate::Precondition).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upsert {
    /// Replaces what is there as a whole.
    CreateOrReplace,
    /// Leaves what is there and fails with [`is_precondition_failed`](crate::Error::is_precondition_failed).
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

/// An answer that may say which version of a thing it is about.
pub trait Etagged {
    /// The ETag of the version just read or written, from the `ETag` header. Give it to the next write as
    /// [`Precondition::IfMatch`](crate::Precondition::IfMatch).
    fn etag(&self) -> Option<Etag>;
}

impl<T, F> Etagged for Response<T, F> {
    fn etag(&self) -> Option<Etag> {
        azure_service_core::etag(self.headers())
    }
}
