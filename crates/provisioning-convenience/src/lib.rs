//! Clients for the Azure Device Provisioning Service, which assigns devices to IoT hubs.
//!
//! [`ProvisioningServiceClient`] is for back ends, [`ProvisioningDeviceClient`] for devices.
//!
//! # Map
//!
//! | task | methods |
//! |---|---|
//! | connect a back end | [`from_connection_string`](ProvisioningServiceClient::from_connection_string), [`from_token_credential`](ProvisioningServiceClient::from_token_credential), [`with_call_options`](ProvisioningServiceClient::with_call_options) |
//! | enroll single devices | [`create_individual_enrollment`](ProvisioningServiceClient::create_individual_enrollment) and `get_`, `update_`, `delete_`, `query_`; [`get_individual_enrollment_attestation`](ProvisioningServiceClient::get_individual_enrollment_attestation) |
//! | enroll groups of devices | [`create_enrollment_group`](ProvisioningServiceClient::create_enrollment_group) and `get_`, `update_`, `delete_`, `query_`; [`get_enrollment_group_attestation`](ProvisioningServiceClient::get_enrollment_group_attestation) |
//! | enroll in bulk | [`bulk_individual_enrollments`](ProvisioningServiceClient::bulk_individual_enrollments), [`bulk_enrollment_groups`](ProvisioningServiceClient::bulk_enrollment_groups) |
//! | registrations | [`get_registration`](ProvisioningServiceClient::get_registration), [`delete_registration`](ProvisioningServiceClient::delete_registration), [`list_registrations`](ProvisioningServiceClient::list_registrations) |
//! | device keys of a group | [`derive_device_key`] |
//! | register a device | [`with_symmetric_key`](ProvisioningDeviceClient::with_symmetric_key), [`with_group_key`](ProvisioningDeviceClient::with_group_key), `with_certificate`, [`register`](ProvisioningDeviceClient::register), [`get_own_registration`](ProvisioningDeviceClient::get_own_registration) |
//!
//! # Responses
//!
//! Methods return a [`Response`] with status and headers, which `into_model()?` decodes; queries return a [`Pager`].
//! [`Error`] has predicates such as [`is_not_found`](Error::is_not_found).
//!
//! # Conditional writes
//!
//! Every update and delete takes a [`Precondition`], which allows the write for any version or only for the one that
//! was read. The ETag is in the model, not in a header; [`IndividualEnrollment::precondition`],
//! [`EnrollmentGroup::precondition`] and [`Registration::precondition`] return the precondition for it.
//!
//! # Secrets
//!
//! `Debug`, errors and logs show neither keys nor webhook URLs, and both serialize as `REDACTED`.
//!
//! # Features
//!
//! * `rustls` (default): HTTPS with rustls. Without it, set a transport in `ClientOptions`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attestation;
mod bulk;
mod device_client;
mod enrollment;
mod enrollment_groups;
mod error;
mod ids;
mod individual_enrollments;
mod initial_twin;
mod key;
mod policy;
mod query;
mod register;
mod registration;
mod registrations;
mod secret;
mod service_client;
mod write;

pub use attestation::{
    Attestation, AttestationType, TpmAttestation, X509Attestation, X509CaReferences, X509Certificate,
    X509CertificateInfo, X509Certificates,
};
pub use bulk::{BulkFailure, BulkMode, BulkOptions, BulkOutcome, BulkReport, BulkResult};
pub use device_client::{ProvisioningDeviceClient, ProvisioningDeviceClientOptions};
pub use enrollment::{EnrollmentGroup, EnrollmentSettings, IndividualEnrollment};
pub use error::{Error, ErrorCode, ErrorKind, Result};
pub use initial_twin::{InitialTwin, InitialTwinProperties};
pub use key::{SymmetricKeys, derive_device_key};
pub use policy::{
    Allocation, AllocationPolicy, CertificateIssuance, CustomAllocation, DeviceCapabilities,
    ProvisioningStatus, ReprovisionPolicy,
};
pub use query::QueryOptions;
pub use register::{Assignment, RegisterOptions, RegistrationFailure, RegistrationOutcome};
pub use registration::{AssignmentSubstatus, Registration, RegistrationStatus};
pub use service_client::{ProvisioningAudience, ProvisioningServiceClient, ProvisioningServiceClientOptions};

// Types from other crates that callers need.
pub use azure_core::cloud;
pub use azure_core::credentials::{Secret, TokenCredential};
pub use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
pub use azure_core::http::{
    ClientOptions, Context, Etag, ExponentialRetryOptions, NoFormat, Response, RetryOptions, StatusCode, Url,
};
pub use azure_protocol_runtime::DateTime;
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
pub use azure_service_core::transport_trusting;
pub use azure_service_core::{
    BulkProgress, CallOptions, CertificateFailure, ConnectionFailure, DelegatedTokenCredential, ErrorDetail,
    ItemPage, PageStream, Precondition, ProgressCallback, ResponseExt, etag,
};

/// A paged list. It is a stream of items; `into_pages` converts it to a stream of pages.
pub type Pager<T> = azure_service_core::Pager<Response<ItemPage<T>>, Error>;
