//! The client's error type.

use std::fmt;
use std::time::Duration;

use azure_service_core::{ConnectionFailure, ErrorDetail, ErrorKind};
use serde_json::Value;

use crate::error_code;

/// The maximum number of ids that `Display` shows; [`Error::left_behind`] returns all of them.
const LEFT_BEHIND_SHOWN: usize = 10;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error from a failed call.
///
/// [`kind`](Self::kind) is the coarse category. [`status`](Self::status), [`code`](Self::code),
/// [`message`](Self::message) and [`details`](Self::details) come from the service's response. The predicates classify
/// the error for programs. The codes are constants in [`error_code`].
///
/// All methods, pagers and pollers fail with this error. `into_model()` fails with [`azure_core::Error`], which `?`
/// converts.
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
///     Err(error) if error.is_throttled() => println!("retry after {:?}", error.retry_after()),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(()) }
/// ```
///
/// # Troubleshooting
///
/// * 401 without a code: the token is for another tenant or another resource. The identity also needs one of the roles
///   *Azure Digital Twins Data Owner* or *Data Reader* on the instance; without it the response is 403.
/// * 404 without a code: no instance has this host name, or the token is for a tenant other than the instance's.
/// * `ValidationFailed`: read [`details`](Self::details), which name the property.
///
/// Set `RUST_LOG=digitaltwins_convenience=info` to log retries, and `=warn` to log only failed calls.
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone)]
struct Repr {
    core: azure_service_core::Error,
    timed_out: bool,
    left_behind: Vec<String>,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.left_behind.is_empty() {
            return fmt::Debug::fmt(&self.0.core, f);
        }
        f.debug_struct("Error")
            .field("core", &self.0.core)
            .field("left_behind", &self.0.left_behind)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.core.fmt(f)?;
        let ids = &self.0.left_behind;
        let shown = &ids[..ids.len().min(LEFT_BEHIND_SHOWN)];
        match ids.len() - shown.len() {
            _ if ids.is_empty() => Ok(()),
            0 => write!(f, " (left behind: {})", shown.join(", ")),
            more => write!(f, " (left behind: {}, and {more} more)", shown.join(", ")),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.core.source()
    }
}

impl AsRef<azure_service_core::Error> for Error {
    fn as_ref(&self) -> &azure_service_core::Error {
        &self.0.core
    }
}

impl From<azure_service_core::Error> for Error {
    fn from(core: azure_service_core::Error) -> Self {
        Self(Box::new(Repr {
            core,
            timed_out: false,
            left_behind: Vec::new(),
        }))
    }
}

/// Lets `?` convert errors from `into_model()`.
impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        azure_service_core::Error::from(error).into()
    }
}

/// Lets azure_core callbacks return this error.
impl From<Error> for azure_core::Error {
    fn from(error: Error) -> Self {
        error.0.core.into()
    }
}

impl Error {
    /// Creates the error for an invalid parameter. `reason` completes "invalid `parameter`: …".
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        azure_service_core::Error::invalid_input(parameter, reason).into()
    }

    /// Creates the error for an import file that could not be read.
    pub(crate) fn read_file(error: std::io::Error) -> Self {
        Self::io("could not read the import file", error)
    }

    /// Creates the error for an import file that could not be written.
    pub(crate) fn write_file(error: std::io::Error) -> Self {
        Self::io("could not write the import file", error)
    }

    fn io(message: &str, error: std::io::Error) -> Self {
        let core = azure_service_core::Error::with_message(ErrorKind::Other, message);
        core.with_source(error).into()
    }

    /// Creates the error for a wait that ended before its condition was met.
    pub(crate) fn timed_out(message: impl Into<String>) -> Self {
        let core = azure_service_core::Error::with_message(ErrorKind::Other, message);
        let mut error = Self::from(core);
        error.0.timed_out = true;
        error
    }

    pub(crate) fn with_left_behind(mut self, ids: Vec<String>) -> Self {
        self.0.left_behind = ids;
        self
    }

    /// Returns the ids of the models that [`upload_models`](crate::DigitalTwinsClient::upload_models) stored but
    /// could not roll back.
    #[must_use]
    pub fn left_behind(&self) -> &[String] {
        &self.0.left_behind
    }
}

/// Accessors.
impl Error {
    /// Returns the coarse category of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.core.kind()
    }

    /// Returns the HTTP status of the last response, or `None` if there was none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.core.status()
    }

    /// Returns the service's error code, such as `DigitalTwinNotFound`. Responses of the gateway, such as 401 and
    /// 429, have no code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.core.code()
    }

    /// Returns the service's message, or the client's message if no request was sent.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.core.message()
    }

    /// Returns the individual errors, such as one for each property that does not fit the model.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        self.0.core.details()
    }

    /// Returns the service's `innererror`, unchanged.
    #[must_use]
    pub fn inner_error(&self) -> Option<&Value> {
        self.0.core.inner_error()
    }

    /// Returns the id that Azure support needs to find the failure.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.core.tracking_id()
    }

    /// Returns the service's request id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.core.request_id()
    }

    /// Returns the method that failed, such as `get_digital_twin`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.core.operation()
    }

    /// Returns the name of the invalid parameter, or `None` for other failures.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.0.core.parameter()
    }

    /// Returns the reason why the connection could not be established, or `None` for other failures.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        self.0.core.connection_failure()
    }

    /// Returns the number of requests that were sent, 0 if the call failed before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.core.attempts()
    }

    /// Returns the delay before the next attempt that the service asks for (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.core.retry_after()
    }

    /// Returns the beginning of the response body, at most 1000 characters.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.core.body()
    }
}

