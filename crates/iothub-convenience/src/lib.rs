//! A client for the Azure IoT Hub service API, for back-end applications.
//!
//! [`IotHubRegistryManager`] has one method per task.
//!
//! # Map
//!
//! | task | methods |
//! |---|---|
//! | connect | [`from_connection_string`](IotHubRegistryManager::from_connection_string), [`from_token_credential`](IotHubRegistryManager::from_token_credential), [`with_call_options`](IotHubRegistryManager::with_call_options) |
//! | devices | [`create_device`](IotHubRegistryManager::create_device), [`update_device`](IotHubRegistryManager::update_device) and short forms such as [`create_device_with_sas`](IotHubRegistryManager::create_device_with_sas); [`get_device`](IotHubRegistryManager::get_device), [`get_devices`](IotHubRegistryManager::get_devices), [`delete_device`](IotHubRegistryManager::delete_device) |
//! | credentials for devices | [`device_connection_string`](IotHubRegistryManager::device_connection_string), [`device_sas_token`](IotHubRegistryManager::device_sas_token), and the same for modules; [`device_host_name`](IotHubRegistryManager::device_host_name) |
//! | modules | [`create_module`](IotHubRegistryManager::create_module), [`update_module`](IotHubRegistryManager::update_module) and short forms such as [`create_module_with_sas`](IotHubRegistryManager::create_module_with_sas); [`get_module`](IotHubRegistryManager::get_module), [`get_modules`](IotHubRegistryManager::get_modules), [`delete_module`](IotHubRegistryManager::delete_module) |
//! | twins | [`get_twin`](IotHubRegistryManager::get_twin), [`update_twin`](IotHubRegistryManager::update_twin), [`modify_twin`](IotHubRegistryManager::modify_twin), [`replace_twin`](IotHubRegistryManager::replace_twin), and the same for modules |
//! | queries | [`query_iot_hub`](IotHubRegistryManager::query_iot_hub), [`query_iot_hub_rows`](IotHubRegistryManager::query_iot_hub_rows); [`query`] builds them |
//! | direct methods | [`invoke_device_method`](IotHubRegistryManager::invoke_device_method), [`invoke_device_module_method`](IotHubRegistryManager::invoke_device_module_method) |
//! | bulk runs | [`bulk_create_or_update_devices`](IotHubRegistryManager::bulk_create_or_update_devices), [`update_twins`](IotHubRegistryManager::update_twins), [`invoke_method_on_devices`](IotHubRegistryManager::invoke_method_on_devices) |
//! | keys | [`regenerate_keys`](IotHubRegistryManager::regenerate_keys), [`swap_keys`](IotHubRegistryManager::swap_keys), [`get_keys`](IotHubRegistryManager::get_keys) |
//! | configurations | [`create_configuration`](IotHubRegistryManager::create_configuration) and `get_`, `update_`, `delete_`; [`test_configuration_queries`](IotHubRegistryManager::test_configuration_queries), [`apply_configuration_content_on_edge_device`](IotHubRegistryManager::apply_configuration_content_on_edge_device) |
//! | jobs | [`begin_scheduled_job`](IotHubRegistryManager::begin_scheduled_job), [`query_scheduled_jobs`](IotHubRegistryManager::query_scheduled_jobs), [`begin_import_export_job`](IotHubRegistryManager::begin_import_export_job) and related ones |
#![cfg_attr(
    feature = "amqp",
    doc = "| messages over AMQP | [`send_c2d_message`](IotHubRegistryManager::send_c2d_message), [`send_module_c2d_message`](IotHubRegistryManager::send_module_c2d_message), [`feedback_messages`](IotHubRegistryManager::feedback_messages), [`file_notifications`](IotHubRegistryManager::file_notifications) |"
)]
//! | messages over HTTP | [`purge_command_queue`](IotHubRegistryManager::purge_command_queue), [`receive_feedback_notification`](IotHubRegistryManager::receive_feedback_notification) and related ones |
//! | Plug and Play | [`get_digital_twin`](IotHubRegistryManager::get_digital_twin), [`update_digital_twin`](IotHubRegistryManager::update_digital_twin), [`invoke_command`](IotHubRegistryManager::invoke_command), [`invoke_component_command`](IotHubRegistryManager::invoke_component_command) |
//! | statistics | [`get_device_registry_statistics`](IotHubRegistryManager::get_device_registry_statistics), [`get_service_statistics`](IotHubRegistryManager::get_service_statistics) |
//!
//! # Responses
//!
//! Methods return a [`Response`] with status and headers. `into_model()?` decodes the body, and [`ResponseExt`]
//! returns the ETag. Lists and queries return a [`Pager`], jobs a [`Poller`]. [`Error`] has predicates such as
//! [`is_not_found`](Error::is_not_found).
//!
//! # Conditional writes
//!
//! Every update and delete takes a [`Precondition`]: any version, or only the version that was read.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
//! use iothub_convenience::TwinPatch;
//!
//! let stored = hub.get_twin("thermostat-7").await?.into_model()?;
//! let patch = TwinPatch::new().set_desired("climate.target", 21.5);
//! hub.update_twin("thermostat-7", &patch, stored.precondition()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Ids, keys, thumbprints, tags and desired properties are validated before a request is sent. `Debug`, errors and logs
//! never show keys, and keys serialize as `REDACTED` except with [`with_keys`](Device::with_keys).
//!
//! # Models
//!
//! Models serialize to the JSON that was read, including `null`. Unknown members are kept in `extra`.
//!
//! # Retries
//!
//! Reads, writes with PUT, conditional patches and deletes are retried if the hub is busy or a connection breaks,
//! according to the `RetryOptions` in [`IotHubClientOptions`] or [`CallOptions`]. Direct methods, commands, key
//! regeneration and unconditional patches are retried only if it is certain that the hub has not processed them.
//!
//! # Hosts and API versions
//!
//! A client takes any of the three [names](HubHost) of a hub, and connection strings and tokens for devices never
//! contain the name that is only for services. Requests use the API version in [`IotHubClientOptions::api_version`].
//!
//! # Logs and traces
//!
//! `RUST_LOG=iothub_convenience=warn` logs failed calls, and `info` also logs retries, each with request id and error
//! code. With a tracer in `ClientOptions` each call has a span such as `IotHubRegistryManager.get_device`.
//!
//! # Features
//!
//! * `amqp` (default): cloud-to-device messages, feedback and file notifications over AMQP 1.0, with TLS from rustls.
//! * `rustls` (default): HTTPS with TLS from rustls. Without this feature, set a transport in `ClientOptions`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "amqp")]
mod amqp;
mod bulk;
mod client;
mod commands;
mod configuration;
mod connection_string;
mod devices;
mod digital_twins;
mod error;
mod hub_host;
mod identity;
mod jobs;
mod json;
mod methods;
mod model;
mod modify;
mod modules;
mod queries;
mod statistics;
mod twin;
mod twins;

