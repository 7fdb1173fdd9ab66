//! Errors about relationships.

use super::request::invalid_argument;
use super::service_error::ServiceError;

pub(crate) fn relationship_not_found(twin: &str, id: &str) -> ServiceError {
    ServiceError::new(
        404,
        "RelationshipNotFound",
        format!(
            "Relationship {id} not found on twin {twin}. Please verify that the relationship id is valid and ensure that the relationship is not deleted. See section on listing relationships in the documentation https://aka.ms/adtv2twins."
        ),
    )
}

/// Returns the error for an unknown target, with the code that the service sends; its documentation
/// says `TargetTwinNotFound`.
pub(crate) fn target_not_found() -> ServiceError {
    ServiceError::new(
        404,
        "TargetDigitalTwinNotFound",
        "The target digital twin is invalid or does not exist. Please validate that the target twin is valid and ensure that the target twin is not deleted. See section on querying the twins https://aka.ms/adtv2query .",
    )
}

pub(crate) fn relationship_misaligned() -> ServiceError {
    ServiceError::new(
        400,
        "InvalidRelationship",
        "Twin relationship does not align with the model. Please ensure that the relationship is in alignment with the model. See section on listing models http://aka.ms/adtv2models.",
    )
}

pub(crate) fn relationship_body_unreadable() -> ServiceError {
    invalid_argument("Could not deserialize relationship create body.")
}

/// Returns the error for a relationship from a twin to itself. The message is inferred; the code is
/// documented.
pub(crate) fn self_relationship(twin: &str) -> ServiceError {
    ServiceError::new(
        400,
        "OperationNotAllowed",
        format!(
            "A relationship from twin {twin} to itself is not allowed. Source and target must be different twins."
        ),
    )
}

/// Returns the error for a relationship beyond a limit. The response is inferred; the limit is
/// documented.
pub(crate) fn relationship_limit_reached(what: &str, limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "LimitExceeded",
        format!("The maximum of {limit} relationships per {what} is reached."),
    )
}
