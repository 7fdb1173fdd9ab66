//! The error codes of the service, to compare with [`Error::code`](crate::Error::code).
//!
//! The service may add codes. Where the code in the API description differs from the code that the service sends, both
//! are listed, the service's code first.

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal,)+) => {
        $($(#[$meta])* pub const $name: &str = $text;)+

        /// All known codes.
        pub const ALL: &[&str] = &[$($text),+];
    };
}

codes! {
    /// An id, a header or the URL of the request is not valid.
    INVALID_ARGUMENT = "InvalidArgument",
    /// A required argument is missing.
    MISSING_ARGUMENT = "MissingArgument",
    /// The body or the continuation token is not valid.
    BAD_REQUEST = "BadRequest",
    /// A precondition was not met: `If-Match` or `If-None-Match`.
    PRECONDITION_FAILED = "PreconditionFailed",

    /// The twin, component, relationship or telemetry does not fit its model.
    VALIDATION_FAILED = "ValidationFailed",
    /// The patch is not valid, or one of its paths does not exist.
    JSON_PATCH_INVALID = "JsonPatchInvalid",
    /// The twin does not exist.
    DIGITAL_TWIN_NOT_FOUND = "DigitalTwinNotFound",
    /// The twin has no such component.
    COMPONENT_NOT_FOUND = "ComponentNotFound",
    /// The instance has the maximum number of twins.
    TWIN_LIMIT_REACHED = "TwinLimitReached",
    /// The twin has relationships and cannot be deleted.
    RELATIONSHIPS_NOT_DELETED = "RelationshipsNotDeleted",

    /// The twin has no such relationship.
    RELATIONSHIP_NOT_FOUND = "RelationshipNotFound",
    /// The target of the relationship does not exist.
    TARGET_DIGITAL_TWIN_NOT_FOUND = "TargetDigitalTwinNotFound",
    /// The API description's name for [`TARGET_DIGITAL_TWIN_NOT_FOUND`].
    TARGET_TWIN_NOT_FOUND = "TargetTwinNotFound",
    /// The models do not allow the relationship.
    INVALID_RELATIONSHIP = "InvalidRelationship",
    /// The relationship already exists.
    RELATIONSHIP_ALREADY_EXISTS = "RelationshipAlreadyExists",
    /// A relationship cannot start and end at the same twin.
    OPERATION_NOT_ALLOWED = "OperationNotAllowed",

    /// The model does not exist.
    MODEL_NOT_FOUND = "ModelNotFound",
    /// A model with this id already exists. Models are immutable; a new version needs a new id.
    MODEL_ID_ALREADY_EXISTS = "ModelIdAlreadyExists",
    /// The API description's name for [`MODEL_ID_ALREADY_EXISTS`].
    MODEL_ALREADY_EXISTS = "ModelAlreadyExists",
    /// The models are not valid DTDL, or refer to models that do not exist.
    DTDL_PARSER_ERROR = "DTDLParserError",
    /// The service does not support this version of DTDL.
    MODEL_VERSION_NOT_SUPPORTED = "ModelVersionNotSupported",
    /// The model is decommissioned: no new twins of the model can be created.
    MODEL_DECOMMISSIONED = "ModelDecommissioned",
    /// Other models extend the model or have it as a component, so it cannot be deleted.
    MODEL_REFERENCES_NOT_DELETED = "ModelReferencesNotDeleted",
    /// Other models extend the model or have it as a component, so it cannot be decommissioned.
    MODEL_REFERENCES_NOT_DECOMMISSIONED = "ModelReferencesNotDecommissioned",
    /// The instance has the maximum number of models or routes.
    LIMIT_EXCEEDED = "LimitExceeded",

    /// The query is not valid.
    SQL_QUERY_ERROR = "SqlQueryError",
    /// The query took too long.
    TIMEOUT_ERROR = "TimeoutError",
    /// There were too many queries, or the queries were too expensive.
    QUOTA_REACHED_ERROR = "QuotaReachedError",

    /// The route does not exist.
    EVENT_ROUTE_NOT_FOUND = "EventRouteNotFound",
    /// The endpoint does not exist or is not active.
    EVENT_ROUTE_ENDPOINT_INVALID = "EventRouteEndpointInvalid",
    /// The filter is not valid.
    EVENT_ROUTE_FILTER_INVALID = "EventRouteFilterInvalid",
    /// The id of the route has characters that are not allowed.
    EVENT_ROUTE_ID_INVALID = "EventRouteIdInvalid",

    /// The import job does not exist.
    JOB_NOT_FOUND = "JobNotFound",
    /// The API description's name for [`JOB_NOT_FOUND`].
    IMPORT_JOB_NOT_FOUND = "ImportJobNotFound",
    /// The delete job does not exist.
    DELETE_JOB_NOT_FOUND = "DeleteJobNotFound",
    /// A job with this id already exists.
    JOB_ID_ALREADY_EXISTS = "JobIdAlreadyExists",
    /// Another job is running.
    JOB_LIMIT_REACHED = "JobLimitReached",
    /// The log of an import job could not be written.
    UNABLE_TO_WRITE_TO_OUTPUT_BLOB = "UnableToWriteToOutputBlob",
    /// The models of an import job are not valid DTDL.
    DTDL_PARSING_ERROR = "DTDLParsingError",
}
