//! The traits of the services that the emulator hosts.
//!
//! The server implements TLS, HTTP, faults and credentials once for all services; a service only gets requests that
//! passed. Tests need no HTTP: they make a [`ServiceRequest`] and call [`Service::handle`].

pub(crate) mod request;
pub(crate) mod response;

use std::io::{self, Write};

use futures::future::BoxFuture;
use http::StatusCode;
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

    /// Answers a request whose credentials were checked.
    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse>;

    /// Renders a refusal of the server in the form of this service's errors.
    fn refuse(&self, refusal: &Refusal, request_id: &str) -> ServiceResponse;

    /// Returns whether the response has to wait until all changes so far are on disk, if there is a data file. That
    /// holds for requests that may change something, and for those that read the status of a job, because clients rely
    /// on the effects of a finished one.
    fn is_durable(&self, request: &ServiceRequest) -> bool {
        let about_jobs = request
            .path_segments
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case("jobs"));
        about_jobs || !request.method.is_safe()
    }
}

/// A service with state and a part of the management API.
pub(crate) trait StatefulService: Service {
    /// Answers a request to the management API below this service's name; `path` follows the name. `None` if there is
    /// no such operation.
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse>;

    /// Records changes from now on, for [`take_changes`](Self::take_changes).
    fn record_changes(&self);

    /// Returns the changes since the last call, read at one moment: applied to the state of the last call's moment,
    /// they give the state of this one.
    fn take_changes(&self) -> Vec<StateChange>;

    /// Returns the whole state, in the form that [`load`](Self::load) takes.
    fn dump(&self) -> Value;

    /// Writes the state of one moment as JSON, as [`dump`](Self::dump) returns it.
    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()>;

    /// Replaces the whole state by a dumped one. After an error nothing has changed.
    fn load(&self, state: &Value) -> Result<(), StateError>;
}

/// Reason of the server to refuse a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The credentials are missing or wrong.
    Unauthorized(AuthError),
    /// The request line is malformed, for instance the percent-encoding of the path.
    BadRequest(String),
    /// The body is longer than `limit` bytes.
    BodyTooLarge { limit: usize },
    /// A fault rule asks for this status.
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

/// Loads the states of the services that `state` names. Nothing is loaded if it names one that is not there; services
/// before one that refuses its state keep their new state.
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
