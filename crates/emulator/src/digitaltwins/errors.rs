//! The error answers of the service: one constructor per error, each with the status, code and text that the
//! real service sends. Where no answer of the service is known the constructor says "inferred".

use serde_json::{Map, Value, json};

/// One entry of the `details` of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorDetail {
    /// Code, most often the same as the outer one.
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    pub(crate) message: String,
}

/// How the body of an error is laid out.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// `{"error": {"code", "message", "details"}}`, and the header `x-ms-error-code`.
    Envelope,
    /// `application/problem+json` of the web framework, which refuses some bodies before the service sees them.
    Problem { field: String },
}

/// A refusal: status, code and text of one error answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServiceError {
    /// HTTP status.
    pub(crate) status: u16,
    /// Service code, as in `error.code` and the header `x-ms-error-code`.
    pub(crate) code: &'static str,
    /// Text for people, as in `error.message`.
    pub(crate) message: String,
    /// Particulars; empty for most errors.
    pub(crate) details: Vec<ErrorDetail>,
    form: Form,
}

/// What most operations here answer.
pub(crate) type Answer<T> = Result<T, ServiceError>;

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)?;
        for detail in &self.details {
            write!(f, " [{}]", detail.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServiceError {}

impl ServiceError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        ServiceError {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            form: Form::Envelope,
        }
    }

    /// The JSON body of the answer.
    pub(crate) fn body(&self) -> Value {
        match &self.form {
            Form::Problem { field } => {
                let mut errors = Map::new();
                errors.insert(field.clone(), json!([self.message]));
                json!({
                    "errors": errors,
                    "title": "One or more validation errors occurred.",
                    "status": self.status,
                })
            }
            Form::Envelope => {
                let mut error = Map::new();
                error.insert("code".to_owned(), self.code.into());
                error.insert("message".to_owned(), self.message.as_str().into());
                if !self.details.is_empty() {
                    let details = self
                        .details
                        .iter()
                        .map(|detail| json!({"code": detail.code, "message": detail.message}))
                        .collect::<Vec<_>>();
                    error.insert("details".to_owned(), details.into());
                }
                json!({ "error": error })
            }
        }
    }

    /// The value of `Content-Type`.
    pub(crate) fn content_type(&self) -> &'static str {
        match self.form {
            Form::Envelope => "application/json; charset=utf-8",
            Form::Problem { .. } => "application/problem+json; charset=utf-8",
        }
    }

    /// Whether the answer carries `x-ms-error-code`; the framework's own refusals do not.
    pub(crate) fn has_code_header(&self) -> bool {
        self.form == Form::Envelope
    }
}

// Requests as such.

pub(crate) fn invalid_argument(message: impl Into<String>) -> ServiceError {
    ServiceError::new(400, "InvalidArgument", message)
}

pub(crate) fn empty_body() -> ServiceError {
    ServiceError::new(400, "BadRequest", "A non-empty request body is required.")
}

pub(crate) fn invalid_payload() -> ServiceError {
    invalid_argument("Payload is invalid.")
}

/// A body that the framework cannot read as what the operation takes. The text is inferred.
pub(crate) fn unreadable_body(field: &str, message: impl Into<String>) -> ServiceError {
    ServiceError {
        form: Form::Problem {
            field: field.to_owned(),
        },
        ..ServiceError::new(400, "BadRequest", message)
    }
}

/// Inferred: the service documents the parameter, not the answer when it is left out.
pub(crate) fn missing_api_version() -> ServiceError {
    ServiceError::new(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
}

/// Inferred, like [`missing_api_version`].
pub(crate) fn unknown_api_version(version: &str) -> ServiceError {
    ServiceError::new(
        400,
        "InvalidApiVersionParameter",
        format!(
            "The requested api-version '{version}' is not supported. Supported versions: {}.",
            super::call::API_VERSIONS.map(|(name, _)| name).join(", ")
        ),
    )
}

pub(crate) fn no_such_route(method: &str, path: &str) -> ServiceError {
    ServiceError::new(404, "NotFound", format!("There is no operation {method} {path}."))
}

pub(crate) fn method_not_allowed(method: &str, path: &str) -> ServiceError {
    ServiceError::new(
        405,
        "MethodNotAllowed",
        format!("{path} has no operation for the method {method}."),
    )
}

/// Not an answer of the service: it says that the emulator lacks the operation.
pub(crate) fn not_emulated(what: &str) -> ServiceError {
    ServiceError::new(
        501,
        "NotImplemented",
        format!("The Azure Digital Twins emulator does not support {what} yet."),
    )
}

pub(crate) fn invalid_id(kind: &str, id: &str) -> ServiceError {
    invalid_argument(format!(
        "The {kind} id '{id}' is invalid. It must have 1 to 128 characters: letters, digits and - : . + % _ # * ? ! ( ) , = @ $ ' ;"
    ))
}

pub(crate) fn invalid_page_size(value: &str) -> ServiceError {
    invalid_argument(format!(
        "Invalid max-items-per-page header value '{value}'. It must be a positive integer."
    ))
}

pub(crate) fn invalid_list_token() -> ServiceError {
    invalid_argument("The continuation token provided is invalid.")
}

/// Inferred: the limit is documented, the answer is not.
pub(crate) fn payload_too_large(limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "LimitExceeded",
        format!("The request body is longer than the maximum of {limit} bytes."),
    )
}

/// Inferred: a body that no request of the service may have.
pub(crate) fn body_too_large(limit: usize) -> ServiceError {
    ServiceError::new(
        413,
        "RequestEntityTooLarge",
        format!("The request body is longer than {limit} bytes."),
    )
}

