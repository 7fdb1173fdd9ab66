//! Dispatch of requests to operations.

use std::sync::Arc;

use crate::digitaltwins::call::{self, ApiVersion, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::{
    components, delete_jobs, event_routes, import_jobs, models, queries, relationship_lists, relationships,
    telemetry, twins,
};
use crate::service::{ServiceRequest, ServiceResponse};

/// The resource of a path. Keywords are case-insensitive, ids are not.
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
        let (first, rest) = segments.split_first()?;
        let is_first = |word: &str| first.eq_ignore_ascii_case(word);
        match *rest {
            [] if is_first("models") => Some(Resource::Models),
            [id] if is_first("models") => Some(Resource::Model(id)),
            [] if is_first("query") => Some(Resource::Query),
            [] if is_first("eventroutes") => Some(Resource::EventRoutes),
            [id] if is_first("eventroutes") => Some(Resource::EventRoute(id)),
            [kind, ref rest @ ..] if is_first("jobs") => Resource::of_jobs(kind, rest),
            [id, ref rest @ ..] if is_first("digitaltwins") => Resource::of_twin(id, rest),
            _ => None,
        }
    }

    /// Parses `rest`, the path after `/jobs/{kind}`.
    fn of_jobs(kind: &str, rest: &[&'a str]) -> Option<Self> {
        let is_import = kind.eq_ignore_ascii_case("imports");
        let is_deletion = kind.eq_ignore_ascii_case("deletions");
        match *rest {
            [] if is_import => Some(Resource::Imports),
            [id] if is_import => Some(Resource::Import(id)),
            [id, action] if is_import && action.eq_ignore_ascii_case("cancel") => {
                Some(Resource::ImportCancellation(id))
            }
            [] if is_deletion => Some(Resource::Deletions),
            [id] if is_deletion => Some(Resource::Deletion(id)),
            _ => None,
        }
    }

    /// Parses `rest`, the path after `/digitaltwins/{id}`.
    fn of_twin(id: &'a str, rest: &[&'a str]) -> Option<Self> {
        let is = |segment: &str, word: &str| segment.eq_ignore_ascii_case(word);
        match *rest {
            [] => Some(Resource::Twin(id)),
            [list] if is(list, "telemetry") => Some(Resource::TwinTelemetry(id)),
            [list] if is(list, "relationships") => Some(Resource::Relationships(id)),
            [list] if is(list, "incomingrelationships") => Some(Resource::IncomingRelationships(id)),
            [list, name] if is(list, "relationships") => Some(Resource::Relationship(id, name)),
            [list, name] if is(list, "components") => Some(Resource::Component(id, name)),
            [list, name, last] if is(list, "components") && is(last, "telemetry") => {
                Some(Resource::ComponentTelemetry(id, name))
            }
            _ => None,
        }
    }
}

impl Resource<'_> {
    /// Returns the first api-version that has the resource.
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

/// Dispatches a request to its operation.
pub(super) async fn dispatch(
    instance: &Arc<Instance>,
    request: &ServiceRequest,
) -> ServiceResult<ServiceResponse> {
    let path = &request.raw_path;
    let segments = call::path_segments(request)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let resource =
        Resource::of(&segments).ok_or_else(|| errors::no_such_route(request.method.as_str(), path))?;
    let call = Call::new(request)?;
    call.check_since(resource.since())?;
    let session = &mut instance.session();
    match (resource, request.method.as_str()) {
        (Resource::Models, "POST") => models::add(session, &call),
        (Resource::Models, "GET") => models::list(session, &call),
        (Resource::Model(id), "GET") => models::get(session, &call, id),
        (Resource::Model(id), "PATCH") => models::patch(session, &call, id),
        (Resource::Model(id), "DELETE") => models::delete(session, id),
        (Resource::Twin(id), "GET") => twins::get(session, &call, id),
        (Resource::Twin(id), "PUT") => twins::put(session, &call, id),
        (Resource::Twin(id), "PATCH") => twins::patch(session, &call, id),
        (Resource::Twin(id), "DELETE") => twins::delete(session, &call, id),
        (Resource::TwinTelemetry(id), "POST") => telemetry::send(session, &call, id, None),
        (Resource::Component(id, name), "GET") => components::get(session, &call, id, name),
        (Resource::Component(id, name), "PATCH") => components::patch(session, &call, id, name),
        (Resource::ComponentTelemetry(id, name), "POST") => telemetry::send(session, &call, id, Some(name)),
        (Resource::Relationships(id), "GET") => relationship_lists::list(session, &call, id),
        (Resource::IncomingRelationships(id), "GET") => relationship_lists::list_incoming(session, &call, id),
        (Resource::Relationship(id, name), "GET") => relationships::get(session, id, name),
        (Resource::Relationship(id, name), "PUT") => relationships::put(session, &call, id, name),
        (Resource::Relationship(id, name), "PATCH") => relationships::patch(session, &call, id, name),
        (Resource::Relationship(id, name), "DELETE") => relationships::delete(session, &call, id, name),
        (Resource::Query, "POST") => queries::post(session, &call).await,
        (Resource::EventRoutes, "GET") => event_routes::list(instance, &call),
        (Resource::EventRoute(id), "GET") => event_routes::get(instance, id),
        (Resource::EventRoute(id), "PUT") => event_routes::put(instance, &call, id),
        (Resource::EventRoute(id), "DELETE") => event_routes::delete(instance, id),
        (Resource::Imports, "GET") => import_jobs::list(instance, &call),
        (Resource::Import(id), "PUT") => import_jobs::put(instance, &call, id),
        (Resource::Import(id), "GET") => import_jobs::get(instance, id),
        (Resource::Import(id), "DELETE") => import_jobs::delete(instance, id),
        (Resource::ImportCancellation(id), "POST") => import_jobs::cancel(instance, id),
        (Resource::Deletions, "POST") => delete_jobs::post(instance, &call),
        (Resource::Deletions, "GET") => delete_jobs::list(instance, &call),
        (Resource::Deletion(id), "GET") => delete_jobs::get(instance, id),
        (_, method) => Err(errors::method_not_allowed(method, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_case_insensitive_and_ids_are_not() {
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
