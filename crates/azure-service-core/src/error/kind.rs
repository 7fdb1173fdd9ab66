//! What went wrong, coarsely.

/// What went wrong, coarsely. The predicates of [`Error`](crate::Error) are finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service answered, with a status that is no success of the operation.
    Service,
    /// The caller gave something that cannot be sent. No request was made.
    InvalidInput,
    /// The credential gave no token. No request was made.
    Credential,
    /// No connection to the service. The request was not sent.
    Connection,
    /// The connection broke or the time was up before the answer was complete. The service may or may not have
    /// processed the request.
    UnknownOutcome,
    /// The service answered with a success that cannot be understood: not JSON, another shape, a forbidden link.
    InvalidResponse,
    /// A job came to an end without having succeeded.
    JobFailed,
    /// Anything else, such as a policy of the caller that failed.
    Other,
}
