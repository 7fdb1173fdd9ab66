//! Errors about models.

use super::request::invalid_argument;
use super::service_error::ServiceError;

pub(crate) fn models_empty() -> ServiceError {
    invalid_argument(
        "Operation failed as models provided was empty or of a type that is not supported.. Check that your Model Array contains at least one item and it is of a supported type. See link(https://aka.ms/ADTv2Models) for details.",
    )
}

/// Returns the error for invalid DTDL, with one message of the DTDL parser per problem.
pub(crate) fn dtdl_parser_error(messages: &[String]) -> ServiceError {
    ServiceError::new(
        400,
        "DTDLParserError",
        format!(
            "None of the models in this request could be created due to a problem with one or more models: {}.. See model documentation(https://aka.ms/ADTv2Models) for supported format.",
            messages.join(" | ")
        ),
    )
}

/// Returns the error for an unsupported DTDL version. The message is inferred; the code is
/// documented.
pub(crate) fn model_version_not_supported(message: &str) -> ServiceError {
    ServiceError::new(
        400,
        "ModelVersionNotSupported",
        format!("{message} See model documentation(https://aka.ms/ADTv2Models) for supported format."),
    )
}

/// Returns the error for models beyond a limit. The message is inferred; the code is documented.
pub(crate) fn models_limit_exceeded(message: impl Into<String>) -> ServiceError {
    ServiceError::new(400, "LimitExceeded", message)
}

/// Returns the error for models that already exist, with the code that the service sends; its
/// documentation says `ModelAlreadyExists`.
pub(crate) fn models_exist(ids: &[&str]) -> ServiceError {
    ServiceError::new(
        409,
        "ModelIdAlreadyExists",
        format!(
            "Some of the model ids already exist: {}. Use Model_List API to view models that already exist. See the Swagger example (https://aka.ms/ModelListSwSmpl).",
            ids.join(", ")
        ),
    )
}

pub(crate) fn model_id_malformed(id: &str) -> ServiceError {
    invalid_argument(format!(
        "The format of the Model ID {id} provided is not supported. See model documentation(https://aka.ms/ADTv2Models) for supported format."
    ))
}

pub(crate) fn models_not_found(ids: &[&str]) -> ServiceError {
    ServiceError::new(
        404,
        "ModelNotFound",
        format!(
            "There is no Model(s) available that matches the provided id(s) {}. Check that the Model ID provided is valid by doing a Model_List API call.",
            ids.join(", ")
        ),
    )
}

pub(crate) fn model_referenced(by: &[&str]) -> ServiceError {
    ServiceError::new(
        409,
        "ModelReferencesNotDeleted",
        format!(
            "This model is currently being referenced by {}. You must delete these references before deleting the Model.. To delete references, do Delete Model on Ids provided above.",
            by.join(", ")
        ),
    )
}

/// Returns the error for decommissioning a model to which other models refer. The message is inferred; the
/// code is documented.
pub(crate) fn model_references_not_decommissioned(by: &[&str]) -> ServiceError {
    ServiceError::new(
        409,
        "ModelReferencesNotDecommissioned",
        format!(
            "This model is currently being referenced by {}. You must decommission these references before decommissioning the Model.",
            by.join(", ")
        ),
    )
}
