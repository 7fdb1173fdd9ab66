//! Errors of the service, and their responses.

use http::StatusCode;
use serde_json::json;
use time::OffsetDateTime;

use crate::provisioning::store::enrollment::EnrollmentKind;
use crate::service::{Refusal, ServiceResponse};
use crate::timestamp::Timestamp;

pub(crate) type Result<T, E = ProvisioningError> = std::result::Result<T, E>;

/// An error code. The first three digits are the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(u32);

impl Code {
    pub(crate) const INVALID_PROTOCOL_VERSION: Self = Self(400001);
    pub(crate) const ARGUMENT_INVALID: Self = Self(400004);
    pub(crate) const FORMAT_ERROR: Self = Self(400006);
    pub(crate) const INVALID_REGISTRATION_ID: Self = Self(400202);
    pub(crate) const INVALID_ENROLLMENT_GROUP_ID: Self = Self(400204);
    pub(crate) const TOO_MANY_ENROLLMENTS: Self = Self(400205);
    pub(crate) const DEFINED_MULTIPLE_TIMES: Self = Self(400206);
    pub(crate) const CUSTOM_ALLOCATION_FAILED: Self = Self(400207);
    pub(crate) const CUSTOM_ALLOCATION_HUB_NOT_SPECIFIED: Self = Self(400208);
    pub(crate) const CUSTOM_ALLOCATION_UNAUTHORIZED: Self = Self(400209);
    pub(crate) const UNAUTHORIZED: Self = Self(401002);
    pub(crate) const NOT_FOUND: Self = Self(404000);
    pub(crate) const ENROLLMENT_NOT_FOUND: Self = Self(404201);
    pub(crate) const REGISTRATION_NOT_FOUND: Self = Self(404202);
    pub(crate) const OPERATION_NOT_FOUND: Self = Self(404203);
    pub(crate) const ENROLLMENT_GROUP_NOT_FOUND: Self = Self(404204);
    pub(crate) const METHOD_NOT_ALLOWED: Self = Self(405000);
    pub(crate) const ENROLLMENT_CONFLICT: Self = Self(409201);
    pub(crate) const ENROLLMENT_GROUP_CONFLICT: Self = Self(409202);
    pub(crate) const PRECONDITION_FAILED: Self = Self(412001);
    pub(crate) const THROTTLED: Self = Self(429001);
    pub(crate) const SERVER_ERROR: Self = Self(500001);
    pub(crate) const NOT_IMPLEMENTED: Self = Self(501000);

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// Returns the code of a missing enrollment.
    pub(crate) fn not_found(kind: EnrollmentKind) -> Self {
        match kind {
            EnrollmentKind::Individual => Self::ENROLLMENT_NOT_FOUND,
            EnrollmentKind::Group => Self::ENROLLMENT_GROUP_NOT_FOUND,
        }
    }

    /// Returns the code of an enrollment that exists.
    pub(crate) fn conflict(kind: EnrollmentKind) -> Self {
        match kind {
            EnrollmentKind::Individual => Self::ENROLLMENT_CONFLICT,
            EnrollmentKind::Group => Self::ENROLLMENT_GROUP_CONFLICT,
        }
    }

    #[expect(clippy::expect_used, reason = "codes are constants with six digits")]
    fn status(self) -> StatusCode {
        let status = u16::try_from(self.0 / 1000).expect("a code has six digits");
        StatusCode::from_u16(status).expect("the first three digits of a code are a status")
    }

    /// Returns the code of a status: the documented one of 401 and 500, or else the generic one.
    fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::UNAUTHORIZED,
            429 => Self::THROTTLED,
            500 => Self::SERVER_ERROR,
            other => Self(u32::from(other) * 1000),
        }
    }
}

/// An error as the service reports it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProvisioningError {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Additional response header.
    header: Option<(&'static str, String)>,
}

impl ProvisioningError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            header: None,
        }
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(Code::ARGUMENT_INVALID, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(Code::UNAUTHORIZED, "Unauthorized")
    }

    pub(crate) fn not_found(kind: EnrollmentKind) -> Self {
        let message = match kind {
            EnrollmentKind::Individual => "Enrollment not found.",
            EnrollmentKind::Group => "Enrollment group not found.",
        };
        Self::new(Code::not_found(kind), message)
    }

    pub(crate) fn registration_not_found() -> Self {
        Self::new(Code::REGISTRATION_NOT_FOUND, "Registration not found.")
    }

    pub(crate) fn throttled(message: impl Into<String>) -> Self {
        Self::new(Code::THROTTLED, message)
    }

    /// Creates the error of a request that the emulator does not support.
    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(Code::NOT_IMPLEMENTED, message)
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.header = Some((name, value));
        self
    }

    /// Converts a refusal of the server.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unauthorized(_) => Self::unauthorized(),
            Refusal::BadRequest(text) => Self::argument(text),
            Refusal::BodyTooLarge { limit } => Self::new(
                Code::of_status(StatusCode::PAYLOAD_TOO_LARGE),
                format!("The request body is longer than {limit} bytes."),
            ),
            Refusal::BodyTimeout { seconds } => Self::new(
                Code::of_status(StatusCode::REQUEST_TIMEOUT),
                format!("The request body did not arrive within {seconds} seconds."),
            ),
            Refusal::Unsupported(text) => Self::not_implemented(*text),
            Refusal::Fault(status) => Self::new(
                Code::of_status(*status),
                status.canonical_reason().unwrap_or("Fault rule"),
            ),
        }
    }

    /// Returns the error response.
    pub(crate) fn response(&self, request_id: &str, now: OffsetDateTime) -> ServiceResponse {
        let body = json!({
            "errorCode": self.code.number(),
            "trackingId": request_id,
            "message": self.message,
            "timestampUtc": Timestamp::from(now),
        });
        let response = ServiceResponse::json(self.code.status(), &body)
            .with_header("x-ms-error-code", &self.code.number().to_string())
            .with_header("x-ms-request-id", request_id);
        match &self.header {
            Some((name, value)) => response.with_header(name, value),
            None => response,
        }
    }
}
