//! Errors of credentials.

use thiserror::Error;

/// An error of credentials. It is logged; the client receives only the status 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AuthError {
    #[error("the Authorization header is missing")]
    Missing,
    /// The scheme is not supported, or not supported by this service.
    #[error("the Authorization scheme is not supported by this service")]
    UnknownScheme,
    #[error("the credentials are malformed")]
    Malformed,
    #[error("the token names no shared access policy, so it is signed with a device's key")]
    NoPolicy,
    #[error("there is no shared access policy with this name")]
    UnknownPolicy,
    /// The signature is of another key or another string.
    #[error("the signature does not match")]
    WrongSignature,
    #[error("the token has expired or is not valid yet")]
    Expired,
    /// The resource is another host, or does not contain the requested one.
    #[error("the token's resource does not contain the requested one")]
    WrongResource,
    #[error("the audience of the token is not this service")]
    WrongAudience,
}
