//! How an error reads.

use std::fmt;

use super::Repr;
use super::kind::ErrorKind;

/// An error in one line. The source is left to the reader of the chain.
pub(super) struct Text<'a>(pub(super) &'a Repr);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        match error.kind {
            ErrorKind::Service => {
                write!(f, "the service answered {}", error.status.unwrap_or_default())?;
                if let Some(code) = &error.code {
                    write!(f, " {code}")?;
                }
            }
            ErrorKind::InvalidInput => match &error.parameter {
                Some(parameter) => write!(f, "invalid {parameter}")?,
                None => f.write_str("invalid request")?,
            },
            ErrorKind::Credential => f.write_str("the credential gave no token")?,
            ErrorKind::Connection => f.write_str("no connection to the service")?,
            ErrorKind::UnknownOutcome if error.timed_out => {
                f.write_str("no answer in time, the service may have processed the request")?;
            }
            ErrorKind::UnknownOutcome => {
                f.write_str("the connection broke, the service may have processed the request")?;
            }
            ErrorKind::InvalidResponse => f.write_str("the service's answer cannot be understood")?,
            ErrorKind::JobFailed => f.write_str("the job did not succeed")?,
            ErrorKind::Other => f.write_str("the call failed")?,
        }
        match (&error.message, &error.body) {
            (Some(message), _) => write!(f, ": {message}")?,
            (None, Some(body)) if error.code.is_none() => write!(f, ": {body:?}")?,
            _ => {}
        }
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
            part(f, format_args!("last answer {status}"))?;
        }
        if let Some(id) = &error.tracking_id {
            part(f, format_args!("tracking id {id}"))?;
        }
        if separator == ", " {
            f.write_str(")")
        } else {
            Ok(())
        }
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
        text("status", self.status.as_ref().map(|v| v as _));
        text("code", self.code.as_ref().map(|v| v as _));
        text("message", self.message.as_ref().map(|v| v as _));
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
        text("source", self.source.as_ref().map(|v| v as _));
        out.finish()
    }
}
