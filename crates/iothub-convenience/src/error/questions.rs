//! Predicates of errors.

use super::{Error, ErrorCode, ErrorKind};

/// Codes of the service for things that exist already. Other conflicts have the status 409 too.
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

/// Predicates, the same for errors of HTTP and AMQP.
impl Error {
    #[cfg(feature = "amqp")]
    fn amqp_is(&self, question: impl FnOnce(&crate::amqp::AmqpError) -> bool) -> bool {
        self.amqp().is_some_and(question)
    }

    /// The device, module, configuration or job does not exist. False for a device that exists and is
    /// [offline](Self::is_device_offline).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_not_found()) {
            return true;
        }
        self.core.is_not_found() && !self.is_device_offline()
    }

    /// What should be created exists already, or is in a state that forbids the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.core.is_conflict()
    }

    /// What should be created exists already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.is_conflict()
            && self
                .error_code()
                .is_some_and(|code| ALREADY_EXISTS.contains(&code))
    }

    /// The ETag is not the current one. Read again, decide again, write again, or use a `modify_…` method.
    ///
    /// After more than one [attempt](Self::attempts), the first may have been the one that changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.core.is_precondition_failed()
    }

    /// Too many requests, or too many jobs at once. See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_throttled()) {
            return true;
        }
        self.core.is_throttled()
    }

    /// The hub does not accept the credential, or the shared access policy lacks the permission.
    ///
    /// With a shared access policy the hub also says so when a module's device does not exist or is disabled.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_unauthorized()) {
            return true;
        }
        self.core.is_unauthorized()
    }

    /// The caller is known and may not do this, or a quota is exceeded.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.is_queue_full() || self.core.is_forbidden()
    }

    /// The device's queue of cloud-to-device messages is full.
    #[must_use]
    pub fn is_queue_full(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_queue_full()) {
            return true;
        }
        self.error_code() == Some(ErrorCode::DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED)
    }

    /// The device exists, but is not connected and cannot be reached.
    #[must_use]
    pub fn is_device_offline(&self) -> bool {
        // The error of a direct method has the number only.
        self.core.has_code(&["DeviceNotOnline", "404103"])
    }

    /// The call timed out, at the client or at the hub.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        #[cfg(feature = "amqp")]
        if self.amqp_is(|error| error.is_timeout()) {
            return true;
        }
        self.core.is_timeout()
    }

    /// There was no connection to the hub; the request was not sent. See
    /// [`connection_failure`](Self::connection_failure).
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.core.is_connection()
    }

    /// The hub's certificate is not accepted: unknown issuer, wrong host name, expired. Such calls are not retried.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.connection_failure()
            .is_some_and(azure_service_core::ConnectionFailure::is_certificate)
    }

    /// The hub may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.core.is_unknown_outcome()
    }

    /// The credential gave no token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.core.is_credential()
    }

    /// The caller gave something that cannot be sent. Nothing was sent. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.kind() == ErrorKind::InvalidInput
    }

    /// The same call may succeed later, and making it again does no harm.
    ///
    /// True for throttling, an unavailable service and broken connections, as far as the hub has not processed the
    /// request or may process it twice. The client has retried such calls already.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.may_retry();
        }
        self.core.is_retryable()
    }
}
