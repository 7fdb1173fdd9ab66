//! `Display` and `Debug` of errors.

use std::fmt;
use std::time::Duration;

use super::Repr;
use super::envelope::ErrorDetail;
use super::kind::ErrorKind;

/// The maximum number of details shown. `Display` only counts the rest.
const MAX_DETAILS: usize = 3;

/// The one-line text of an error: headline, message, details, and the context of the call in parentheses.
pub(super) struct OneLine<'a>(pub(super) &'a Repr);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        if error.verbatim {
            f.write_str(error.message.as_deref().unwrap_or_default())?;
            return call_context(f, error);
        }
        headline(f, error)?;
        match (&error.message, &error.body) {
            (Some(message), _) => write!(f, ": {message}")?,
            (None, Some(body)) if error.code.is_none() => write!(f, ": {body:?}")?,
            _ => {}
        }
        details(f, &error.details)?;
        if let Some(skew) = error.clock_skew {
            write!(f, "; {skew}, so tokens may not be valid there")?;
        }
        if error.kind == ErrorKind::UnknownOutcome {
            f.write_str("; the service may have processed the request")?;
        }
        call_context(f, error)
    }
}

fn headline(f: &mut fmt::Formatter<'_>, error: &Repr) -> fmt::Result {
    let service = error.target.as_deref().unwrap_or("the service");
    match error.kind {
        ErrorKind::Service => {
            write!(f, "the service returned {}", error.status.unwrap_or_default())?;
            match &error.code {
                Some(code) => write!(f, " {code}"),
                None => Ok(()),
            }
        }
        ErrorKind::InvalidInput => match &error.parameter {
            Some(parameter) => write!(f, "invalid {parameter}"),
            None => f.write_str("invalid request"),
        },
        ErrorKind::Credential => f.write_str("the credential did not return a token"),
        ErrorKind::Connection => write!(f, "cannot connect to {service}"),
        ErrorKind::Timeout => write!(f, "no response from {service} in time"),
        ErrorKind::UnknownOutcome if error.timed_out => write!(f, "no response from {service} in time"),
        ErrorKind::UnknownOutcome => write!(f, "the connection to {service} broke"),
        ErrorKind::InvalidResponse => f.write_str("invalid response"),
        ErrorKind::ResponseTooLarge => f.write_str("the response is too large"),
        ErrorKind::JobFailed => f.write_str("the job did not succeed"),
        ErrorKind::Other => f.write_str("the call failed"),
    }
}

fn details(f: &mut fmt::Formatter<'_>, details: &[ErrorDetail]) -> fmt::Result {
    if details.is_empty() {
        return Ok(());
    }
    f.write_str(" [")?;
    for (index, detail) in details.iter().take(MAX_DETAILS).enumerate() {
        if index > 0 {
            f.write_str("; ")?;
        }
        fmt::Display::fmt(detail, f)?;
    }
    if details.len() > MAX_DETAILS {
        write!(f, "; and {} more", details.len() - MAX_DETAILS)?;
    }
    f.write_str("]")
}

/// Writes the target and the message, or the code if there is no message.
impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.as_deref().or(self.code.as_deref());
        match (&self.target, message) {
            (Some(target), Some(message)) => write!(f, "{target}: {message}"),
            (Some(target), None) => f.write_str(target),
            (None, message) => f.write_str(message.unwrap_or("no message")),
        }
    }
}

fn call_context(f: &mut fmt::Formatter<'_>, error: &Repr) -> fmt::Result {
    let mut separator = " (";
    let mut part = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
        let result = write!(f, "{separator}{text}");
        separator = ", ";
        result
    };
    if let Some(operation) = error.operation {
        part(f, format_args!("{operation}"))?;
    }
    if error.attempts > 1 {
        part(f, format_args!("{} attempts", error.attempts))?;
    }
    if let (Some(status), true) = (error.status, error.kind != ErrorKind::Service) {
        part(f, format_args!("last response {status}"))?;
    }
    if let Some(wait) = error.retry_after {
        part(f, format_args!("retry after {}", Seconds(wait)))?;
    }
    if let Some(id) = &error.tracking_id {
        part(f, format_args!("tracking id {id}"))?;
    }
    if let Some(id) = &error.request_id {
        part(f, format_args!("request id {id}"))?;
    }
    if separator == ", " {
        f.write_str(")")
    } else {
        Ok(())
    }
}

/// A duration in seconds, such as `6 s` or `0.5 s`.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs_f64())
    }
}

impl fmt::Debug for Repr {
    /// Omits fields without a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.kind);
        let mut optional = |name, value: Option<&dyn fmt::Debug>| {
            if let Some(value) = value {
                out.field(name, value);
            }
        };
        optional("operation", self.operation.as_ref().map(|v| v as _));
        optional("parameter", self.parameter.as_ref().map(|v| v as _));
        optional("target", self.target.as_ref().map(|v| v as _));
        optional("status", self.status.as_ref().map(|v| v as _));
        optional("code", self.code.as_ref().map(|v| v as _));
        optional("message", self.message.as_ref().map(|v| v as _));
        optional("connection", self.connection.as_ref().map(|v| v as _));
        optional("clock_skew", self.clock_skew.as_ref().map(|v| v as _));
        optional("tracking_id", self.tracking_id.as_ref().map(|v| v as _));
        optional("request_id", self.request_id.as_ref().map(|v| v as _));
        optional("retry_after", self.retry_after.as_ref().map(|v| v as _));
        optional(
            "details",
            (!self.details.is_empty()).then_some(&self.details as _),
        );
        optional("inner_error", self.inner_error.as_ref().map(|v| v as _));
        optional("body", self.body.as_ref().map(|v| v as _));
        optional("attempts", (self.attempts > 0).then_some(&self.attempts as _));
        optional("timed_out", self.timed_out.then_some(&self.timed_out as _));
        optional("cause", self.cause.as_ref().map(|v| v as _));
        out.finish()
    }
}