/// Predicates.
impl Error {
    /// Returns whether the resource does not exist: a twin, a relationship or its target, a component, a model, a
    /// route or a job. After more than one [attempt](Self::attempts) to delete it, an earlier attempt may have
    /// succeeded.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.core.is_not_found()
    }

    /// Returns whether the resource to be created already exists, or other resources refer to the resource to be
    /// deleted.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.core.is_conflict()
    }

    /// Returns whether the precondition was not met: the resource has changed, or already exists. Read it again and
    /// repeat the write, or use [`modify_digital_twin`](crate::DigitalTwinsClient::modify_digital_twin).
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.0.core.is_precondition_failed()
    }

    /// Returns whether the service throttled the request. See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.0.core.is_throttled()
    }

    /// Returns whether the service does not accept the credential.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.0.core.is_unauthorized()
    }

    /// Returns whether the identity lacks the required role.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.0.core.is_forbidden()
    }

    /// Returns whether the connection to the service could not be established. The request was not sent.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.core.is_connection()
    }

    /// Returns whether the service's certificate is not accepted: unknown issuer, wrong host name or expired. Not
    /// retried.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.0.core.is_certificate()
    }

    /// Returns whether the response was larger than the limit in the client's options. If the status is a success, the
    /// service has processed the request. Not retried.
    #[must_use]
    pub fn is_response_too_large(&self) -> bool {
        self.0.core.is_response_too_large()
    }

    /// Returns whether the service may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.0.core.is_unknown_outcome()
    }

    /// Returns whether the credential failed to provide a token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.0.core.is_credential()
    }

    /// Returns whether an argument is invalid. No request was sent. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.0.core.is_invalid_input()
    }

    /// Returns whether the call is safe to repeat and may succeed later. The client has already retried it as often as
    /// its options allow.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.core.is_retryable()
    }

    /// Returns whether the call timed out in the client or in the service, or a wait ended before its condition was
    /// met.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out || self.0.core.is_timeout() || self.has_code(&[error_code::TIMEOUT_ERROR])
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }

    /// Returns whether the resource to be created already exists: a model, a job, or a twin or relationship written
    /// with [`Upsert::CreateOnly`](crate::Upsert::CreateOnly).
    ///
    /// After more than one [attempt](Self::attempts), an earlier attempt may have created it.
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
        // The only precondition of an upsert is `If-None-Match`.
        let upsert = matches!(
            self.operation(),
            Some("upsert_digital_twin" | "upsert_relationship")
        );
        self.has_code(&codes) || (self.is_precondition_failed() && upsert)
    }

    /// Returns whether the target of a relationship does not exist. For a missing source the code is
    /// [`DIGITAL_TWIN_NOT_FOUND`](error_code::DIGITAL_TWIN_NOT_FOUND).
    #[must_use]
    pub fn is_target_not_found(&self) -> bool {
        self.has_code(&[
            error_code::TARGET_DIGITAL_TWIN_NOT_FOUND,
            error_code::TARGET_TWIN_NOT_FOUND,
        ])
    }

    /// Returns whether the twin has relationships, outgoing or incoming, and cannot be deleted. See
    /// [`delete_digital_twin_with_relationships`](crate::DigitalTwinsClient::delete_digital_twin_with_relationships).
    #[must_use]
    pub fn is_relationships_not_deleted(&self) -> bool {
        self.has_code(&[error_code::RELATIONSHIPS_NOT_DELETED])
    }

    /// Returns whether the model cannot be deleted or decommissioned because other models use it.
    #[must_use]
    pub fn is_model_in_use(&self) -> bool {
        self.has_code(&[
            error_code::MODEL_REFERENCES_NOT_DELETED,
            error_code::MODEL_REFERENCES_NOT_DECOMMISSIONED,
        ])
    }

    /// Returns whether a twin, component, relationship or telemetry does not fit its model. See
    /// [`details`](Self::details).
    #[must_use]
    pub fn is_validation_failed(&self) -> bool {
        self.has_code(&[error_code::VALIDATION_FAILED, error_code::INVALID_RELATIONSHIP])
    }

    /// Returns whether the patch is not valid, or one of its paths does not exist.
    #[must_use]
    pub fn is_invalid_patch(&self) -> bool {
        self.has_code(&[error_code::JSON_PATCH_INVALID])
    }

    /// Returns whether the query is not valid.
    #[must_use]
    pub fn is_invalid_query(&self) -> bool {
        self.has_code(&[error_code::SQL_QUERY_ERROR])
    }

    /// Returns whether the models are not valid DTDL, or use a version of DTDL that the service does not support.
    #[must_use]
    pub fn is_invalid_model(&self) -> bool {
        self.has_code(&[
            error_code::DTDL_PARSER_ERROR,
            error_code::MODEL_VERSION_NOT_SUPPORTED,
        ])
    }

    /// Returns whether a limit of the instance is reached: the number of twins, models, routes or running jobs.
    #[must_use]
    pub fn is_limit_reached(&self) -> bool {
        use error_code::{JOB_LIMIT_REACHED, LIMIT_EXCEEDED, TWIN_LIMIT_REACHED};
        self.has_code(&[TWIN_LIMIT_REACHED, LIMIT_EXCEEDED, JOB_LIMIT_REACHED])
    }
}

#[cfg(test)]
mod tests;
