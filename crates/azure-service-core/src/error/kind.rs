//! Kinds of errors.

/// The coarse kind of an error. The predicates of [`Error`](crate::Error) distinguish more cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service returned an error status.
    Service,
    /// An argument is invalid. No request was sent.
    InvalidInput,
    /// The credential did not return a token. No request was sent.
    Credential,
    /// The connection could not be established. The request was not sent.
    Connection,
    /// The connection broke or the attempt timed out before the response was complete. The service may or may not have
    /// processed the request.
    UnknownOutcome,
    /// The service returned a success status with invalid content: not JSON, JSON of the wrong type, or a link to a
    /// different origin.
    InvalidResponse,
    /// The response is larger than the limit of the client's options. If its status is a success, the service has
    /// processed the request.
    ResponseTooLarge,
    /// The call timed out before a request was sent, or between two attempts. Every request that was sent has a
    /// response.
    Timeout,
    /// A job failed or was canceled.
    JobFailed,
    /// Any other failure, such as an error from a custom policy.
    Other,
}
