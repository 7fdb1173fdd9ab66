//! Errors of the service, and their responses.

use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::iothub::codes::Code;
use crate::iothub::store::not_found::NotFound;
use crate::service::{Refusal, ServiceResponse};
use crate::text::json_error_text;
use crate::timestamp::Timestamp;

pub(crate) type Result<T, E = HubError> = std::result::Result<T, E>;

/// An error as the service reports it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HubError {
    pub(crate) code: Code,
    pub(crate) text: String,
    /// The inner `info` member of errors of direct methods, which are JSON nested in JSON.
    pub(crate) nested: Option<Value>,
    /// Overrides the code's own status.
    status: Option<StatusCode>,
    /// Additional response header.
    header: Option<Box<(&'static str, String)>>,
}

impl From<NotFound> for HubError {
    fn from(error: NotFound) -> Self {
        match error {
            NotFound::Device(id) => Self::new(Code::DEVICE_NOT_FOUND, id),
            NotFound::Module(id) => Self::new(Code::MODULE_NOT_FOUND, id),
        }
    }
}

impl HubError {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            nested: None,
            status: None,
            header: None,
        }
    }

    /// Creates an error of a direct method, with `info` in its inner JSON.
    pub(crate) fn nested(code: Code, text: impl Into<String>, info: Value) -> Self {
        Self {
            nested: Some(info),
            ..Self::new(code, text)
        }
    }

    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self::new(Code::ARGUMENT_INVALID, text)
    }

    pub(crate) fn format(error: &serde_json::Error) -> Self {
        Self::new(
            Code::IOT_HUB_FORMAT_ERROR,
            format!(
                "Could not deserialize the JSON request body: {}",
                json_error_text(error)
            ),
        )
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(Code::IOT_HUB_UNAUTHORIZED_ACCESS, "Unauthorized")
    }

    pub(crate) fn device_not_found(device_id: &str) -> Self {
        NotFound::device(device_id).into()
    }

    pub(crate) fn module_not_found(module_id: &str) -> Self {
        NotFound::module(module_id).into()
    }

    pub(crate) fn device_already_exists(device_id: &str) -> Self {
        let text = format!("A device with ID '{device_id}' is already registered.");
        Self::new(Code::DEVICE_ALREADY_EXISTS, text)
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// Creates an error for a failed precondition. The versions are the numbers encoded in the ETags.
    pub(crate) fn stale(existing: u64, given: Option<u64>) -> Self {
        let given = given.map(|version| version.to_string()).unwrap_or_default();
        Self::new(
            Code::PRECONDITION_FAILED,
            format!(
                "Precondition failed: Device version did not match, existingVersion:{existing} newVersion:{given}"
            ),
        )
    }

    /// Converts the refusal of a request by the server.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unauthorized(_) => Self::unauthorized(),
            Refusal::BadRequest(text) => Self::argument(text),
            Refusal::BodyTooLarge { limit } => Self::new(
                Code::MESSAGE_TOO_LARGE,
                format!("The request body is longer than {limit} bytes."),
            ),
            Refusal::BodyTimeout { seconds } => Self {
                status: Some(StatusCode::REQUEST_TIMEOUT),
                ..Self::new(
                    Code::GENERIC_BAD_REQUEST,
                    format!("The request body did not arrive within {seconds} seconds."),
                )
            },
            Refusal::Unsupported(text) => Self {
                status: Some(StatusCode::NOT_IMPLEMENTED),
                ..Self::new(Code::SERVER_ERROR, *text)
            },
            Refusal::Fault(status) => {
                let code = Code::of_status(*status).unwrap_or(Code::SERVER_ERROR);
                let text = status.canonical_reason().unwrap_or("Fault rule");
                Self {
                    status: Some(*status),
                    ..Self::new(code, text)
                }
            }
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| self.code.status())
    }

    /// Returns the error response.
    pub(crate) fn response(&self, request_id: &str, now: OffsetDateTime) -> ServiceResponse {
        let tracking_id = request_id.replace('-', "");
        let body = match &self.nested {
            None => json!({
                "Message": format!("ErrorCode:{};{}", self.code.name(), self.text),
                "ExceptionMessage": format!("Tracking ID:{tracking_id}-G:0-TimeStamp:{}", us_date_time(now)),
            }),
            Some(info) => {
                let inner = json!({
                    "errorCode": self.code.number(),
                    "trackingId": format!("{tracking_id}-G:0-TimeStamp:{}", us_date_time(now)),
                    "message": self.text,
                    "info": info,
                    "timestampUtc": Timestamp::from(now),
                });
                json!({ "Message": inner.to_string(), "ExceptionMessage": "" })
            }
        };
        let response = ServiceResponse::json(self.status(), &body)
            .with_header("iothub-errorcode", self.code.name())
            .with_header("x-ms-request-id", request_id);
        match self.header.as_deref() {
            Some((name, value)) => response.with_header(name, value),
            None => response,
        }
    }
}

/// Formats a time as `MM/dd/yyyy HH:mm:ss`, as in tracking ids.
fn us_date_time(time: OffsetDateTime) -> String {
    format!(
        "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
        u8::from(time.month()),
        time.day(),
        time.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
