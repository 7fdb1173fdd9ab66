//! The service's error bodies.

use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::codes::Code;
use super::timestamp::Timestamp;
use crate::service::{Refusal, ServiceResponse};

pub(crate) type Result<T, E = HubError> = std::result::Result<T, E>;

/// An error as the service reports it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HubError {
    pub(crate) code: Code,
    pub(crate) text: String,
    /// Direct methods word their errors as JSON within the JSON; this is its `info` member.
    pub(crate) nested: Option<Value>,
    /// Overrides the code's own status.
    status: Option<StatusCode>,
}

impl HubError {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            nested: None,
            status: None,
        }
    }

    /// An error of a direct method.
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
            format!("The request body can't be read as JSON: {error}"),
        )
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(Code::IOT_HUB_UNAUTHORIZED_ACCESS, "Unauthorized")
    }

    pub(crate) fn device_not_found(device_id: &str) -> Self {
        Self::new(Code::DEVICE_NOT_FOUND, device_id)
    }

    pub(crate) fn module_not_found(module_id: &str) -> Self {
        Self::new(Code::MODULE_NOT_FOUND, module_id)
    }

    /// The versions are the numbers inside the entity tags.
    pub(crate) fn stale(existing: u64, given: Option<u64>) -> Self {
        let given = given.map(|version| version.to_string()).unwrap_or_default();
        Self::new(
            Code::PRECONDITION_FAILED,
            format!(
                "Precondition failed: Device version did not match, existingVersion:{existing} newVersion:{given}"
            ),
        )
    }

    /// What the server decided, in this service's words.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unauthorized(_) => Self::unauthorized(),
            Refusal::BadRequest(text) => Self::argument(text),
            Refusal::BodyTooLarge { limit } => Self::new(
                Code::MESSAGE_TOO_LARGE,
                format!("The request body is longer than {limit} bytes."),
            ),
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

    /// The response, in the form that the operation's errors have.
    pub(crate) fn response(&self, request_id: &str, now: OffsetDateTime) -> ServiceResponse {
        let tracking_id = request_id.replace('-', "");
        let body = match &self.nested {
            None => json!({
                "Message": format!("ErrorCode:{};{}", self.code.name(), self.text),
                "ExceptionMessage": format!("Tracking ID:{tracking_id}-G:0-TimeStamp:{}", american(now)),
            }),
            Some(info) => {
                let inner = json!({
                    "errorCode": self.code.number(),
                    "trackingId": format!("{tracking_id}-G:0-TimeStamp:{}", american(now)),
                    "message": self.text,
                    "info": info,
                    "timestampUtc": Timestamp::from(now),
                });
                json!({ "Message": inner.to_string(), "ExceptionMessage": "" })
            }
        };
        ServiceResponse::json(self.status(), &body)
            .with_header("iothub-errorcode", self.code.name())
            .with_header("x-ms-request-id", request_id)
    }
}

/// `MM/dd/yyyy HH:mm:ss`, as in tracking ids.
fn american(time: OffsetDateTime) -> String {
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
