//! The codes by which the service names its errors, to compare with [`Error::code`](crate::Error::code).
//!
//! Later versions of the service may have more. Where two codes stand for one thing, the description of the API and the
//! service differ; the service's is named first.

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal,)+) => {
        $($(#[$meta])* pub const $name: &str = $text;)+

        /// All codes that this version knows.
        pub const ALL: &[&str] = &[$($text),+];
    };
}

codes! {
    /// Something about the request is not as it should be: an id, a header, an address.
    INVALID_ARGUMENT = "InvalidArgument",
    /// Something that is needed is missing.
    MISSING_ARGUMENT = "MissingArgument",
    /// The body or the continuation token is not valid.
    BAD_REQUEST = "BadRequest",
    /// A precondition is not met: `If-Match` or `If-None-Match`.
    PRECONDITION_FAILED = "PreconditionFailed",

    /// The twin, component, relationship or telemetry does not fit its model.
    VALIDATION_FAILED = "ValidationFailed",
    /// The patch is not valid, or leads to what is not there.
    JSON_PATCH_INVALID = "JsonPatchInvalid",
    /// There is no such twin.
    DIGITAL_TWIN_NOT_FOUND = "DigitalTwinNotFound",
    /// The twin has no such component.
    COMPONENT_NOT_FOUND = "ComponentNotFound",
    /// The instance has as many twins as it can have.
    TWIN_LIMIT_REACHED = "TwinLimitReached",
    /// The twin has relationships and cannot be deleted.
    RELATIONSHIPS_NOT_DELETED = "RelationshipsNotDeleted",

    /// The twin has no such relationship.
    RELATIONSHIP_NOT_FOUND = "RelationshipNotFound",
    /// The twin where the relationship should end does not exist.
    TARGET_DIGITAL_TWIN_NOT_FOUND = "TargetDigitalTwinNotFound",
    /// As [`TARGET_DIGITAL_TWIN_NOT_FOUND`], in the description.
    TARGET_TWIN_NOT_FOUND = "TargetTwinNotFound",
    /// The models allow no such relationship.
    INVALID_RELATIONSHIP = "InvalidRelationship",
    /// There is such a relationship already.
    RELATIONSHIP_ALREADY_EXISTS = "RelationshipAlreadyExists",
    /// A relationship cannot start and end at the same twin.
    OPERATION_NOT_ALLOWED = "OperationNotAllowed",

    /// There is no such model.
    MODEL_NOT_FOUND = "ModelNotFound",
    /// A model with this id is stored; models do not change, a new version needs a new id.
    MODEL_ID_ALREADY_EXISTS = "ModelIdAlreadyExists",
    /// As [`MODEL_ID_ALREADY_EXISTS`], in the description.
    MODEL_ALREADY_EXISTS = "ModelAlreadyExists",
    /// The models are no valid DTDL, or refer to models that are not there.
    DTDL_PARSER_ERROR = "DTDLParserError",
    /// The service does not take this version of DTDL.
    MODEL_VERSION_NOT_SUPPORTED = "ModelVersionNotSupported",
    /// The model is decommissioned: no new twins.
    MODEL_DECOMMISSIONED = "ModelDecommissioned",
    /// Other models extend the model or have it as a component, so that it cannot be deleted.
    MODEL_REFERENCES_NOT_DELETED = "ModelReferencesNotDeleted",
    /// Other models extend the model or have it as a component, so that it cannot be decommissioned.
    MODEL_REFERENCES_NOT_DECOMMISSIONED = "ModelReferencesNotDecommissioned",
    /// The instance has as many models or routes as it can have.
    LIMIT_EXCEEDED = "LimitExceeded",

    /// The query text is not valid.
    SQL_QUERY_ERROR = "SqlQueryError",
    /// The query took too long.
    TIMEOUT_ERROR = "TimeoutError",
    /// Too many queries, or too expensive ones.
    QUOTA_REACHED_ERROR = "QuotaReachedError",

    /// There is no such route.
    EVENT_ROUTE_NOT_FOUND = "EventRouteNotFound",
    /// The endpoint does not exist or is not active.
    EVENT_ROUTE_ENDPOINT_INVALID = "EventRouteEndpointInvalid",
    /// The filter is not valid.
    EVENT_ROUTE_FILTER_INVALID = "EventRouteFilterInvalid",
    /// The id of the route has characters that it cannot have.
    EVENT_ROUTE_ID_INVALID = "EventRouteIdInvalid",

    /// There is no such import job.
    JOB_NOT_FOUND = "JobNotFound",
    /// As [`JOB_NOT_FOUND`], in the description.
    IMPORT_JOB_NOT_FOUND = "ImportJobNotFound",
    /// There is no such delete job.
    DELETE_JOB_NOT_FOUND = "DeleteJobNotFound",
    /// There is a job with this id already.
    JOB_ID_ALREADY_EXISTS = "JobIdAlreadyExists",
    /// Another job is running.
    JOB_LIMIT_REACHED = "JobLimitReached",
    /// Why an import job failed: the log could not be written.
    UNABLE_TO_WRITE_TO_OUTPUT_BLOB = "UnableToWriteToOutputBlob",
    /// Why an import job failed: the models are no valid DTDL.
    DTDL_PARSING_ERROR = "DTDLParsingError",
}
