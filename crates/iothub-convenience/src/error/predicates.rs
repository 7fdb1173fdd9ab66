//! Error predicates.

use crate::error::{Error, ErrorCode, ErrorKind};

/// Error codes for a resource that already exists. Status 409 is not sufficient, because other conflicts have it, too.
const ALREADY_EXISTS: &[ErrorCode] = &[
    ErrorCode::DEVICE_ALREADY_EXISTS,
    ErrorCode::MODULE_ALREADY_EXISTS_ON_DEVICE,
    ErrorCode::CONFIGURATION_ALREADY_EXISTS,
    ErrorCode::JOB_ALREADY_EXISTS,
    ErrorCode::DEVICE_JOB_ALREADY_EXISTS,
    ErrorCode::MODEL_ALREADY_EXISTS,
    ErrorCode::DIGITAL_TWIN_MODEL_ALREADY_EXISTS,
    ErrorCode::INTERFACE_NAME_MODEL_ALREADY_EXISTS,
];

/// Predicates for HTTP and AMQP errors.
impl Error {
    #[cfg(feature = "amqp")]
    fn amqp_is(&self, predicate: impl FnOnce(&crate::amqp::AmqpError) -> bool) -> bool {
        self.amqp().is_some_and(predicate)
    }

    /// Returns whether the device, module, configuration or job does not exist. False for a device that is
    /// [offline](Self::is_device_offline).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_not_found()) {
            return true;
        }
        self.core.is_not_found() && !self.is_device_offline()
    }

    /// Returns whether the resource already exists or its state does not allow the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.core.is_conflict()
    }

    /// Returns whether the resource already exists.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.is_conflict()
            && self
                .error_code()
                .is_some_and(|code| ALREADY_EXISTS.contains(&code))
    }

    /// Returns whether the resource has a different ETag than the request expected. Read the resource again before
    /// the next write, or use a `modify_…` method.
    ///
    /// After more than one [attempt](Self::attempts), the first attempt may have changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.core.is_precondition_failed()
    }

    /// Returns whether the hub throttled the request, or too many jobs are running. See
    /// [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_throttled()) {
            return true;
        }
        self.core.is_throttled()
    }

    /// Returns whether the hub does not accept the credential, or the shared access policy lacks the permission.
    ///
    /// With a shared access policy the hub also returns 401 if a module's device does not exist or is disabled.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_unauthorized()) {
            return true;
        }
        self.core.is_unauthorized()
    }

    /// Returns whether the caller lacks a permission or exceeds a quota.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.is_queue_full() || self.core.is_forbidden()
    }

    /// Returns whether the device's queue of cloud-to-device messages is full.
    #[must_use]
    pub fn is_queue_full(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_queue_full()) {
            return true;
        }
        self.error_code() == Some(ErrorCode::DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED)
    }

    /// Returns whether the device exists but is not connected.
    #[must_use]
    pub fn is_device_offline(&self) -> bool {
        // Direct method errors have only the number, not the name.
        self.core.has_code(&["DeviceNotOnline", "404103"])
    }

    /// Returns whether the call timed out, in the client or in the hub.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_timeout()) {
            return true;
        }
        self.core.is_timeout()
    }

    /// Returns whether the connection could not be established, so that the request was not sent. See
    /// [`connection_failure`](Self::connection_failure).
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.core.is_connection()
    }

    /// Returns whether the hub's certificate is not accepted: unknown issuer, wrong host name, expired. Such calls are not
    /// retried.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.connection_failure()
            .is_some_and(azure_service_core::ConnectionFailure::is_certificate)
    }

    /// Returns whether the response was larger than the limit in the client's options. Such calls are not retried. If
    /// [`status`](Self::status) is a success, the hub has processed the request.
    #[must_use]
    pub fn is_response_too_large(&self) -> bool {
        self.core.is_response_too_large()
    }

    /// Returns whether the client cannot tell if the hub processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.core.is_unknown_outcome()
    }

    /// Returns whether the credential did not return a token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.core.is_credential()
    }

    /// Returns whether an argument is invalid. No request was sent. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.kind() == ErrorKind::InvalidInput
    }

    /// Returns whether the same call may succeed later and is safe to repeat.
    ///
    /// True for throttling, an unavailable service and broken connections, if the hub has not processed the request or
    /// the request is idempotent. The client has already retried such calls.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.may_retry();
        }
        self.core.is_retryable()
    }
}
