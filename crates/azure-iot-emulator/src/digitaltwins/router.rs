//! From requests to operations, and the headers that all answers share.

use std::io::{self, Write};
use std::sync::Arc;

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::digitaltwins::call::{ApiVersion, Call};
use crate::digitaltwins::errors::{self, Answer, ServiceError};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::rates::Class;
use crate::digitaltwins::{
    DigitalTwins, components, delete_jobs, event_routes, import_jobs, models, query, relationship_lists,
    relationships, telemetry, twins,
};
use crate::durable::StateChange;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse};

/// What a path addresses. Fixed words may be in any case, names may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource<'a> {
    Models,
    Model(&'a str),
    Twin(&'a str),
    TwinTelemetry(&'a str),
    Component(&'a str, &'a str),
    ComponentTelemetry(&'a str, &'a str),
    Relationships(&'a str),
    IncomingRelationships(&'a str),
    Relationship(&'a str, &'a str),
    Query,
    EventRoutes,
    EventRoute(&'a str),
    Imports,
    Import(&'a str),
    ImportCancellation(&'a str),
    Deletions,
    Deletion(&'a str),
}

impl<'a> Resource<'a> {
    fn of(segments: &[&'a str]) -> Option<Self> {
        let is = |at: usize, word: &str| {
            segments
                .get(at)
                .is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let resource = match *segments {
            [_] if is(0, "models") => Resource::Models,
            [_, id] if is(0, "models") => Resource::Model(id),
            [_] if is(0, "query") => Resource::Query,
            [_] if is(0, "eventroutes") => Resource::EventRoutes,
            [_, id] if is(0, "eventroutes") => Resource::EventRoute(id),
            [_, ref rest @ ..] if is(0, "jobs") && is(1, "imports") => match *rest {
                [_] => Resource::Imports,
                [_, id] => Resource::Import(id),
                [_, id, _] if is(3, "cancel") => Resource::ImportCancellation(id),
                _ => return None,
            },
            [_, ref rest @ ..] if is(0, "jobs") && is(1, "deletions") => match *rest {
                [_] => Resource::Deletions,
                [_, id] => Resource::Deletion(id),
                _ => return None,
            },
            [_, ref rest @ ..] if is(0, "digitaltwins") => match *rest {
                [id] => Resource::Twin(id),
                [id, _] if is(2, "telemetry") => Resource::TwinTelemetry(id),
                [id, _] if is(2, "relationships") => Resource::Relationships(id),
                [id, _] if is(2, "incomingrelationships") => Resource::IncomingRelationships(id),
                [id, _, name] if is(2, "relationships") => Resource::Relationship(id, name),
                [id, _, name] if is(2, "components") => Resource::Component(id, name),
                [id, _, name, _] if is(2, "components") && is(4, "telemetry") => {
                    Resource::ComponentTelemetry(id, name)
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(resource)
    }
}

impl Resource<'_> {
    /// The first api-version that has it.
    fn since(self) -> ApiVersion {
        match self {
            Resource::Imports | Resource::Import(_) | Resource::ImportCancellation(_) => {
                ApiVersion::V2023_06_30
            }
            Resource::Deletions | Resource::Deletion(_) => ApiVersion::V2023_10_31,
            _ => ApiVersion::V2020_10_31,
        }
    }
}

impl Instance {
    /// The answer to a request that the rates do not allow.
    fn too_many(&self, request: &ServiceRequest) -> Option<ServiceResponse> {
        if !self.rates.lock().enabled {
            return None;
        }
        let segments = request.segments();
        let class = Class::of(&request.method, &segments);
        let changed = match (class, segments.as_slice()) {
            (Some(Class::TwinPatches | Class::TwinsMadeOrDeleted), [_, twin, ..]) => Some(*twin),
            _ => None,
        };
        let second = self.clock.now().unix_timestamp();
        if self.rates.lock().admit(second, class, changed) {
            return None;
        }
        let response = match class {
            // Queries have a quota of the service's own; whatever else is too much does not come past its gateway.
            Some(Class::Queries) => {
                let with_code = Call::new(request).is_ok_and(|call| call.version.has_error_header());
                error_response(&errors::query_quota_reached(), with_code)
            }
            _ => gateway(StatusCode::TOO_MANY_REQUESTS),
        };
        Some(response.with_header("retry-after", "1"))
    }

    async fn answer(self: &Arc<Self>, request: &ServiceRequest) -> Answer<ServiceResponse> {
        let path = &request.raw_path;
        let segments = request.segments();
        let resource =
            Resource::of(&segments).ok_or_else(|| errors::no_such_route(request.method.as_str(), path))?;
        let call = Call::new(request)?;
        if call.version < resource.since() {
            return Err(errors::unknown_api_version(call.version.name()));
        }
        match (resource, request.method.as_str()) {
            (Resource::Models, "POST") => models::add(self, &call),
            (Resource::Models, "GET") => models::list(self, &call),
            (Resource::Model(id), "GET") => models::get(self, &call, id),
            (Resource::Model(id), "PATCH") => models::patch(self, &call, id),
            (Resource::Model(id), "DELETE") => models::delete(self, &call, id),
            (Resource::Twin(id), "GET") => twins::get(self, &call, id),
            (Resource::Twin(id), "PUT") => twins::put(self, &call, id),
            (Resource::Twin(id), "PATCH") => twins::patch(self, &call, id),
            (Resource::Twin(id), "DELETE") => twins::delete(self, &call, id),
            (Resource::TwinTelemetry(id), "POST") => telemetry::send(self, &call, id, None),
            (Resource::Component(id, name), "GET") => components::get(self, &call, id, name),
            (Resource::Component(id, name), "PATCH") => components::patch(self, &call, id, name),
            (Resource::ComponentTelemetry(id, name), "POST") => telemetry::send(self, &call, id, Some(name)),
            (Resource::Relationships(id), "GET") => relationship_lists::list(self, &call, id),
            (Resource::IncomingRelationships(id), "GET") => {
                relationship_lists::list_incoming(self, &call, id)
            }
            (Resource::Relationship(id, name), "GET") => relationships::get(self, &call, id, name),
            (Resource::Relationship(id, name), "PUT") => relationships::put(self, &call, id, name),
            (Resource::Relationship(id, name), "PATCH") => relationships::patch(self, &call, id, name),
            (Resource::Relationship(id, name), "DELETE") => relationships::delete(self, &call, id, name),
            (Resource::Query, "POST") => query::post(self, &call).await,
            (Resource::EventRoutes, "GET") => event_routes::list(self, &call),
            (Resource::EventRoute(id), "GET") => event_routes::get(self, id),
            (Resource::EventRoute(id), "PUT") => event_routes::put(self, &call, id),
            (Resource::EventRoute(id), "DELETE") => event_routes::delete(self, id),
            (Resource::Imports, "GET") => import_jobs::list(self, &call),
            (Resource::Import(id), "PUT") => import_jobs::put(self, &call, id),
            (Resource::Import(id), "GET") => import_jobs::get(self, id),
            (Resource::Import(id), "DELETE") => import_jobs::delete(self, id),
            (Resource::ImportCancellation(id), "POST") => import_jobs::cancel(self, id),
            (Resource::Deletions, "POST") => delete_jobs::post(self, &call),
            (Resource::Deletions, "GET") => delete_jobs::list(self, &call),
            (Resource::Deletion(id), "GET") => delete_jobs::get(self, id),
            (_, method) => Err(errors::method_not_allowed(method, path)),
        }
    }
}

impl Service for DigitalTwins {
    fn name(&self) -> &'static str {
        "digitaltwins"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(async move {
            if let Some(response) = self.instance.too_many(&request) {
                return with_common_headers(response, request.header("traceparent"));
            }
            self.instance.catch_up();
            let response = self.instance.answer(&request).await.unwrap_or_else(|error| {
                // Errors of jobs have no such header.
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

    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        self.manage_instance(request, path)
    }

    fn record_changes(&self) {
        self.instance.record_changes();
    }

    fn take_changes(&self) -> Vec<StateChange> {
        self.instance.take_changes()
    }

    fn dump(&self) -> Value {
        self.instance.snapshot().to_json()
    }

    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(writer, &self.instance.snapshot()).map_err(io::Error::from)
    }

    fn load(&self, state: &Value) -> Result<(), String> {
        self.instance.load_state(state)
    }
}

fn error_response(error: &ServiceError, with_code_header: bool) -> ServiceResponse {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = ServiceResponse::json(status, &error.body());
    response = response.with_header("content-type", error.content_type());
    if with_code_header && error.has_code_header() {
        response = response.with_header("x-ms-error-code", error.code);
    }
    response
}

/// What the gateway in front of the service answers by itself, in a form of its own.
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

/// Every answer names itself, and continues the caller's trace if there is one.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_case_names_as_they_are() {
        let resource = Resource::of(&["DigitalTwins", "T", "Components", "C", "Telemetry"]);
        assert_eq!(resource, Some(Resource::ComponentTelemetry("T", "C")));
        assert_eq!(
            Resource::of(&["MODELS", "dtmi:a;1"]),
            Some(Resource::Model("dtmi:a;1"))
        );
        assert_eq!(
            Resource::of(&["digitaltwins", "relationships"]),
            Some(Resource::Twin("relationships"))
        );
        assert_eq!(Resource::of(&["digitaltwins"]), None);
        assert_eq!(Resource::of(&["digitaltwins", "t", "components"]), None);
        assert_eq!(Resource::of(&[]), None);
        assert_eq!(Resource::of(&["jobs"]), None);
    }
}
