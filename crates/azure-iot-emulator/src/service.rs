//! The traits of the services that the emulator hosts.
//!
//! The server handles TLS, HTTP, faults and credentials for all services, so a service receives only requests that
//! passed its checks. Tests without HTTP create a [`ServiceRequest`] and call [`Service::handle`].

pub(crate) mod assignment;
pub(crate) mod management;
pub(crate) mod request;
pub(crate) mod response;

use std::io::{self, Write};

use futures::future::BoxFuture;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::auth::error::AuthError;
use crate::durable::state_change::StateChange;
use crate::error::StateError;
pub(crate) use request::ServiceRequest;
pub(crate) use response::ServiceResponse;

/// A service behind an HTTP endpoint.
pub(crate) trait Service: Send + Sync {
    /// The name in logs, fault rules and dumped state, such as `iothub`.
    fn name(&self) -> &'static str;

    /// Handles a request with checked credentials.
    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse>;

    /// Returns the response to a request that the server refused, in the error format of this service.
    fn refuse(&self, refusal: &Refusal, request_id: &str) -> ServiceResponse;

    /// Returns whether the service checks the credentials of a request itself.
    fn checks_credentials(&self, _target: &Target<'_>) -> bool {
        false
    }

    /// Checks that the host serves the request and that the emulator supports the operation. Called before credentials are
    /// checked, because the emulator cannot check the credentials for unsupported operations.
    fn check_target(&self, _target: &Target<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Returns whether `%2F` in a path separates segments, as `/` does. Otherwise it is a part of an id.
    fn separates_at_encoded_slash(&self) -> bool {
        false
    }

    /// Returns whether the response must wait until all previous changes are on disk, if there is a data file. That is
    /// true for requests that may change something, and for reads of a job's status, because clients rely on the effects
    /// of a finished job.
    fn is_durable(&self, request: &ServiceRequest) -> bool {
        let about_jobs = request
            .path_segments
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case("jobs"));
        about_jobs || !request.method.is_safe()
    }
}

/// The target of a request.
pub(crate) struct Target<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path_segments: &'a [String],
    /// The authority that the client addressed.
    pub(crate) host: &'a str,
    /// Server name (SNI) of the TLS handshake, if the client sent one.
    pub(crate) server_name: Option<&'a str>,
}

/// A service with state and a part of the management API.
pub(crate) trait StatefulService: Service {
    /// Handles a request to the management API below this service's name; `path` follows the name. Returns `None` if
    /// there is no such operation.
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse>;

    /// Starts recording changes for [`take_changes`](Self::take_changes).
    fn record_changes(&self);

    /// Returns the changes since the last call, read atomically. Applying them to the state at the last call gives
    /// the current state.
    fn take_changes(&self) -> Vec<StateChange>;

    /// Returns the whole state, the input of [`load`](Self::load).
    fn dump(&self) -> Value;

    /// Writes a consistent state as JSON, in the same format as [`dump`](Self::dump).
    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()>;

    /// Replaces the whole state by a dumped state. After an error, the state is unchanged.
    fn load(&self, state: &Value) -> Result<(), StateError>;
}

/// The reason for which the server refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The credentials are missing or wrong.
    Unauthorized(AuthError),
    /// The request is malformed, for example the percent-encoding of its path.
    BadRequest(String),
    /// The body is longer than `limit` bytes.
    BodyTooLarge { limit: usize },
    /// The body has not arrived within the time limit.
    BodyTimeout { seconds: u64 },
    /// The emulator does not support the operation. The string is the error text.
    Unsupported(&'static str),
    /// A fault rule requires a response with this status.
    Fault(StatusCode),
}

/// Returns the states of all services by name.
pub(crate) fn dump_all<'a>(
    services: impl IntoIterator<Item = &'a dyn StatefulService>,
) -> Map<String, Value> {
    let services = services.into_iter();
    services
        .map(|service| (service.name().to_owned(), service.dump()))
        .collect()
}

/// Loads the states of the services that `state` contains. Nothing is loaded if one of these services is not
/// running. If a service refuses its state, the services loaded before it keep their new states.
pub(crate) fn load_all(services: &[&dyn StatefulService], state: &Value) -> Result<(), StateError> {
    let states = state.as_object().ok_or(StateError::NotAnObject)?;
    let is_here = |name: &str| services.iter().any(|service| service.name() == name);
    if let Some(name) = states.keys().find(|name| !is_here(name)) {
        return Err(StateError::UnknownService { name: name.clone() });
    }
    for service in services {
        if let Some(state) = states.get(service.name()) {
            service.load(state)?;
        }
    }
    Ok(())
}
