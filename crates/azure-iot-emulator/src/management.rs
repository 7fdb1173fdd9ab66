//! The management API: plain HTTP on the loopback address, for tests in any language. The crate documentation lists its
//! requests.

mod cross_origin;

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::amqp::control::Amqp;
use crate::auth::bearer;
use crate::clock::Clock;
use crate::error::StateError;
use crate::faults::{Fault, Faults};
use crate::service::management::{ManagementResult, duration, error, parse, parse_any};
use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;
use crate::service::{Refusal, Service, StatefulService, dump_all, load_all};

pub(crate) struct Management {
    pub(crate) services: Vec<Arc<dyn StatefulService>>,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
    pub(crate) amqp: Option<Amqp>,
    /// The body of the response to `GET /`.
    pub(crate) endpoints: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    now: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct TokenRequest {
    lifetime_seconds: Option<u64>,
    audience: Option<String>,
}

impl Management {
    fn route(&self, request: &ServiceRequest) -> ManagementResult {
        cross_origin::check(request)?;
        let segments = request.segments();
        match (&request.method, segments.as_slice()) {
            (&Method::GET, []) => Ok(ServiceResponse::json(StatusCode::OK, &self.endpoints)),
            (&Method::GET, ["state"]) => self.dump(request.query_value("service")),
            (&Method::PUT, ["state"]) => self.load(request.query_value("service"), &parse_any(request)?),
            (_, ["faults"]) => self.route_faults(request),
            (&Method::POST, ["tokens"]) => self.issue_token(request),
            (_, ["clock", path @ ..]) => self.route_clock(request, path),
            (_, [service, path @ ..]) => self.forward(service, request, path),
            _ => Err(no_such_operation()),
        }
    }

    fn route_faults(&self, request: &ServiceRequest) -> ManagementResult {
        match request.method {
            Method::GET => return Ok(ServiceResponse::json(StatusCode::OK, &self.faults.list())),
            Method::POST => {
                let fault: Fault = parse(request)?;
                self.faults.add(fault).map_err(bad_request)?;
            }
            Method::DELETE => self.faults.clear(),
            _ => return Err(no_such_operation()),
        }
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    /// Issues a bearer token. Its lifetime is measured by the emulator's clock.
    fn issue_token(&self, request: &ServiceRequest) -> ManagementResult {
        let wanted: TokenRequest = if request.body.is_empty() {
            TokenRequest::default()
        } else {
            parse(request)?
        };
        let lifetime = match wanted.lifetime_seconds {
            Some(seconds) => bearer::check_lifetime(seconds).map_err(bad_request)?,
            None => bearer::DEFAULT_LIFETIME,
        };
        let audience = wanted.audience.as_deref();
        if let Some(audience) = audience {
            bearer::check_audience(audience).map_err(bad_request)?;
        }
        let issued = bearer::issue(self.clock.now(), lifetime, audience);
        let body = json!({ "bearerToken": issued.token, "expiresOn": issued.expiry });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }

    fn route_clock(&self, request: &ServiceRequest, path: &[&str]) -> ManagementResult {
        match (&request.method, path) {
            (&Method::GET, []) => {}
            (&Method::PUT, []) => {
                let body: SetClock = parse(request)?;
                let now = OffsetDateTime::parse(&body.now, &Rfc3339).map_err(|error| {
                    bad_request(format!("now \"{}\" is not an RFC 3339 time: {error}", body.now))
                })?;
                let set = self.clock.try_set(now);
                set.map_err(|error| bad_request(format!("now \"{}\" is not valid: {error}", body.now)))?;
            }
            (&Method::POST, ["advance"]) => {
                let body: Advance = parse(request)?;
                self.clock.advance(duration("seconds", body.seconds)?);
            }
            _ => return Err(no_such_operation()),
        }
        self.show_clock()
    }

    #[expect(
        clippy::expect_used,
        reason = "every time in the range of a clock has an RFC 3339 format"
    )]
    fn show_clock(&self) -> ManagementResult {
        let now = self.clock.now().format(&Rfc3339);
        let now = now.expect("the year has four digits and the offset is UTC");
        Ok(ServiceResponse::json(StatusCode::OK, &json!({ "now": now })))
    }

    /// Forwards a request to the service in its path.
    fn forward(&self, service: &str, request: &ServiceRequest, path: &[&str]) -> ManagementResult {
        let response = match (path, &self.amqp) {
            (["amqp", path @ ..], Some(amqp)) if service == "iothub" => amqp.manage(request, path),
            _ => None,
        };
        let forwarded = || self.service(service).ok()?.manage(request, path);
        response.or_else(forwarded).ok_or_else(no_such_operation)
    }

    fn dump(&self, name: Option<&str>) -> ManagementResult {
        let state = match name {
            Some(name) => self.service(name)?.dump(),
            None => Value::Object(dump_all(self.services.iter().map(|service| &**service))),
        };
        Ok(ServiceResponse::json(StatusCode::OK, &state))
    }

    fn load(&self, name: Option<&str>, state: &Value) -> ManagementResult {
        let loaded = match name {
            Some(name) => self.service(name)?.load(state),
            None => {
                let services: Vec<_> = self.services.iter().map(|service| &**service).collect();
                load_all(&services, state)
            }
        };
        match loaded {
            Ok(()) => Ok(ServiceResponse::empty(StatusCode::NO_CONTENT)),
            Err(error @ StateError::UnknownService { .. }) => Err((StatusCode::NOT_FOUND, error.to_string())),
            Err(error) => Err(bad_request(error)),
        }
    }

    fn service(&self, name: &str) -> Result<&dyn StatefulService, (StatusCode, String)> {
        let mut services = self.services.iter();
        let service = services.find(|service| service.name() == name);
        let service = service.ok_or_else(|| {
            let message = format!("the service \"{name}\" is not running");
            (StatusCode::NOT_FOUND, message)
        })?;
        Ok(&**service)
    }
}

fn bad_request(error: impl ToString) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

fn no_such_operation() -> (StatusCode, String) {
    let message = "the management API has no such operation; see the crate documentation for the list";
    (StatusCode::NOT_FOUND, message.to_owned())
}

impl Service for Management {
    fn name(&self) -> &'static str {
        "management"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        let response = self
            .route(&request)
            .unwrap_or_else(|(status, message)| error(status, &message));
        Box::pin(std::future::ready(response))
    }

    fn refuse(&self, refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        match refusal {
            Refusal::Unauthorized(reason) => error(StatusCode::UNAUTHORIZED, &reason.to_string()),
            Refusal::BadRequest(text) => error(StatusCode::BAD_REQUEST, text),
            Refusal::BodyTooLarge { limit } => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("the body is longer than {limit} bytes"),
            ),
            Refusal::BodyTimeout { seconds } => error(
                StatusCode::REQUEST_TIMEOUT,
                &format!("the body did not arrive within {seconds} seconds"),
            ),
            Refusal::Unsupported(text) => error(StatusCode::NOT_IMPLEMENTED, text),
            Refusal::Fault(status) => error(*status, "injected by a fault rule"),
        }
    }
}
