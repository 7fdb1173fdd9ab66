//! How an error reads.

use std::fmt;
use std::time::Duration;

use super::Repr;
use super::envelope::ErrorDetail;
use super::kind::ErrorKind;

/// How many details are shown; the rest is counted.
const DETAILS: usize = 3;

/// An error in one line: what failed, why, and in parentheses the circumstances.
pub(super) struct Text<'a>(pub(super) &'a Repr);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        if error.verbatim {
            f.write_str(error.message.as_deref().unwrap_or_default())?;
            return circumstances(f, error);
        }
        headline(f, error)?;
        match (&error.message, &error.body) {
            (Some(message), _) => write!(f, ": {message}")?,
            (None, Some(body)) if error.code.is_none() => write!(f, ": {body:?}")?,
            _ => {}
        }
        details(f, &error.details)?;
        if error.kind == ErrorKind::UnknownOutcome {
            f.write_str("; the service may have processed the request")?;
        }
        circumstances(f, error)
    }
}

fn headline(f: &mut fmt::Formatter<'_>, error: &Repr) -> fmt::Result {
    let service = error.target.as_deref().unwrap_or("the service");
    match error.kind {
        ErrorKind::Service => {
            write!(f, "the service answered {}", error.status.unwrap_or_default())?;
            match &error.code {
                Some(code) => write!(f, " {code}"),
                None => Ok(()),
            }
        }
        ErrorKind::InvalidInput => match &error.parameter {
            Some(parameter) => write!(f, "invalid {parameter}"),
            None => f.write_str("invalid request"),
        },
        ErrorKind::Credential => f.write_str("the credential gave no token"),
        ErrorKind::Connection => write!(f, "cannot connect to {service}"),
        ErrorKind::UnknownOutcome if error.timed_out => write!(f, "no response from {service} in time"),
        ErrorKind::UnknownOutcome => write!(f, "the connection to {service} broke"),
        ErrorKind::InvalidResponse => f.write_str("the service's response cannot be understood"),
        ErrorKind::JobFailed => f.write_str("the job did not succeed"),
        ErrorKind::Other => f.write_str("the call failed"),
    }
}

fn details(f: &mut fmt::Formatter<'_>, details: &[ErrorDetail]) -> fmt::Result {
    if details.is_empty() {
        return Ok(());
    }
    f.write_str(" [")?;
    for (index, detail) in details.iter().take(DETAILS).enumerate() {
        if index > 0 {
            f.write_str("; ")?;
        }
        fmt::Display::fmt(detail, f)?;
    }
    if details.len() > DETAILS {
        write!(f, "; and {} more", details.len() - DETAILS)?;
    }
    f.write_str("]")
}

/// Where, the reason, and the code only if there is no reason.
impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.message.as_deref().or(self.code.as_deref());
        match (&self.target, reason) {
            (Some(target), Some(reason)) => write!(f, "{target}: {reason}"),
            (Some(target), None) => f.write_str(target),
            (None, reason) => f.write_str(reason.unwrap_or("no reason given")),
        }
    }
}

fn circumstances(f: &mut fmt::Formatter<'_>, error: &Repr) -> fmt::Result {
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
    /// Only what is there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.kind);
        let mut text = |name, value: Option<&dyn fmt::Debug>| {
            if let Some(value) = value {
                out.field(name, value);
            }
        };
        text("operation", self.operation.as_ref().map(|v| v as _));
        text("parameter", self.parameter.as_ref().map(|v| v as _));
        text("target", self.target.as_ref().map(|v| v as _));
        text("status", self.status.as_ref().map(|v| v as _));
        text("code", self.code.as_ref().map(|v| v as _));
        text("message", self.message.as_ref().map(|v| v as _));
        text("connection", self.connection.as_ref().map(|v| v as _));
        text("tracking_id", self.tracking_id.as_ref().map(|v| v as _));
        text("request_id", self.request_id.as_ref().map(|v| v as _));
        text("retry_after", self.retry_after.as_ref().map(|v| v as _));
        text(
            "details",
            (!self.details.is_empty()).then_some(&self.details as _),
        );
        text("inner_error", self.inner_error.as_ref().map(|v| v as _));
        text("body", self.body.as_ref().map(|v| v as _));
        text("attempts", (self.attempts > 0).then_some(&self.attempts as _));
        text("timed_out", self.timed_out.then_some(&self.timed_out as _));
        text("cause", self.cause.as_ref().map(|v| v as _));
        out.finish()
    }
}
