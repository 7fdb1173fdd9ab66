//! Errors that credentials can cause.

use thiserror::Error;

/// The reason why credentials are refused. It is logged; the client receives only the status 401.
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
    /// The signature was made with a different key or over a different string.
    #[error("the signature does not match")]
    WrongSignature,
    #[error("the token has expired or is not valid yet")]
    Expired,
    /// The token's resource has a different host, or does not contain the requested resource.
    #[error("the token's resource does not contain the requested resource")]
    WrongResource,
    #[error("the audience of the token is not this service")]
    WrongAudience,
    /// The host name serves only one side, devices or services, and the request is for the other.
    #[error("the host name does not serve this side: one name of a hub is for services, one for devices")]
    WrongSide,
    #[error("this host name of the hub requires that the TLS handshake names it (SNI)")]
    ServerNameMissing,
}
