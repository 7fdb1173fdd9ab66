//! Why a call failed.

use std::fmt;
use std::time::Duration;

use azure_service_core::{ErrorDetail, ErrorKind};
use serde_json::Value;

use crate::error_code;

/// The number of ids that `Display` shows; [`Error::left_behind`] has all.
const LEFT_BEHIND_SHOWN: usize = 10;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// [`kind`](Self::kind) is the coarse category. [`status`](Self::status), [`code`](Self::code),
/// [`message`](Self::message) and [`details`](Self::details) are what the service said. The predicates answer the
/// questions that programs ask. The codes are constants in [`error_code`].
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
/// * 404 without a code: the host name is not an instance, or the token belongs to another tenant than the instance.
/// * `ValidationFailed`: read [`details`](Self::details), which name the property.
///
/// Set `RUST_LOG=digitaltwins_convenience=info` to log retries, and `=warn` to log only calls that failed.
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

/// So that `?` works after `into_model()`.
impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        azure_service_core::Error::from(error).into()
    }
}

/// So that callbacks of azure_core can fail with this error.
impl From<Error> for azure_core::Error {
    fn from(error: Error) -> Self {
        error.0.core.into()
    }
}

impl Error {
    /// `reason` completes "invalid `parameter`: …".
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        azure_service_core::Error::invalid_input(parameter, reason).into()
    }

    /// A file cannot be read or written.
    pub(crate) fn file(error: std::io::Error) -> Self {
        let core =
            azure_service_core::Error::with_message(ErrorKind::Other, "the file cannot be read or written");
        core.with_source(error).into()
    }

    /// A wait ended before the condition was met.
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

    /// The ids of the models that [`upload_models`](crate::DigitalTwinsClient::upload_models) stored and could not
    /// delete again.
    #[must_use]
    pub fn left_behind(&self) -> &[String] {
        &self.0.left_behind
    }
}

macro_rules! forward {
    ($($(#[$meta:meta])* $name:ident -> $type:ty,)+) => {$(
        $(#[$meta])*
        #[must_use]
        pub fn $name(&self) -> $type {
            self.0.core.$name()
        }
    )+};
}

/// What happened.
impl Error {
    forward! {
        /// The coarse category of the failure.
        kind -> ErrorKind,
        /// The HTTP status of the last response, `None` if there was none.
        status -> Option<u16>,
        /// The service's error code, such as `DigitalTwinNotFound`. Responses of the gateway, such as 401 and 429, have
        /// none.
        code -> Option<&str>,
        /// The service's message, or the client's if no request was sent.
        message -> Option<&str>,
        /// The errors that make up this one, such as one for each property that does not fit the model.
        details -> &[ErrorDetail],
        /// The service's `innererror`, as it was sent.
        inner_error -> Option<&Value>,
        /// The id by which Azure support finds the failure.
        tracking_id -> Option<&str>,
        /// The service's id of the request.
        request_id -> Option<&str>,
        /// The method that failed, such as `get_digital_twin`.
        operation -> Option<&'static str>,
        /// The name of the invalid parameter.
        parameter -> Option<&str>,
        /// The number of requests that were sent; 0 if the call failed before the first.
        attempts -> u32,
        /// How long the service asks to wait before the next attempt.
        retry_after -> Option<Duration>,
        /// The beginning of the response body, at most 1000 characters.
        body -> Option<&str>,
    }
}

/// Predicates.
impl Error {
    forward! {
        /// The resource does not exist: a twin, a relationship or its target, a component, a model, a route, a job. If a
        /// deletion took more than one [attempt](Self::attempts), the first may have succeeded.
        is_not_found -> bool,
        /// The resource to be created exists, or others refer to the resource to be deleted.
        is_conflict -> bool,
        /// The precondition was not met: the resource was changed, or exists already. Read again and write again, or
        /// let [`modify_digital_twin`](crate::DigitalTwinsClient::modify_digital_twin) do it.
        is_precondition_failed -> bool,
        /// Too many requests. See [`retry_after`](Self::retry_after).
        is_throttled -> bool,
        /// The service does not accept the credential.
        is_unauthorized -> bool,
        /// The identity is known and lacks the role.
        is_forbidden -> bool,
        /// There was no connection to the service; the request was not sent.
        is_connection -> bool,
        /// The service's certificate is not accepted: unknown issuer, wrong host name, expired. Not retried.
        is_certificate -> bool,
        /// The service may or may not have processed the request.
        is_unknown_outcome -> bool,
        /// The credential gave no token.
        is_credential -> bool,
        /// An argument cannot be sent. See [`parameter`](Self::parameter).
        is_invalid_input -> bool,
        /// The same call may succeed later, and repeating it does no harm. The client has already retried it.
        is_retryable -> bool,
    }

    /// The call timed out, at the client or at the service, or a wait ended before its condition was met.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out || self.0.core.is_timeout() || self.has_code(&[error_code::TIMEOUT_ERROR])
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }

    /// The resource to be created exists already: a model, a job, or a twin or relationship written with
    /// [`Upsert::CreateOnly`](crate::Upsert::CreateOnly).
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
        // An upsert has no other precondition than `If-None-Match`.
        let upsert = matches!(
            self.operation(),
            Some("upsert_digital_twin" | "upsert_relationship")
        );
        self.has_code(&codes) || (self.is_precondition_failed() && upsert)
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

    /// The twin has relationships, outgoing or incoming, and cannot be deleted. See
    /// [`delete_digital_twin_with_relationships`](crate::DigitalTwinsClient::delete_digital_twin_with_relationships).
    #[must_use]
    pub fn is_relationships_not_deleted(&self) -> bool {
        self.has_code(&[error_code::RELATIONSHIPS_NOT_DELETED])
    }

    /// Other models use the model, so it cannot be deleted.
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

    /// The patch is not valid, or one of its paths does not exist.
    #[must_use]
    pub fn is_invalid_patch(&self) -> bool {
        self.has_code(&[error_code::JSON_PATCH_INVALID])
    }

    /// The query is not valid.
    #[must_use]
    pub fn is_invalid_query(&self) -> bool {
        self.has_code(&[error_code::SQL_QUERY_ERROR])
    }

    /// The models are not valid DTDL, or are written in a version of it that the service does not support.
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
