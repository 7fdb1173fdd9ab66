//! The error codes of IoT Hub: numbers, names and HTTP statuses.

use http::StatusCode;

/// An error code. The first three digits of the number are the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(u32);

impl Code {
    pub(crate) const GENERIC_BAD_REQUEST: Self = Self(400000);
    pub(crate) const INVALID_PROTOCOL_VERSION: Self = Self(400001);
    pub(crate) const INVALID_OPERATION: Self = Self(400003);
    pub(crate) const ARGUMENT_INVALID: Self = Self(400004);
    pub(crate) const ARGUMENT_NULL: Self = Self(400005);
    pub(crate) const IOT_HUB_FORMAT_ERROR: Self = Self(400006);
    pub(crate) const DEVICE_DEFINED_MULTIPLE_TIMES: Self = Self(400011);
    pub(crate) const BULK_REGISTRY_OPERATION_FAILURE: Self = Self(400013);
    pub(crate) const INVALID_DEVICE_SCOPE: Self = Self(400028);
    pub(crate) const INVALID_POLICY_KEY: Self = Self(400035);
    pub(crate) const BULK_REGENERATE_DEVICE_KEY_OPERATION_FAILURE: Self = Self(400036);
    pub(crate) const BLOB_CONTAINER_VALIDATION_ERROR: Self = Self(400008);
    pub(crate) const INVALID_CONFIGURATION_TARGET_CONDITION: Self = Self(400401);
    pub(crate) const INVALID_CONFIGURATION_CONTENT: Self = Self(400402);
    pub(crate) const INVALID_CONFIGURATION_CUSTOM_METRICS_QUERY: Self = Self(400404);
    pub(crate) const INVALID_PNP_DESIRED_PROPERTIES: Self = Self(400502);
    pub(crate) const INVALID_DIGITAL_TWIN_JSON_PATCH: Self = Self(400505);
    pub(crate) const INVALID_DIGITAL_TWIN_PATCH_PATH: Self = Self(400508);
    pub(crate) const IOT_HUB_UNAUTHORIZED_ACCESS: Self = Self(401002);
    pub(crate) const SYSTEM_MODULE_MODIFY_UNAUTHORIZED_ACCESS: Self = Self(401100);
    pub(crate) const GENERIC_NOT_FOUND: Self = Self(404000);
    pub(crate) const JOB_QUOTA_EXCEEDED: Self = Self(403003);
    pub(crate) const DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED: Self = Self(403004);
    pub(crate) const DEVICE_MODEL_MAX_PROPERTIES_EXCEEDED: Self = Self(403100);
    pub(crate) const DEVICE_NOT_FOUND: Self = Self(404001);
    pub(crate) const JOB_NOT_FOUND: Self = Self(404002);
    pub(crate) const CONFIGURATION_NOT_FOUND: Self = Self(404301);
    pub(crate) const MODULE_NOT_FOUND: Self = Self(404010);
    pub(crate) const DEVICE_NOT_ONLINE: Self = Self(404103);
    pub(crate) const GENERIC_METHOD_NOT_ALLOWED: Self = Self(405000);
    pub(crate) const OPERATION_NOT_ALLOWED_IN_CURRENT_STATE: Self = Self(405102);
    pub(crate) const DEVICE_ALREADY_EXISTS: Self = Self(409001);
    pub(crate) const MODULE_ALREADY_EXISTS_ON_DEVICE: Self = Self(409301);
    pub(crate) const JOB_ALREADY_EXISTS: Self = Self(409104);
    pub(crate) const CONFIGURATION_ALREADY_EXISTS: Self = Self(409401);
    pub(crate) const PRECONDITION_FAILED: Self = Self(412001);
    pub(crate) const DEVICE_MESSAGE_LOCK_LOST: Self = Self(412002);
    pub(crate) const MESSAGE_TOO_LARGE: Self = Self(413001);
    pub(crate) const TOO_MANY_DEVICES: Self = Self(413002);
    pub(crate) const TOO_MANY_MODULES_ON_DEVICE: Self = Self(413003);
    pub(crate) const CONFIGURATION_COUNT_LIMIT_EXCEEDED: Self = Self(413101);
    pub(crate) const THROTTLING_MAX_ACTIVE_JOB_COUNT_EXCEEDED: Self = Self(429004);
    pub(crate) const THROTTLING_EXCEPTION: Self = Self(429001);
    pub(crate) const SERVER_ERROR: Self = Self(500001);
    pub(crate) const SERVICE_UNAVAILABLE: Self = Self(503001);
    pub(crate) const GATEWAY_TIMEOUT: Self = Self(504101);

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    #[expect(
        clippy::expect_used,
        reason = "every code is created from a number in the table"
    )]
    pub(crate) fn name(self) -> &'static str {
        let at = CODES
            .binary_search_by_key(&self.0, |(number, _)| *number)
            .expect("every constant is in the table, and `of_status` searches it");
        CODES[at].1
    }

    #[expect(clippy::expect_used, reason = "a test checks every number in the table")]
    pub(crate) fn status(self) -> StatusCode {
        let status = u16::try_from(self.0 / 1000).expect("six digits");
        StatusCode::from_u16(status).expect("the first three digits are a status")
    }

    /// Returns the error code that the service usually sends with a status.
    pub(crate) fn of_status(status: StatusCode) -> Option<Self> {
        let usual = match status.as_u16() {
            401 => Self::IOT_HUB_UNAUTHORIZED_ACCESS,
            429 => Self::THROTTLING_EXCEPTION,
            500 => Self::SERVER_ERROR,
            503 => Self::SERVICE_UNAVAILABLE,
            504 => Self::GATEWAY_TIMEOUT,
            other => Self(u32::from(other) * 1000),
        };
        CODES
            .binary_search_by_key(&usual.0, |(number, _)| *number)
            .is_ok()
            .then_some(usual)
    }
}

