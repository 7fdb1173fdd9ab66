//! Errors about event routes.

use super::service_error::ServiceError;

pub(crate) fn route_not_found() -> ServiceError {
    ServiceError::new(
        404,
        "EventRouteNotFound",
        "There is no route available that matches the provided input. Check for all valid event routes by calling EventRoute_List. See Swagger example (https://aka.ms/RouteSwSmpl).",
    )
}

pub(crate) fn route_endpoint_invalid() -> ServiceError {
    const FAULT: &str = "does not exist or is not active";
    ServiceError::new(
        400,
        "EventRouteEndpointInvalid",
        format!(
            "The endpoint provided {FAULT}. Check that your endpoint is provisioned correctly. See event route documentation (https://aka.ms/ADTv2Routes)."
        ),
    )
}

/// Returns the error for an invalid filter; `input` is the word or character at the error position.
pub(crate) fn route_filter_invalid(line: usize, position: usize, input: &str) -> ServiceError {
    ServiceError::new(
        400,
        "EventRouteFilterInvalid",
        format!(
            "The provided filter is invalid. Parsing error, Line={line}, Position={position}, Message=Unexpected input '{input}'. See event route documentation for supported values and structure (https://aka.ms/ADTv2Routes)."
        ),
    )
}

/// Returns the error for a route without a filter. The message is inferred.
pub(crate) fn route_filter_missing() -> ServiceError {
    ServiceError::new(
        400,
        "EventRouteFilterInvalid",
        "The event route has no filter. See event route documentation (https://aka.ms/ADTv2Routes).",
    )
}

/// Returns the error for an invalid route id. The message is inferred; the code is documented.
pub(crate) fn route_id_invalid(id: &str) -> ServiceError {
    ServiceError::new(
        400,
        "EventRouteIdInvalid",
        format!("The event route id '{id}' is invalid. It must consist of letters, digits and hyphens."),
    )
}

/// Returns the error for too many routes. The message is inferred; code and limit are documented.
pub(crate) fn route_limit_exceeded(limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "LimitExceeded",
        format!("The maximum of {limit} event routes is reached."),
    )
}
