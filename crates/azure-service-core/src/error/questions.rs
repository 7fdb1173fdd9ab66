//! What programs ask of an error.

use super::Error;
use super::connection::ConnectionFailure;
use super::kind::ErrorKind;

/// The questions that programs ask.
impl Error {
    fn is_service(&self, status: u16) -> bool {
        self.0.kind == ErrorKind::Service && self.0.status == Some(status)
    }

    /// The service's code is one of `codes`.
    #[must_use]
    pub fn has_code(&self, codes: &[&str]) -> bool {
        self.0.kind == ErrorKind::Service && self.code().is_some_and(|code| codes.contains(&code))
    }

    /// What was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is_service(404)
    }

    /// What should be created exists already, or is in a state that forbids the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_service(409)
    }

    /// The ETag is not the current one. Read again, decide again, write again.
    ///
    /// After more than one [attempt](Self::attempts), the first may have been the one that changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.is_service(412)
    }

    /// Too many requests. See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.is_service(429)
    }

    /// The service does not accept the credential. Some services also say so if the credential lacks a permission.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.is_service(401)
    }

    /// The caller is known and may not do this, or a quota is exceeded.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.is_service(403)
    }

    /// The call timed out, at the client or at the service.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out || self.is_service(408) || self.is_service(504)
    }

    /// There was no connection to the service; the request was not sent.
    /// See [`connection_failure`](Self::connection_failure).
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.kind == ErrorKind::Connection
    }

    /// The service's certificate is not accepted: unknown issuer, wrong host name, expired. Such calls are not retried.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.connection_failure()
            .is_some_and(ConnectionFailure::is_certificate)
    }

    /// The service may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.0.kind == ErrorKind::UnknownOutcome
    }

    /// The credential gave no token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.0.kind == ErrorKind::Credential
    }

    /// The caller gave something that cannot be sent. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.0.kind == ErrorKind::InvalidInput
    }

    /// The same call may succeed later, and making it again does no harm.
    ///
    /// True for throttling, an unavailable service and broken connections, as far as the service has not processed the
    /// request or may process it twice; see the crate's section on retries. The client has retried such calls already.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::Service => match self.0.status {
                Some(429) => true,
                Some(503) => self.0.repeatable || self.0.retry_after.is_some(),
                Some(408 | 500 | 502 | 504) => self.0.repeatable,
                _ => false,
            },
            ErrorKind::Connection => !self.is_certificate(),
            ErrorKind::UnknownOutcome => self.0.repeatable,
            ErrorKind::Credential
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidResponse
            | ErrorKind::JobFailed
            | ErrorKind::Other => false,
        }
    }
}
