//! The entry point for the server: rates, dispatch, state, and common response headers.

use std::io::{self, Write};

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceError};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::rates::RateClass;
use crate::digitaltwins::state::snapshot::Snapshot;
use crate::digitaltwins::state::{changes, load};
use crate::digitaltwins::{DigitalTwins, router};
use crate::durable::StateChange;
use crate::error::StateError;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse, StatefulService};

impl Service for DigitalTwins {
    fn name(&self) -> &'static str {
        "digitaltwins"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(async move {
            if let Some(response) = check_rates(&self.instance, &request) {
                return response;
            }
            self.instance.session().graph.catch_up();
            let response = router::dispatch(&self.instance, &request)
                .await
                .unwrap_or_else(|error| error_response(&error, has_error_header(&request)));
            with_common_headers(response, request.header("traceparent"))
        })
    }

    fn refuse(&self, refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        let error = match refusal {
            Refusal::Unauthorized(_) => return gateway(StatusCode::UNAUTHORIZED),
            Refusal::Fault(status) => return gateway(*status),
            Refusal::BadRequest(text) => errors::invalid_argument(text.clone()),
            Refusal::BodyTooLarge { limit } => errors::body_too_large(*limit),
            Refusal::BodyTimeout { .. } => return gateway(StatusCode::REQUEST_TIMEOUT),
            Refusal::Unsupported(_) => return gateway(StatusCode::NOT_IMPLEMENTED),
        };
        with_common_headers(error_response(&error, true), None)
    }
}

impl StatefulService for DigitalTwins {
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        self.manage_instance(request, path)
    }

    fn record_changes(&self) {
        changes::record_changes(&mut self.instance.session());
    }

    fn take_changes(&self) -> Vec<StateChange> {
        changes::take_changes(&mut self.instance.session())
    }

    fn dump(&self) -> Value {
        Snapshot::take(&mut self.instance.session()).to_json()
    }

    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(writer, &Snapshot::take(&mut self.instance.session())).map_err(io::Error::from)
    }

    fn load(&self, state: &Value) -> Result<(), StateError> {
        load::load(&self.instance, state).map_err(|reason| StateError::Invalid {
            service: self.name(),
            reason,
        })
    }
}

#[expect(
    clippy::expect_used,
    reason = "every constructor of an error has its status as a literal"
)]
fn error_response(error: &ServiceError, with_code_header: bool) -> ServiceResponse {
    let status = StatusCode::from_u16(error.status).expect("constructors of errors have valid statuses");
    let mut response = ServiceResponse::json(status, &error.body());
    response = response.with_header("content-type", error.content_type());
    if with_code_header && error.has_code_header() {
        response = response.with_header("x-ms-error-code", error.code);
    }
    response
}

/// Returns whether error responses to a request have the header `x-ms-error-code`, which old api-versions lack.
fn has_error_header(request: &ServiceRequest) -> bool {
    Call::new(request).map_or(true, |call| call.version.has_error_header())
}

/// Returns an error response of the gateway in front of the service. It has its own body format and lacks the
/// service's headers.
fn gateway(status: StatusCode) -> ServiceResponse {
    let body = match status {
        StatusCode::TOO_MANY_REQUESTS => json!({"error": {
            "statusCode": 429,
            "message": "Maximum request rate limit reached. For Azure Digital Twins rate limiting details please see http://aka.ms/dtv2limits.",
        }}),
        other => json!({
            "statusCode": other.as_u16(),
            "message": other.canonical_reason().unwrap_or("Unknown"),
        }),
    };
    ServiceResponse::json(status, &body).with_header("content-type", "application/json")
}

/// Adds the headers that all responses of the service have: HSTS, a correlation id, and a trace, which continues
/// the caller's trace if there is one.
fn with_common_headers(response: ServiceResponse, traceparent: Option<&str>) -> ServiceResponse {
    let mut trace = Uuid::encode_buffer();
    let trace = traceparent
        .and_then(|parent| parent.split('-').nth(1))
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .unwrap_or_else(|| Uuid::new_v4().as_simple().encode_lower(&mut trace));
    let id = Uuid::new_v4();
    let span = id.as_u64_pair().0;
    response
        .with_header("strict-transport-security", "max-age=2592000")
        .with_header(
            "mise-correlation-id",
            id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()),
        )
        .with_header("traceresponse", &format!("00-{trace}-{span:016x}-01"))
}

/// Counts a request. Returns the error response if it exceeds a rate, and `None` if it may proceed.
fn check_rates(instance: &Instance, request: &ServiceRequest) -> Option<ServiceResponse> {
    if !instance.rates.is_enabled() {
        return None;
    }
    let segments = call::path_segments(request).ok()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let class = RateClass::of(&request.method, &segments);
    let changed = match (class, segments.as_slice()) {
        (Some(RateClass::TwinPatches | RateClass::TwinCreatesAndDeletes), [_, twin, ..]) => Some(*twin),
        _ => None,
    };
    let second = instance.clock.now().unix_timestamp();
    if instance.rates.admit(second, class, changed) {
        return None;
    }
    let response = match class {
        // The service enforces the query quota; the gateway enforces all other rates.
        Some(RateClass::Queries) => {
            let response = error_response(&errors::query_quota_reached(), has_error_header(request));
            with_common_headers(response, request.header("traceparent"))
        }
        _ => gateway(StatusCode::TOO_MANY_REQUESTS),
    };
    Some(response.with_header("retry-after", "1"))
}
