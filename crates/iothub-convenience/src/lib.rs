//! A client for the Azure IoT Hub service API: the side of a hub that back ends talk to.
//!
//! [`IotHubRegistryManager`] has one method per task; everything else is what they take and give.
//!
//! # Map
//!
//! | task | methods |
//! |---|---|
//! | devices | [`create_device_with_sas`](IotHubRegistryManager::create_device_with_sas) and five like it, [`get_device`](IotHubRegistryManager::get_device), [`get_devices`](IotHubRegistryManager::get_devices), [`delete_device`](IotHubRegistryManager::delete_device) |
//! | what devices need | [`device_connection_string`](IotHubRegistryManager::device_connection_string), [`device_sas_token`](IotHubRegistryManager::device_sas_token), and the same for modules |
//! | modules | [`create_module_with_sas`](IotHubRegistryManager::create_module_with_sas) and five like it, [`get_module`](IotHubRegistryManager::get_module), [`get_modules`](IotHubRegistryManager::get_modules), [`delete_module`](IotHubRegistryManager::delete_module) |
//! | twins | [`get_twin`](IotHubRegistryManager::get_twin), [`update_twin`](IotHubRegistryManager::update_twin), [`modify_twin`](IotHubRegistryManager::modify_twin), [`replace_twin`](IotHubRegistryManager::replace_twin), and the same for modules |
//! | queries | [`query_iot_hub`](IotHubRegistryManager::query_iot_hub) |
//! | direct methods | [`invoke_device_method`](IotHubRegistryManager::invoke_device_method), [`invoke_device_module_method`](IotHubRegistryManager::invoke_device_module_method) |
//! | many at once | [`bulk_create_or_update_devices`](IotHubRegistryManager::bulk_create_or_update_devices), [`update_twins`](IotHubRegistryManager::update_twins), [`regenerate_keys`](IotHubRegistryManager::regenerate_keys) |
//! | configurations | [`create_configuration`](IotHubRegistryManager::create_configuration) and `get_`, `update_`, `delete_`, [`test_configuration_queries`](IotHubRegistryManager::test_configuration_queries), [`apply_configuration_content_on_edge_device`](IotHubRegistryManager::apply_configuration_content_on_edge_device) |
//! | jobs | [`begin_scheduled_job`](IotHubRegistryManager::begin_scheduled_job), [`query_scheduled_jobs`](IotHubRegistryManager::query_scheduled_jobs), [`begin_import_export_job`](IotHubRegistryManager::begin_import_export_job) and what belongs to them |
//! | messages to devices over AMQP | [`send_c2d_message`](IotHubRegistryManager::send_c2d_message), [`send_module_c2d_message`](IotHubRegistryManager::send_module_c2d_message), [`feedback_messages`](IotHubRegistryManager::feedback_messages), [`file_notifications`](IotHubRegistryManager::file_notifications) |
//! | messages over HTTP | [`purge_command_queue`](IotHubRegistryManager::purge_command_queue), [`receive_feedback_notification`](IotHubRegistryManager::receive_feedback_notification) and what belongs to it |
//! | Plug and Play | [`get_digital_twin`](IotHubRegistryManager::get_digital_twin), [`update_digital_twin`](IotHubRegistryManager::update_digital_twin), [`invoke_command`](IotHubRegistryManager::invoke_command), [`invoke_component_command`](IotHubRegistryManager::invoke_component_command) |
//! | statistics | [`get_device_registry_statistics`](IotHubRegistryManager::get_device_registry_statistics), [`get_service_statistics`](IotHubRegistryManager::get_service_statistics) |
//!
//! # Answers
//!
//! Most methods give an [`azure_core::http::Response`]: status and headers at once, the model with `into_model()?`.
//! Lists and queries are streams that fetch page by page. [`Error`] has predicates for what programs ask.
//!
//! # Writing safely
//!
//! Every update and delete takes a [`Precondition`]: overwrite whatever is there, or only the version that was read.
//! Ids, keys, thumbprints, tags and desired properties are checked against the rules of the hub before anything is
//! sent. Keys are never shown by `Debug`, errors or logs.
//!
//! # Retries
//!
//! Reads, writes with PUT, conditional patches and deletes are repeated when the service is busy or a connection breaks, as the
//! `RetryOptions` in [`IotHubClientOptions`] say. Direct methods, commands and unconditional patches are repeated only
//! if the service has certainly not processed them.
//!
//! # Features
//!
//! * `amqp` (default): cloud-to-device messages, feedback and file notifications over AMQP 1.0, with TLS by rustls.
//!   Without it none of the AMQP dependencies are there.
//! * `rustls` (default): HTTPS by rustls. Without it, bring a transport in `ClientOptions`.

#[cfg(feature = "amqp")]
mod amqp;
mod bulk;
mod client;
mod commands;
mod configuration;
mod devices;
mod digital_twins;
mod error;
mod identity;
mod jobs;
mod methods;
mod modify;
mod modules;
mod query;
mod statistics;
mod twin;
mod twins;

#[cfg(feature = "amqp")]
pub use amqp::{
    AmqpError, AmqpErrorKind, AmqpOptions, AmqpProxy, AmqpTransport, CloudToDeviceMessage,
    DeliveryAcknowledgement, FileNotification, MessageFate, Notification, NotificationStream, SentMessage,
};
pub use azure_core::credentials::Secret;
pub use azure_core::http::Etag;
pub use azure_protocol_runtime::DateTime;
#[cfg(feature = "rustls")]
pub use azure_service_core::transport_trusting;
pub use azure_service_core::{ItemPage, Job, Precondition, etag};
pub use bulk::{
    BulkFailure, BulkOptions, BulkOutcome, BulkReport, BulkResult, KeyChange, RegistryEntry, TwinUpdate,
};
pub use client::{IotHubClientOptions, IotHubRegistryManager};
pub use commands::FeedbackBatch;
pub use configuration::{Configuration, ConfigurationContent, ConfigurationMetrics};
pub use digital_twins::DigitalTwinPatch;
pub use error::{Error, ErrorCode, ErrorKind, Result};
pub use identity::{
    Authentication, AuthenticationType, ConnectionState, Device, DeviceCapabilities, DeviceOptions,
    DeviceSasToken, DeviceStatus, IdProblem, InvalidId, InvalidKey, InvalidThumbprint, Module, SymmetricKey,
    WhichKey, X509Thumbprint,
};
pub use iothub_protocol::types::{
    ConfigurationQueriesTestResponse, DeviceJobStatistics, FeedbackRecord, FeedbackRecordStatusCode,
    PurgeMessageQueueResult, RegistryStatistics, ServiceStatistics,
};
pub use jobs::{
    DeviceJob, DeviceJobError, DeviceJobOutcome, DeviceJobStatus, ImportExportJob, ImportExportJobRequest,
    JobStatus, JobType, ScheduledJob, ScheduledJobQueryOptions, ScheduledJobRequest,
};
pub use methods::{DirectMethod, DirectMethodAnswer, DirectMethodOutcome};
pub use query::{QueryOptions, QueryPage, QueryPager, QueryRow, RowType};
pub use twin::{
    ConfigurationInfo, ConfigurationInfoStatus, InvalidTwin, Rule, Twin, TwinCollection, TwinPatch,
    TwinProperties, TwinReplacement, Violation,
};

/// The query language of the hub: a builder whose values are bound, a parser, and the rules.
#[doc(inline)]
pub use twin_query::iothub as query_language;
