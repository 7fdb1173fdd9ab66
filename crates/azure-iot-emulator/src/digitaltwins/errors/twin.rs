//! Errors about twins, their components and patches.

use super::service_error::{ErrorDetail, ServiceError};

pub(crate) fn twin_not_found(id: &str) -> ServiceError {
    ServiceError::new(
        404,
        "DigitalTwinNotFound",
        format!(
            "There is no digital twin instance that exists with the ID {id}. Please verify that the twin id is valid and ensure that the twin is not deleted. See section on querying the twins https://aka.ms/adtv2query."
        ),
    )
}

pub(crate) fn relationships_not_deleted(id: &str) -> ServiceError {
    ServiceError::new(
        400,
        "RelationshipsNotDeleted",
        format!(
            "Twin {id} has active relationships. Cannot delete a twin unless all the relationships are deleted. Please ensure that the active relationships on the twin are deleted. See section on retrieving relationships https://aka.ms/adtv2twins."
        ),
    )
}

pub(crate) fn component_not_found(twin: &str, component: &str) -> ServiceError {
    ServiceError::new(
        404,
        "ComponentNotFound",
        format!(
            "{twin} does not have component {component} Please verify that the component path is correct. You can get components by getting the twin, See example https://aka.ms/TwinGetSwSmpl."
        ),
    )
}

/// Returns the error for a twin that violates its model, with one detail per violation.
pub(crate) fn invalid_twin(faults: Vec<String>) -> ServiceError {
    validation_failed("Invalid twin specified", faults)
}

/// Returns the error for invalid properties of a relationship. The outer message is inferred from
/// the one for twins.
pub(crate) fn invalid_relationship_properties(faults: Vec<String>) -> ServiceError {
    validation_failed("Invalid relationship specified", faults)
}

fn validation_failed(message: &str, faults: Vec<String>) -> ServiceError {
    let details = faults
        .into_iter()
        .map(|message| ErrorDetail {
            code: "ValidationFailed",
            message,
        })
        .collect();
    ServiceError {
        details,
        ..ServiceError::new(400, "ValidationFailed", message)
    }
}

/// Returns the detail for a twin whose model is not stored.
pub(crate) fn model_missing_detail(model: &str) -> String {
    format!("{model} or one of its dependencies does not exist.")
}

/// Returns the error for a twin of a decommissioned model. The message is inferred; the code is
/// documented.
pub(crate) fn model_decommissioned(model: &str) -> ServiceError {
    ServiceError::new(
        400,
        "ModelDecommissioned",
        format!("The model {model} is decommissioned. No new twin can be created from it."),
    )
}

/// Returns the error for too many twins. The message is inferred; the code is documented.
pub(crate) fn twin_limit_reached(limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "TwinLimitReached",
        format!("The instance has the maximum of {limit} twins."),
    )
}

/// Returns the error for invalid telemetry. The message is inferred.
pub(crate) fn telemetry_invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new(400, "ValidationFailed", message)
}

/// Returns the error for telemetry without `Message-Id`. The message is inferred; the header is
/// documented as required.
pub(crate) fn message_id_missing() -> ServiceError {
    ServiceError::new(400, "MissingArgument", "The header Message-Id is required.")
}

const PATCH_HELP: &str = "Please provide a valid patch document. See section on update apis in the documentation https://aka.ms/adtv2twins.";

fn patch_invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "JsonPatchInvalid", format!("{message} {PATCH_HELP}"))
}

pub(crate) fn patch_operation_unsupported(operation: &str) -> ServiceError {
    patch_invalid(&format!("Unsupported operation type {operation}."))
}

pub(crate) fn patch_parameter_empty(parameter: &str) -> ServiceError {
    patch_invalid(&format!("Parameter {parameter} must not be empty."))
}

pub(crate) fn patch_target_missing(segment: &str) -> ServiceError {
    patch_invalid(&format!(
        "The target location specified by path segment '{segment}' was not found."
    ))
}

pub(crate) fn patch_path_unresolved(path: &str) -> ServiceError {
    patch_invalid(&format!("Could not resolve path {path}."))
}

/// Returns the error for a patch of a read-only path. The message is inferred; the read-only paths
/// are known.
pub(crate) fn patch_path_read_only(path: &str) -> ServiceError {
    patch_invalid(&format!("The path {path} is read-only."))
}
