//! Errors that a client crate describes in its own words.

use super::{Error, ErrorKind};

/// For client crates with failures that are no answers to requests.
impl Error {
    /// An error whose `Display` begins with `text` and says nothing about the kind.
    #[must_use]
    pub fn with_text(kind: ErrorKind, text: impl Into<String>) -> Self {
        let mut error = Self::with_message(kind, text);
        error.0.verbatim = true;
        error
    }

    /// The error with the parameter that is invalid.
    #[must_use]
    pub fn with_parameter(mut self, parameter: impl Into<String>) -> Self {
        self.0.parameter = Some(parameter.into());
        self
    }

    /// The error with the service's own code.
    #[must_use]
    pub fn with_code(mut self, code: Option<String>) -> Self {
        self.0.code = code;
        self
    }

    /// The error with the id under which the service's support finds the failure.
    #[must_use]
    pub fn with_tracking_id(mut self, id: Option<String>) -> Self {
        self.0.tracking_id = id;
        self
    }

    /// The error with the method that failed, the number of requests that were sent for it, and whether it may run
    /// twice.
    #[must_use]
    pub fn with_call(mut self, operation: &'static str, attempts: u32, repeatable: bool) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
        self.0.repeatable = repeatable;
        self
    }
}