/// All codes, by number.
const CODES: &[(u32, &str)] = &[
    (400000, "GenericBadRequest"),
    (400001, "InvalidProtocolVersion"),
    (400002, "DeviceInvalidResultCount"),
    (400003, "InvalidOperation"),
    (400004, "ArgumentInvalid"),
    (400005, "ArgumentNull"),
    (400006, "IotHubFormatError"),
    (400007, "DeviceStorageEntitySerializationError"),
    (400008, "BlobContainerValidationError"),
    (400009, "ImportWarningExistsError"),
    (400010, "InvalidSchemaVersion"),
    (400011, "DeviceDefinedMultipleTimes"),
    (400012, "DeserializationError"),
    (400013, "BulkRegistryOperationFailure"),
    (400014, "DefaultStorageEndpointNotConfigured"),
    (400015, "InvalidFileUploadCorrelationId"),
    (400016, "ExpiredFileUploadCorrelationId"),
    (400017, "InvalidStorageEndpoint"),
    (400018, "InvalidMessagingEndpoint"),
    (400019, "InvalidFileUploadCompletionStatus"),
    (400020, "InvalidStorageEndpointOrBlob"),
    (400021, "RequestCanceled"),
    (400022, "InvalidStorageEndpointProperty"),
    (400023, "EtagDoesNotMatch"),
    (400024, "RequestTimedOut"),
    (400025, "UnsupportedOperationOnReplica"),
    (400026, "NullMessage"),
    (400027, "ConnectionForcefullyClosedOnNewConnection"),
    (400028, "InvalidDeviceScope"),
    (400029, "ConnectionForcefullyClosedOnFaultInjection"),
    (400030, "ConnectionRejectedOnFaultInjection"),
    (400031, "InvalidEndpointAuthenticationType"),
    (400032, "ManagedIdentityNotEnabled"),
    (400033, "EnforceDeviceHISCompliantKey"),
    (400034, "EnforceModuleHISCompliantKey"),
    (400035, "InvalidPolicyKey"),
    (400036, "BulkRegenerateDeviceKeyOperationFailure"),
    (400100, "InvalidRouteTestInput"),
    (400101, "InvalidSourceOnRoute"),
    (400102, "RoutingNotEnabled"),
    (400103, "InvalidContentEncodingOrType"),
    (400301, "CannotRegisterModuleToModule"),
    (400302, "TenantHubRoutingNotEnabled"),
    (400401, "InvalidConfigurationTargetCondition"),
    (400402, "InvalidConfigurationContent"),
    (400403, "CannotModifyImmutableConfigurationContent"),
    (400404, "InvalidConfigurationCustomMetricsQuery"),
    (400501, "InvalidPnPInterfaceDefinition"),
    (400502, "InvalidPnPDesiredProperties"),
    (400503, "InvalidPnPReportedProperties"),
    (400504, "InvalidPnPWritableReportedProperties"),
    (400505, "InvalidDigitalTwinJsonPatch"),
    (400506, "InvalidDigitalTwinPayload"),
    (400507, "InvalidDigitalTwinPatch"),
    (400508, "InvalidDigitalTwinPatchPath"),
    (401000, "GenericUnauthorized"),
    (401001, "IotHubNotFound"),
    (401002, "IotHubUnauthorizedAccess"),
    (401003, "IotHubUnauthorized"),
    (401004, "ElasticPoolNotFound"),
    (401100, "SystemModuleModifyUnauthorizedAccess"),
    (403000, "GenericForbidden"),
    (403001, "IotHubSuspended"),
    (403002, "IotHubQuotaExceeded"),
    (403003, "JobQuotaExceeded"),
    (403004, "DeviceMaximumQueueDepthExceeded"),
    (403005, "IotHubMaxCbsTokenExceeded"),
    (403006, "DeviceMaximumActiveFileUploadLimitExceeded"),
    (403007, "DeviceMaximumQueueSizeExceeded"),
    (403008, "RoutingEndpointResponseForbidden"),
    (403009, "InvalidMessageExpiryTime"),
    (403010, "OperationNotAvailableInCurrentTier"),
    (403011, "KeyEncryptionKeyRevoked"),
    (403012, "DeviceDisabled"),
    (403100, "DeviceModelMaxPropertiesExceeded"),
    (403101, "DeviceModelMaxIndexablePropertiesExceeded"),
    (403800, "DeviceMaximumInflightMethodExceeded"),
    (404000, "GenericNotFound"),
    (404001, "DeviceNotFound"),
    (404002, "JobNotFound"),
    (404004, "QuotaMetricNotFound"),
    (404005, "SystemPropertyNotFound"),
    (404006, "AmqpAddressNotFound"),
    (404007, "RoutingEndpointResponseNotFound"),
    (404008, "CertificateNotFound"),
    (404009, "ElasticPoolTenantHubNotFound"),
    (404010, "ModuleNotFound"),
    (404011, "AzureTableStoreNotFound"),
    (404012, "IotHubFailingOver"),
    (404013, "FeatureNotSupported"),
    (404014, "DigitalTwinInterfaceNotFound"),
    (404101, "QueryStoreClusterNotFound"),
    (404103, "DeviceNotOnline"),
    (404104, "DeviceConnectionClosedRemotely"),
    (404301, "ConfigurationNotFound"),
    (404302, "GroupNotFound"),
    (404401, "DigitalTwinModelNotFound"),
    (404402, "InterfaceNameModelNotFound"),
    (405000, "GenericMethodNotAllowed"),
    (405102, "OperationNotAllowedInCurrentState"),
    (405103, "ImportDevicesNotSupported"),
    (405104, "BulkAddDevicesNotSupported"),
    (409000, "GenericConflict"),
    (409001, "DeviceAlreadyExists"),
    (409002, "LinkCreationConflict"),
    (409003, "CallbackSubscriptionConflict"),
    (409101, "ModelAlreadyExists"),
    (409102, "DeviceLocked"),
    (409103, "DeviceJobAlreadyExists"),
    (409104, "JobAlreadyExists"),
    (409301, "ModuleAlreadyExistsOnDevice"),
    (409401, "ConfigurationAlreadyExists"),
    (409402, "ApplyConfigurationAlreadyInProgressOnDevice"),
    (409501, "DigitalTwinModelAlreadyExists"),
    (409502, "DigitalTwinModelExistsWithOtherModelType"),
    (409503, "InterfaceNameModelAlreadyExists"),
    (412000, "GenericPreconditionFailed"),
    (412001, "PreconditionFailed"),
    (412002, "DeviceMessageLockLost"),
    (412003, "JobRunPreconditionFailed"),
    (412004, "InflightMessagesInLink"),
    (413000, "GenericRequestEntityTooLarge"),
    (413001, "MessageTooLarge"),
    (413002, "TooManyDevices"),
    (413003, "TooManyModulesOnDevice"),
    (413101, "ConfigurationCountLimitExceeded"),
    (413201, "DigitalTwinModelCountLimitExceeded"),
    (413202, "InterfaceNameCompressionModelCountLimitExceeded"),
    (415000, "GenericUnsupportedMediaType"),
    (415101, "IncompatibleDataType"),
    (429000, "GenericTooManyRequests"),
    (429001, "ThrottlingException"),
    (429002, "ThrottleBacklogLimitExceeded"),
    (429003, "ThrottlingBacklogTimeout"),
    (429004, "ThrottlingMaxActiveJobCountExceeded"),
    (429005, "DeviceThrottlingLimitExceeded"),
    (499000, "ClientClosedRequest"),
    (500001, "ServerError"),
    (500002, "JobCancelled"),
    (500008, "GenericTimeout"),
    (500009, "InvalidThrottleParameter"),
    (500301, "ModelRepoEndpointError"),
    (500302, "ResolutionError"),
    (500401, "UnableToFetchCredentials"),
    (500402, "UnableToFetchTenantInfo"),
    (500403, "UnableToShareIdentity"),
    (500501, "UnableToExpandDiscoveryInfo"),
    (500502, "UnableToExpandComponentInfo"),
    (500503, "UnableToCompressComponentInfo"),
    (500504, "UnableToCompressDiscoveryInfo"),
    (500505, "OrphanDiscoveryDocument"),
    (502000, "GenericBadGateway"),
    (503000, "GenericServiceUnavailable"),
    (503001, "ServiceUnavailable"),
    (503003, "PartitionNotFound"),
    (503004, "IotHubActivationFailed"),
    (503005, "ServerBusy"),
    (503006, "IotHubRestoring"),
    (503008, "ReceiveLinkOpensThrottled"),
    (504101, "GatewayTimeout"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-ERROR-6.
    #[test]
    fn error_numbers_are_sorted_and_contain_their_status() {
        assert!(CODES.is_sorted_by(|(left, _), (right, _)| left < right));
        for (number, name) in CODES {
            assert_eq!(
                u32::from(Code(*number).status().as_u16()),
                number / 1000,
                "{name}"
            );
        }
    }

    /// HUB-ERROR-6, HUB-ERROR-11.
    #[test]
    fn error_codes_have_names_and_numbers() {
        assert_eq!(Code::DEVICE_NOT_FOUND.name(), "DeviceNotFound");
        assert_eq!(Code::DEVICE_NOT_ONLINE.number(), 404_103);
        assert_eq!(
            Code::MODULE_ALREADY_EXISTS_ON_DEVICE.name(),
            "ModuleAlreadyExistsOnDevice"
        );
        assert_eq!(
            Code::of_status(StatusCode::TOO_MANY_REQUESTS).unwrap().name(),
            "ThrottlingException"
        );
        assert_eq!(
            Code::of_status(StatusCode::BAD_GATEWAY).unwrap().name(),
            "GenericBadGateway"
        );
        assert_eq!(Code::of_status(StatusCode::IM_A_TEAPOT), None);
    }
}
