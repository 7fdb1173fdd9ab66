//! Error predicates.

use crate::error::{Error, ErrorKind};

/// Predicates.
impl Error {
    /// Returns whether the enrollment, the group or the registration does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.is_not_found()
    }

    /// Returns whether the enrollment or group already exists.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.is_conflict()
    }

    /// Returns whether the ETag of the precondition is not the current one. Read the resource again before the next
    /// write.
    ///
    /// If there was more than one [attempt](Self::attempts), an earlier attempt may itself have changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.0.is_precondition_failed()
    }

    /// Returns whether there were too many requests. See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.0.is_throttled()
    }

    /// Returns whether the service did not accept the credential, or whether the shared access policy lacks a
    /// permission.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.0.is_unauthorized()
    }

    /// Returns whether the caller lacks a permission.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.0.is_forbidden()
    }

    /// Returns whether the call timed out, in the client or in the service.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.is_timeout()
    }

    /// Returns whether the connection could not be established, so that the request was not sent. See
    /// [`connection_failure`](Self::connection_failure).
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.is_connection()
    }

    /// Returns whether the client did not accept the service's certificate, for example because its issuer is unknown,
    /// its host name does not match or it has expired. Such calls are not retried.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.connection_failure()
            .is_some_and(azure_service_core::ConnectionFailure::is_certificate)
    }

    /// Returns whether the response was larger than the limit in the client's options. Such calls are not retried. If
    /// [`status`](Self::status) indicates success, the service has processed the request.
    #[must_use]
    pub fn is_response_too_large(&self) -> bool {
        self.0.is_response_too_large()
    }

    /// Returns whether the outcome is unknown: the service may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.0.is_unknown_outcome()
    }

    /// Returns whether the credential did not return a token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.0.is_credential()
    }

    /// Returns whether an argument is invalid, so that nothing was sent. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.kind() == ErrorKind::InvalidInput
    }

    /// Returns whether the same call may succeed later and is safe to repeat.
    ///
    /// True for throttling, an unavailable service and broken connections, if the service has not processed the request
    /// or the request is idempotent. The client has already retried such calls.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable()
    }
}
