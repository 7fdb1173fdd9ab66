//! The management API: plain HTTP on the loopback address, for tests in any language. The crate's documentation has
//! the table of its requests.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::amqp::Amqp;
use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse};

pub(crate) struct Management {
    pub(crate) services: Vec<Arc<dyn Service>>,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
    pub(crate) amqp: Option<Amqp>,
    /// What `GET /` answers.
    pub(crate) endpoints: Value,
}

/// A response, or the status and text of a refusal.
pub(crate) type Answer = Result<ServiceResponse, (StatusCode, String)>;

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

impl Management {
    fn route(&self, request: &ServiceRequest) -> Answer {
        if !is_local(&request.base_url) {
            // A page in a browser can make its own name point here; it can't make the browser call us localhost.
            return Err((
                StatusCode::FORBIDDEN,
                "address the management API as localhost".to_owned(),
            ));
        }
        match (&request.method, request.segments().as_slice()) {
            (&Method::GET, []) => Ok(ServiceResponse::json(StatusCode::OK, &self.endpoints)),
            (&Method::GET, ["state"]) => self.dump(request.query_value("service")),
            (&Method::PUT, ["state"]) => self.load(request.query_value("service"), &parse(request)?),
            (&Method::GET, ["faults"]) => Ok(ServiceResponse::json(StatusCode::OK, &self.faults.list())),
            (&Method::POST, ["faults"]) => {
                let fault: Fault = parse(request)?;
                self.faults
                    .add(fault)
                    .map_err(|text| (StatusCode::BAD_REQUEST, text))?;
                Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
            }
            (&Method::DELETE, ["faults"]) => {
                self.faults.clear();
                Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
            }
            (&Method::GET, ["clock"]) => self.show_clock(),
            (&Method::PUT, ["clock"]) => {
                let wanted: SetClock = parse(request)?;
                let now = OffsetDateTime::parse(&wanted.now, &Rfc3339)
                    .map_err(|error| (StatusCode::BAD_REQUEST, format!("now is not a time: {error}")))?;
                self.clock
                    .try_set(now)
                    .map_err(|error| (StatusCode::BAD_REQUEST, format!("now: {error}")))?;
                self.show_clock()
            }
            (&Method::POST, ["clock", "advance"]) => {
                let wanted: Advance = parse(request)?;
                let by = Duration::try_from_secs_f64(wanted.seconds)
                    .map_err(|error| (StatusCode::BAD_REQUEST, format!("seconds: {error}")))?;
                self.clock.advance(by);
                self.show_clock()
            }
            (_, ["iothub", "amqp", path @ ..])
                if let Some(response) = self.amqp.as_ref().and_then(|amqp| amqp.manage(request, path)) =>
            {
                Ok(response)
            }
            (_, [name, path @ ..]) if let Some(response) = self.forward(name, request, path) => Ok(response),
            _ => Err((
                StatusCode::NOT_FOUND,
                "the management API has no such operation".to_owned(),
            )),
        }
    }

    /// What a service itself makes of a request below its name.
    fn forward(&self, name: &str, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        self.service(name).ok()?.manage(request, path)
    }

    fn dump(&self, name: Option<&str>) -> Answer {
        if let Some(name) = name {
            return Ok(ServiceResponse::json(StatusCode::OK, &self.service(name)?.dump()));
        }
        let all: Map<String, Value> = self
            .services
            .iter()
            .map(|service| (service.name().to_owned(), service.dump()))
            .collect();
        Ok(ServiceResponse::json(StatusCode::OK, &all))
    }

    fn load(&self, name: Option<&str>, state: &Value) -> Answer {
        let bad = |text: String| (StatusCode::BAD_REQUEST, text);
        if let Some(name) = name {
            self.service(name)?.load(state).map_err(bad)?;
        } else {
            let states = state
                .as_object()
                .ok_or_else(|| bad("the state is not an object".to_owned()))?;
            for (name, state) in states {
                self.service(name)?
                    .load(state)
                    .map_err(|text| bad(format!("{name}: {text}")))?;
            }
        }
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    fn service(&self, name: &str) -> Result<&Arc<dyn Service>, (StatusCode, String)> {
        self.services
            .iter()
            .find(|service| service.name() == name)
            .ok_or_else(|| {
                (
                    StatusCode::NOT_FOUND,
                    format!("there is no service {name:?} here"),
                )
            })
    }

    fn show_clock(&self) -> Answer {
        let now = self.clock.now().format(&Rfc3339);
        let now = now.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        Ok(ServiceResponse::json(StatusCode::OK, &json!({ "now": now })))
    }
}

fn is_local(base_url: &str) -> bool {
    url::Url::parse(base_url).is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

/// Reads a body.
pub(crate) fn parse<T: DeserializeOwned>(request: &ServiceRequest) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(&request.body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body: {error}")))
}

/// A refusal in the form of the management API.
pub(crate) fn error(status: StatusCode, message: &str) -> ServiceResponse {
    ServiceResponse::json(
        status,
        &json!({"error": {"code": status.as_u16(), "message": message}}),
    )
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
            Refusal::Fault(status) => error(*status, "a fault rule"),
        }
    }

    fn dump(&self) -> Value {
        Value::Null
    }

    fn load(&self, _state: &Value) -> Result<(), String> {
        Err("the management API has no state of its own".to_owned())
    }
}