// Preconditions.

pub(crate) fn malformed_if_match() -> ServiceError {
    invalid_argument("Invalid If-Match header value. Allowed value(s): If-Match: {etag} or If-Match: *")
}

pub(crate) fn malformed_if_none_match() -> ServiceError {
    invalid_argument("Invalid If-None-Match header value. Allowed value(s): If-None-Match: *")
}

pub(crate) fn stale_etag(etag: &str) -> ServiceError {
    ServiceError::new(
        412,
        "PreconditionFailed",
        format!(
            "The provided etag {etag} doesn't match the current etag for the resource. Please obtain and provide the latest etag by getting the resource. See section on get apis in the documentation https://aka.ms/adtv2twins."
        ),
    )
}

pub(crate) fn twin_exists(id: &str) -> ServiceError {
    ServiceError::new(
        412,
        "PreconditionFailed",
        format!(
            "If-None-Match: * header was specified but a twin with the id {id} was found. Please specify a different twin id."
        ),
    )
}

/// The text is inferred from the one for twins.
pub(crate) fn relationship_exists(twin: &str, id: &str) -> ServiceError {
    ServiceError::new(
        412,
        "PreconditionFailed",
        format!(
            "If-None-Match: * header was specified but a relationship with the id {id} on twin {twin} was found. Please specify a different twin and relationship id."
        ),
    )
}

// Twins.

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

/// A twin that does not fit its model; one detail per fault.
pub(crate) fn invalid_twin(faults: Vec<String>) -> ServiceError {
    validation_failed("Invalid twin specified", faults)
}

/// The outer text is inferred from the one for twins.
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

/// The detail of a twin whose model is not stored.
pub(crate) fn model_missing_detail(model: &str) -> String {
    format!("{model} or one of its dependencies does not exist.")
}

/// The text is inferred; the code is documented.
pub(crate) fn model_decommissioned(model: &str) -> ServiceError {
    ServiceError::new(
        400,
        "ModelDecommissioned",
        format!("The model {model} is decommissioned. No new twin can be created from it."),
    )
}

/// The text is inferred; the code is documented.
pub(crate) fn twin_limit_reached(limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "TwinLimitReached",
        format!("The instance holds its maximum of {limit} twins."),
    )
}

/// The text is inferred.
pub(crate) fn telemetry_invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new(400, "ValidationFailed", message)
}

/// The text is inferred; the header is documented as required.
pub(crate) fn message_id_missing() -> ServiceError {
    ServiceError::new(400, "MissingArgument", "The header Message-Id is required.")
}

// Patches.

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

/// Inferred: what is read-only is known, the text is not.
pub(crate) fn patch_path_read_only(path: &str) -> ServiceError {
    patch_invalid(&format!("The path {path} is read-only."))
}

// Relationships.

pub(crate) fn relationship_not_found(twin: &str, id: &str) -> ServiceError {
    ServiceError::new(
        404,
        "RelationshipNotFound",
        format!(
            "Relationship {id} not found on twin {twin}. Please verify that the relationship id is valid and ensure that the relationship is not deleted. See section on listing relationships in the documentation https://aka.ms/adtv2twins."
        ),
    )
}

/// The code is the one the service sends; its documentation says `TargetTwinNotFound`.
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

/// The text is inferred; the code is documented.
pub(crate) fn self_relationship(twin: &str) -> ServiceError {
    ServiceError::new(
        400,
        "OperationNotAllowed",
        format!(
            "A relationship from twin {twin} to itself is not allowed. Source and target must be different twins."
        ),
    )
}

/// Inferred: the limit is documented, the answer is not.
pub(crate) fn relationship_limit_reached(what: &str, limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "LimitExceeded",
        format!("The maximum of {limit} relationships per {what} is reached."),
    )
}

// Models.

pub(crate) fn models_empty() -> ServiceError {
    invalid_argument(
        "Operation failed as models provided was empty or of a type that is not supported.. Check that your Model Array contains at least one item and it is of a supported type. See link(https://aka.ms/ADTv2Models) for details.",
    )
}

/// `messages` are the parser's, one per fault.
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

/// The text is inferred; the code is documented.
pub(crate) fn model_version_not_supported(message: &str) -> ServiceError {
    ServiceError::new(
        400,
        "ModelVersionNotSupported",
        format!("{message} See model documentation(https://aka.ms/ADTv2Models) for supported format."),
    )
}

/// The text is inferred; the code is documented.
pub(crate) fn models_limit_exceeded(message: impl Into<String>) -> ServiceError {
    ServiceError::new(400, "LimitExceeded", message)
}

/// The code is the one the service sends; its documentation says `ModelAlreadyExists`.
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

/// The text is inferred; the code is documented.
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

// Queries.

pub(crate) fn query_invalid(message: &str) -> ServiceError {
    ServiceError::new(
        400,
        "SqlQueryError",
        format!(
            "SQL query parse failed: {message} See samples in https://aka.ms/adtv2query for the correct syntax."
        ),
    )
}

pub(crate) fn query_token_invalid() -> ServiceError {
    ServiceError::new(400, "BadRequest", "The continuation token provided is invalid.")
}

pub(crate) fn query_body_invalid() -> ServiceError {
    ServiceError::new(
        400,
        "BadRequest",
        "The request body must hold a query text or a continuation token of an earlier answer.",
    )
}

/// The text is inferred; code and time limit are documented.
pub(crate) fn query_timeout() -> ServiceError {
    ServiceError::new(
        400,
        "TimeoutError",
        "The query took longer than 60 seconds. Make it more selective and try again.",
    )
}
