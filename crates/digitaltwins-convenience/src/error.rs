//! Why a call failed.

use std::fmt;
use std::time::Duration;

use azure_service_core::{ErrorDetail, ErrorKind};
use serde_json::Value;

use crate::error_code;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// [`kind`](Self::kind) says coarsely what went wrong; [`status`](Self::status), [`code`](Self::code),
/// [`message`](Self::message) and [`details`](Self::details) are the service's words; the predicates answer what
/// programs ask. The codes are constants in [`error_code`].
///
/// Pagers, pollers and `into_model` yield [`azure_core::Error`], from which this one is made: `?` does it, and so does
/// `map_err(Error::from)`.
///
/// # Example
///
/// ```
/// # use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient, Error};
/// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let (_emulator, client) = common::building().await?;
/// match client.get_digital_twin::<BasicDigitalTwin>("room-1").await {
///     Ok(response) => println!("{}", response.into_model()?.model()),
///     Err(error) if error.is_not_found() => println!("there is no room-1"),
///     Err(error) if error.is_throttled() => println!("come back in {:?}", error.retry_after()),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(()) }
/// ```
///
/// # Troubleshooting
///
/// * 401 without a code: the token is for another tenant or another resource. The identity also needs one of the roles
///   *Azure Digital Twins Data Owner* or *Data Reader* on the instance; without it the answer is 403.
/// * 404 without a code: the host name is no instance, or the token belongs to another tenant than the instance.
/// * `ValidationFailed`: read [`details`](Self::details), which name the property.
#[derive(Debug, Clone)]
pub struct Error {
    core: azure_service_core::Error,
    timed_out: bool,
    left_behind: Vec<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)?;
        if !self.left_behind.is_empty() {
            write!(f, " (left behind: {})", self.left_behind.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.core.source()
    }
}

impl From<azure_service_core::Error> for Error {
    fn from(core: azure_service_core::Error) -> Self {
        Self {
            core,
            timed_out: false,
            left_behind: Vec::new(),
        }
    }
}

/// So that `?` works on what pagers, pollers and `into_model` yield.
impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        azure_service_core::Error::from(error).into()
    }
}

/// So that a callback of azure_core can fail with ours.
impl From<Error> for azure_core::Error {
    fn from(error: Error) -> Self {
        error.core.into()
    }
}

impl Error {
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        azure_service_core::Error::invalid_input(parameter, reason).into()
    }

    /// The service answered what it should not.
    pub(crate) fn invalid_response(message: impl Into<String>) -> Self {
        azure_service_core::Error::with_message(ErrorKind::InvalidResponse, message).into()
    }

    /// A file cannot be read or written.
    pub(crate) fn file(error: std::io::Error) -> Self {
        let core =
            azure_service_core::Error::with_message(ErrorKind::Other, "the file cannot be read or written");
        core.with_source(error).into()
    }

    /// What was waited for did not happen.
    pub(crate) fn timed_out(message: impl Into<String>) -> Self {
        let core = azure_service_core::Error::with_message(ErrorKind::Other, message);
        Self {
            timed_out: true,
            ..core.into()
        }
    }

    pub(crate) fn with_left_behind(mut self, ids: Vec<String>) -> Self {
        self.left_behind = ids;
        self
    }

    /// What [`upload_models`](crate::DigitalTwinsClient::upload_models) has stored and could not delete again.
    #[must_use]
    pub fn left_behind(&self) -> &[String] {
        &self.left_behind
    }
}

