//! Constructors and setters of errors for client crates.

use super::{Error, ErrorKind};

/// Constructors for failures without a response.
impl Error {
    /// Creates an error whose `Display` begins with `headline` instead of the headline for `kind`.
    #[must_use]
    pub fn with_headline(kind: ErrorKind, headline: impl Into<String>) -> Self {
        let mut error = Self::with_message(kind, headline);
        error.0.verbatim = true;
        error
    }

    /// Sets the invalid parameter.
    #[must_use]
    pub fn with_parameter(mut self, parameter: impl Into<String>) -> Self {
        self.0.parameter = Some(parameter.into());
        self
    }

    /// Sets the service's error code.
    #[must_use]
    pub fn with_code(mut self, code: Option<String>) -> Self {
        self.0.code = code;
        self
    }

    /// Sets the service's tracking id.
    #[must_use]
    pub fn with_tracking_id(mut self, id: Option<String>) -> Self {
        self.0.tracking_id = id;
        self
    }

    /// Sets the public method that failed, the number of its requests, and whether the call is safe to repeat.
    #[must_use]
    pub fn with_call(mut self, operation: &'static str, attempts: u32, repeatable: bool) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
        self.0.repeatable = repeatable;
        self
    }
}
