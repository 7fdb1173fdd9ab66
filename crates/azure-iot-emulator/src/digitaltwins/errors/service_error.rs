//! The parts of an error response: status, code, message and body format.

use serde_json::{Map, Value, json};

/// One entry of the `details` of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorDetail {
    /// The error code, usually equal to the outer code.
    pub(crate) code: &'static str,
    /// Human-readable description.
    pub(crate) message: String,
}

/// The body format of an error response.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// `{"error": {"code", "message", "details"}}`, and the header `x-ms-error-code`.
    Envelope,
    /// `application/problem+json`, sent for bodies that the service's web framework cannot deserialize.
    Problem { field: String },
}

/// An error response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServiceError {
    /// HTTP status.
    pub(crate) status: u16,
    /// Service code, as in `error.code` and the header `x-ms-error-code`.
    pub(crate) code: &'static str,
    /// Human-readable description, as in `error.message`.
    pub(crate) message: String,
    /// Details; empty for most errors.
    pub(crate) details: Vec<ErrorDetail>,
    pub(super) form: Form,
}

/// Error codes of jobs; these errors lack the header `x-ms-error-code`.
const WITHOUT_CODE_HEADER: [&str; 4] = [
    "JobNotFound",
    "JobIdAlreadyExists",
    "DeleteJobNotFound",
    "JobLimitReached",
];

/// The outcome of an operation.
pub(crate) type ServiceResult<T> = Result<T, ServiceError>;

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)?;
        for detail in &self.details {
            write!(f, " [{}]", detail.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServiceError {}

impl ServiceError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        ServiceError {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            form: Form::Envelope,
        }
    }

    /// Returns the JSON body of the response.
    pub(crate) fn body(&self) -> Value {
        match &self.form {
            Form::Problem { field } => {
                let mut errors = Map::new();
                errors.insert(field.clone(), json!([self.message]));
                json!({
                    "errors": errors,
                    "title": "One or more validation errors occurred.",
                    "status": self.status,
                })
            }
            Form::Envelope => {
                let mut error = Map::new();
                error.insert("code".to_owned(), self.code.into());
                error.insert("message".to_owned(), self.message.as_str().into());
                if !self.details.is_empty() {
                    let details = self
                        .details
                        .iter()
                        .map(|detail| json!({"code": detail.code, "message": detail.message}))
                        .collect::<Vec<_>>();
                    error.insert("details".to_owned(), details.into());
                }
                json!({ "error": error })
            }
        }
    }

    /// Returns the value of `Content-Type`.
    pub(crate) fn content_type(&self) -> &'static str {
        match self.form {
            Form::Envelope => "application/json; charset=utf-8",
            Form::Problem { .. } => "application/problem+json; charset=utf-8",
        }
    }

    /// Returns whether the response has the header `x-ms-error-code`. Errors of the web framework and of jobs lack it.
    pub(crate) fn has_code_header(&self) -> bool {
        self.form == Form::Envelope && !WITHOUT_CODE_HEADER.contains(&self.code)
    }
}