macro_rules! forward {
    ($($(#[$meta:meta])* $name:ident -> $type:ty,)+) => {$(
        $(#[$meta])*
        #[must_use]
        pub fn $name(&self) -> $type {
            self.core.$name()
        }
    )+};
}

/// What happened.
impl Error {
    forward! {
        /// What went wrong, coarsely.
        kind -> ErrorKind,
        /// The HTTP status of the last answer, `None` if there was none.
        status -> Option<u16>,
        /// The service's code for the error, such as `DigitalTwinNotFound`. Answers of the gateway, such as 401 and
        /// 429, have none.
        code -> Option<&str>,
        /// The service's explanation, or ours if the service was not asked.
        message -> Option<&str>,
        /// The errors that make up this one, such as one for each property that does not fit the model.
        details -> &[ErrorDetail],
        /// What the service says about the inside of the error, as it wrote it.
        inner_error -> Option<&Value>,
        /// The id under which the service's support finds the failure.
        tracking_id -> Option<&str>,
        /// The service's id of the request.
        request_id -> Option<&str>,
        /// The id of the operation that failed, such as `digital_twins_get_by_id`.
        operation -> Option<&'static str>,
        /// The name of the parameter that is invalid.
        parameter -> Option<&str>,
        /// How many requests were sent; 0 if the call failed before the first.
        attempts -> u32,
        /// How long the service asks to wait before the next attempt.
        retry_after -> Option<Duration>,
        /// The beginning of the answer's body, at most 1000 characters.
        body -> Option<&str>,
    }
}

/// What programs ask.
impl Error {
    forward! {
        /// What was asked for does not exist: a twin, a relationship or its target, a component, a model, a route, a
        /// job. Of a deletion with more than one [attempt](Self::attempts), the first may have done it.
        is_not_found -> bool,
        /// What should be created exists, or other things refer to what should be deleted.
        is_conflict -> bool,
        /// The thing is not as the precondition wants it: it was changed, or exists already. Read again, decide again,
        /// write again, or let [`modify_digital_twin`](crate::DigitalTwinsClient::modify_digital_twin) do it.
        is_precondition_failed -> bool,
        /// Too many requests. See [`retry_after`](Self::retry_after).
        is_throttled -> bool,
        /// The service does not accept the credential.
        is_unauthorized -> bool,
        /// The caller is known and lacks the role.
        is_forbidden -> bool,
        /// There was no connection to the service; the request was not sent.
        is_connection -> bool,
        /// The service may or may not have processed the request.
        is_unknown_outcome -> bool,
        /// The credential gave no token.
        is_credential -> bool,
        /// The caller gave something that cannot be sent. See [`parameter`](Self::parameter).
        is_invalid_input -> bool,
    }

    /// The time was up: no answer, an answer that says so, or what was waited for did not happen.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timed_out || self.core.is_timeout()
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }

    /// What should be created exists already: a model, a job, or a twin or relationship that was to be new.
    ///
    /// After more than one [attempt](Self::attempts), the first may have been the one that created it.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        use error_code::{
            JOB_ID_ALREADY_EXISTS, MODEL_ALREADY_EXISTS, MODEL_ID_ALREADY_EXISTS, RELATIONSHIP_ALREADY_EXISTS,
        };
        let codes = [
            MODEL_ID_ALREADY_EXISTS,
            MODEL_ALREADY_EXISTS,
            RELATIONSHIP_ALREADY_EXISTS,
            JOB_ID_ALREADY_EXISTS,
        ];
        self.has_code(&codes)
            || (self.is_precondition_failed()
                && matches!(
                    self.operation(),
                    Some("digital_twins_add" | "digital_twins_add_relationship")
                ))
    }

    /// The target of a relationship does not exist. (Without its source, the code is
    /// [`DIGITAL_TWIN_NOT_FOUND`](error_code::DIGITAL_TWIN_NOT_FOUND).)
    #[must_use]
    pub fn is_target_not_found(&self) -> bool {
        self.has_code(&[
            error_code::TARGET_DIGITAL_TWIN_NOT_FOUND,
            error_code::TARGET_TWIN_NOT_FOUND,
        ])
    }

    /// The twin still has relationships, outgoing or incoming, and cannot be deleted. See
    /// [`delete_digital_twin_with_relationships`](crate::DigitalTwinsClient::delete_digital_twin_with_relationships).
    #[must_use]
    pub fn is_relationships_not_deleted(&self) -> bool {
        self.has_code(&[error_code::RELATIONSHIPS_NOT_DELETED])
    }

    /// Other models use the model, so that it cannot be deleted.
    #[must_use]
    pub fn is_model_in_use(&self) -> bool {
        self.has_code(&[
            error_code::MODEL_REFERENCES_NOT_DELETED,
            error_code::MODEL_REFERENCES_NOT_DECOMMISSIONED,
        ])
    }

    /// A twin, component, relationship or telemetry does not fit its model. See [`details`](Self::details).
    #[must_use]
    pub fn is_validation_failed(&self) -> bool {
        self.has_code(&[error_code::VALIDATION_FAILED, error_code::INVALID_RELATIONSHIP])
    }

    /// The patch is not valid, or leads to what is not there.
    #[must_use]
    pub fn is_invalid_patch(&self) -> bool {
        self.has_code(&[error_code::JSON_PATCH_INVALID])
    }

    /// The query text is not valid.
    #[must_use]
    pub fn is_invalid_query(&self) -> bool {
        self.has_code(&[error_code::SQL_QUERY_ERROR])
    }

    /// The models are no valid DTDL, or a version of it that the service does not take.
    #[must_use]
    pub fn is_invalid_model(&self) -> bool {
        self.has_code(&[
            error_code::DTDL_PARSER_ERROR,
            error_code::MODEL_VERSION_NOT_SUPPORTED,
        ])
    }

    /// A limit of the instance is reached: of twins, models, routes or running jobs.
    #[must_use]
    pub fn is_limit_reached(&self) -> bool {
        use error_code::{JOB_LIMIT_REACHED, LIMIT_EXCEEDED, TWIN_LIMIT_REACHED};
        self.has_code(&[TWIN_LIMIT_REACHED, LIMIT_EXCEEDED, JOB_LIMIT_REACHED])
    }
}

#[cfg(test)]
mod tests;
