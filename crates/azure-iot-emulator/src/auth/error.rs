//! Reasons to refuse credentials.

use thiserror::Error;

/// Reason to refuse credentials. It goes to the log; the client only sees that it is unauthorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AuthError {
    #[error("no Authorization header")]
    Missing,
    /// Neither `SharedAccessSignature` nor `Bearer`, or not a scheme of this service.
    #[error("the Authorization scheme is not one of this service")]
    UnknownScheme,
    #[error("the credentials are malformed")]
    Malformed,
    #[error("there is no shared access policy of this name")]
    UnknownPolicy,
    /// Signed with another key or over another string.
    #[error("the signature does not match")]
    WrongSignature,
    #[error("the token has expired or is not valid yet")]
    Expired,
    /// The token is for another host, or for a resource that does not contain the requested one.
    #[error("the token's resource does not contain the requested one")]
    WrongResource,
    #[error("the token's audience is another service")]
    WrongAudience,
}
