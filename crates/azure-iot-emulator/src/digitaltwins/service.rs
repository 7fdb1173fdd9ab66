//! The entry point for the server: rates, dispatch, state, and common response headers.

use std::io::{self, Write};

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::digitaltwins::call::Call;
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
                return with_common_headers(response, request.header("traceparent"));
            }
            self.instance.session().graph.catch_up();
            let response = router::dispatch(&self.instance, &request)
                .await
                .unwrap_or_else(|error| {
                    // Errors of jobs lack the header.
                    let is_job = request
                        .segments()
                        .first()
                        .is_some_and(|word| word.eq_ignore_ascii_case("jobs"));
                    let with_code =
                        !is_job && Call::new(&request).is_ok_and(|call| call.version.has_error_header());
                    error_response(&error, with_code)
                });
            with_common_headers(response, request.header("traceparent"))
        })
    }

    fn refuse(&self, refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        let response = match refusal {
            Refusal::Unauthorized(_) => gateway(StatusCode::UNAUTHORIZED),
            Refusal::BadRequest(text) => error_response(&errors::invalid_argument(text.clone()), true),
            Refusal::BodyTooLarge { limit } => error_response(&errors::body_too_large(*limit), true),
            Refusal::Fault(status) => gateway(*status),
        };
        with_common_headers(response, None)
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

/// Returns an error response of the gateway in front of the service, which has its own format.
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
    ServiceResponse::json(status, &body)
}

/// Adds a correlation id and a `traceparent` that continues the caller's trace, if any.
fn with_common_headers(response: ServiceResponse, traceparent: Option<&str>) -> ServiceResponse {
    let mut trace = Uuid::encode_buffer();
    let trace = traceparent
        .and_then(|parent| parent.split('-').nth(1))
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .unwrap_or_else(|| Uuid::new_v4().as_simple().encode_lower(&mut trace));
    let id = Uuid::new_v4();
    let span = id.as_u64_pair().0;
    response
        .with_header(
            "mise-correlation-id",
            id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()),
        )
        .with_header("traceresponse", &format!("00-{trace}-{span:016x}-01"))
}

/// Returns an error response if the request exceeds the rates.
fn check_rates(instance: &Instance, request: &ServiceRequest) -> Option<ServiceResponse> {
    if !instance.rates.is_enabled() {
        return None;
    }
    let segments = request.segments();
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
            let with_code = Call::new(request).is_ok_and(|call| call.version.has_error_header());
            error_response(&errors::query_quota_reached(), with_code)
        }
        _ => gateway(StatusCode::TOO_MANY_REQUESTS),
    };
    Some(response.with_header("retry-after", "1"))
}
