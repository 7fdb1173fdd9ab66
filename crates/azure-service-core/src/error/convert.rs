//! Conversions between [`Error`], azure_core's error and the error of generated clients.
//!
//! azure_core's pagers and pollers yield azure_core's error. Its source is our [`Error`], which is restored without
//! loss.

use std::error::Error as StdError;

use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::StatusCode;

use super::Error;
use super::chain::{find, root};
use super::connection::ConnectionFailure;
use super::kind::ErrorKind;
use crate::client_info::AttemptFailure;
use crate::connection_string::ConnectionStringError;
use crate::limits::{ResponseTooLarge, TimedOut};

impl From<Error> for azure_core::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Service => AzureKind::HttpResponse {
                status: StatusCode::from(error.status().unwrap_or_default()),
                error_code: error.code().map(str::to_owned),
                raw_response: None,
            },
            ErrorKind::Credential => AzureKind::Credential,
            ErrorKind::Connection => AzureKind::Connection,
            ErrorKind::UnknownOutcome => AzureKind::Io,
            ErrorKind::InvalidResponse | ErrorKind::ResponseTooLarge => AzureKind::DataConversion,
            ErrorKind::InvalidInput | ErrorKind::Timeout | ErrorKind::JobFailed | ErrorKind::Other => {
                AzureKind::Other
            }
        };
        Self::new(kind, error)
    }
}

impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        if let Some(ours) = find::<Self>(&error) {
            return ours.clone();
        }
        if let Some(too_large) = find::<ResponseTooLarge>(&error) {
            let result = Self::with_message(ErrorKind::ResponseTooLarge, too_large.to_string());
            return result.with_last_status(Some(u16::from(too_large.status)));
        }
        let result = match error.kind() {
            AzureKind::HttpResponse {
                raw_response: Some(response),
                ..
            } => return Self::from_response(response),
            AzureKind::HttpResponse {
                status, error_code, ..
            } => {
                let mut result = Self::with_message(ErrorKind::Service, error.to_string());
                result.0.status = Some(u16::from(*status));
                result.0.code.clone_from(error_code);
                result
            }
            AzureKind::DataConversion => return Self::invalid_response(&error),
            AzureKind::Credential => {
                let mut result = Self::with_message(ErrorKind::Credential, error.to_string());
                result.0.timed_out = find::<TimedOut>(&error).is_some();
                result
            }
            AzureKind::Connection => {
                Self::new(ErrorKind::Connection).with_connection_failure(ConnectionFailure::of(&error))
            }
            AzureKind::Io => Self::unknown_outcome(&error),
            AzureKind::Other => Self::with_message(ErrorKind::Other, error.to_string()),
        };
        result.with_source(error)
    }
}

/// Allows `?` on calls of a generated client.
impl<E> From<progenitor_client::Error<E>> for Error {
    fn from(error: progenitor_client::Error<E>) -> Self {
        use progenitor_client::Error as Generated;
        match error {
            Generated::InvalidRequest(text) => match text.split_once(": ") {
                Some((parameter, reason)) if is_name(parameter) => Self::invalid_input(parameter, reason),
                _ => Self::with_message(ErrorKind::InvalidInput, text),
            },
            Generated::CommunicationError(error)
            | Generated::InvalidUpgrade(error)
            | Generated::ResponseBodyError(error) => Self::from(error),
            Generated::ErrorResponse(response) => Self::from_status(response.status().as_u16()),
            Generated::UnexpectedResponse(response) => match response.extensions().get::<Self>() {
                Some(ours) => ours.clone(),
                None => Self::from_status(response.status().as_u16()),
            },
            Generated::InvalidResponsePayload(_, error) => Self::invalid_response(&error),
            Generated::Custom(text) => Self::with_message(ErrorKind::Other, text),
        }
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        if let Some(ours) = find::<Self>(&error) {
            return ours.clone();
        }
        let result = if error.is_builder() {
            Self::new(ErrorKind::InvalidInput)
        } else if error.is_connect() {
            Self::new(ErrorKind::Connection).with_connection_failure(ConnectionFailure::of(&error))
        } else {
            Self::unknown_outcome(&error)
        };
        result.with_source(error)
    }
}

impl From<ConnectionStringError> for Error {
    fn from(error: ConnectionStringError) -> Self {
        Self::invalid_input("connection string", error.to_string())
    }
}

impl Error {
    fn from_status(status: u16) -> Self {
        let mut error = Self::new(ErrorKind::Service);
        error.0.status = Some(status);
        error
    }

    /// Creates the error for a connection that broke, or an attempt that timed out, when the request may already have
    /// been sent.
    fn unknown_outcome(error: &(dyn StdError + 'static)) -> Self {
        let mut result = Self::with_message(ErrorKind::UnknownOutcome, root(error).to_string());
        result.0.timed_out = find::<TimedOut>(error).is_some()
            || find::<reqwest::Error>(error).is_some_and(reqwest::Error::is_timeout);
        result
    }

    /// Creates the error for a call that timed out after `attempts`. `unanswered` is whether the service may have
    /// processed an attempt without a response; `failure` is the failure of the last attempt, if that attempt ended.
    pub(crate) fn timed_out(
        timed_out: TimedOut,
        attempts: u32,
        unanswered: bool,
        failure: Option<AttemptFailure>,
    ) -> Self {
        let kind = match unanswered {
            true => ErrorKind::UnknownOutcome,
            false => ErrorKind::Timeout,
        };
        let mut message = timed_out.to_string();
        match &failure {
            Some(failure) => message += &format!(" while it waited to retry: {}", failure.reason),
            None if attempts == 0 => message += " before a request was sent",
            None => {}
        }
        let mut error = Self::with_message(kind, message);
        error.0.timed_out = true;
        if let Some(failure) = failure {
            error.0.code = failure.code;
            error.0.request_id = failure.request_id;
        }
        error
    }

    /// Creates the error for a response that cannot be decoded. Removes the values that `error` quotes, because they
    /// may be secret.
    #[must_use]
    pub fn invalid_response(error: &(dyn StdError + 'static)) -> Self {
        Self::with_message(ErrorKind::InvalidResponse, without_values(&error.to_string()))
    }
}

/// Removes the text between double quotes, where serde_json puts unexpected values.
fn without_values(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &text[..=first], &text[last..]),
        _ => text.to_owned(),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