#[cfg(feature = "amqp")]
#[cfg_attr(docsrs, doc(cfg(feature = "amqp")))]
pub use amqp::{
    AmqpError, AmqpErrorKind, AmqpOptions, AmqpProxy, AmqpTransport, CloudToDeviceMessage,
    DeliveryAcknowledgement, DeliveryState, FileNotification, Notification, NotificationStream,
    PropertyValue, SentMessage,
};
pub use bulk::{
    BulkFailure, BulkOptions, BulkOutcome, BulkReport, BulkResult, KeyPolicy, RegistryEntry, TwinUpdate,
};
pub use client::{IotHubAudience, IotHubClientOptions, IotHubRegistryManager};
pub use commands::{FeedbackBatch, FeedbackRecord, FeedbackRecordStatusCode, PurgeMessageQueueResult};
pub use configuration::{
    Configuration, ConfigurationContent, ConfigurationMetrics, ConfigurationQueriesTestResponse,
    GetConfigurationsOptions,
};
pub use devices::GetDevicesOptions;
pub use digital_twins::PlugAndPlayPatch;
pub use error::{Error, ErrorCode, ErrorKind, Result};
pub use hub_host::{HostRole, HubHost};
pub use identity::{
    AdrDeviceProperties, AdrSystemData, ArmSyncStatus, Authentication, AuthenticationType, ConnectionState,
    CreateOrUpdateDeviceOptions, CreateOrUpdateModuleOptions, Device, DeviceCapabilities, DeviceSasToken,
    DeviceStatus, IdProblem, IdentityId, InvalidId, InvalidKey, InvalidThumbprint, KeySlot, Module,
    SymmetricKey, X509CaValidation, X509Thumbprint,
};
pub use jobs::{
    DeviceJob, DeviceJobError, DeviceJobOutcome, DeviceJobStatistics, DeviceJobStatus, ImportExportJob,
    ImportExportJobRequest, JobStatus, JobType, QueryScheduledJobsOptions, ScheduledJob, ScheduledJobRequest,
};
pub use methods::{DirectMethod, DirectMethodOutcome, DirectMethodResponse};
pub use queries::{QueryIotHubOptions, QueryPage, QueryPageHeaders, QueryPager, QueryRow, RowType};
pub use statistics::{RegistryStatistics, ServiceStatistics};
pub use twin::{
    ConfigurationInfo, ConfigurationInfoStatus, InvalidTwin, Rule, Twin, TwinCollection, TwinPatch,
    TwinProperties, TwinReplacement, Violation,
};

// Types from other crates that are part of the public API.
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
    IntoPatchPath, ItemPage, Job, PageStream, PollOptions, Precondition, ProgressCallback, ResponseExt, etag,
};
pub use json_patch;

/// A paged list: a stream of items, or of pages with `into_pages`.
pub type Pager<T> = azure_service_core::Pager<Response<ItemPage<T>>, Error>;

/// A poller for a hub job. Awaiting it returns the last document; as a stream it yields each document until the job has
/// ended.
pub type Poller<T> = azure_service_core::Poller<T, Error>;

/// The hub's query language: a builder with bound values, a parser and a validator.
#[doc(inline)]
pub use twin_query::iothub as query;
