//! Predicates of errors.

use super::Error;
use super::connection::ConnectionFailure;
use super::kind::ErrorKind;

/// Predicates.
impl Error {
    fn is_service(&self, status: u16) -> bool {
        self.0.kind == ErrorKind::Service && self.0.status == Some(status)
    }

    /// Returns whether the service's code is one of `codes`.
    #[must_use]
    pub fn has_code(&self, codes: &[&str]) -> bool {
        self.0.kind == ErrorKind::Service && self.code().is_some_and(|code| codes.contains(&code))
    }

    /// Returns whether the resource does not exist (404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is_service(404)
    }

    /// Returns whether the resource already exists, or its state does not allow the operation (409).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_service(409)
    }

    /// Returns whether the resource has a different ETag than the request expected (412). Read the resource again
    /// before the next write.
    ///
    /// After more than one [attempt](Self::attempts), the first attempt may have changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.is_service(412)
    }

    /// Returns whether the service throttled the request (429). See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.is_service(429)
    }

    /// Returns whether the service does not accept the credential (401). Some services also return 401 if the caller
    /// lacks a permission.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.is_service(401)
    }

    /// Returns whether the caller lacks a permission or exceeds a quota (403).
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.is_service(403)
    }

    /// Returns whether the call timed out, in the client or in the service.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out || self.0.kind == ErrorKind::Timeout || self.is_service(408) || self.is_service(504)
    }

    /// Returns whether the connection could not be established, so that the request was not sent. See
    /// [`connection_failure`](Self::connection_failure).
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.kind == ErrorKind::Connection
    }

    /// Returns whether the service's certificate is not accepted: unknown issuer, wrong host name, expired. Such calls
    /// are not retried.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.connection_failure()
            .is_some_and(ConnectionFailure::is_certificate)
    }

    /// Returns whether the response was larger than the limit of the client's options. Not retried. If
    /// [`status`](Self::status) is a success, the service has processed the request.
    #[must_use]
    pub fn is_response_too_large(&self) -> bool {
        self.0.kind == ErrorKind::ResponseTooLarge
    }

    /// Returns whether the outcome is unknown: the service may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.0.kind == ErrorKind::UnknownOutcome
    }

    /// Returns whether the credential did not return a token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.0.kind == ErrorKind::Credential
    }

    /// Returns whether an argument is invalid. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.0.kind == ErrorKind::InvalidInput
    }

    /// Returns whether the same call may succeed later and is safe to repeat.
    ///
    /// True for throttling, an unavailable service and broken connections, if the service has not processed the
    /// request or the request is idempotent; see the crate's section on retries. The client has already retried such
    /// calls.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::Service => match self.0.status {
                Some(429) => true,
                Some(503) => self.0.repeatable || self.0.retry_after.is_some(),
                Some(408 | 500 | 502 | 504) => self.0.repeatable,
                _ => false,
            },
            ErrorKind::Connection => !self
                .0
                .connection
                .as_ref()
                .is_some_and(ConnectionFailure::is_permanent),
            ErrorKind::Timeout => true,
            ErrorKind::UnknownOutcome => self.0.repeatable,
            ErrorKind::Credential
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidResponse
            | ErrorKind::ResponseTooLarge
            | ErrorKind::JobFailed
            | ErrorKind::Other => false,
        }
    }
}
