//! A client for the Azure IoT Hub service API: the side of a hub that back ends talk to.
//!
//! [`IotHubRegistryManager`] has one method per task; everything else is what they take and give.
//!
//! # Map
//!
//! | task | methods |
//! |---|---|
//! | devices | [`create_device_with_sas`](IotHubRegistryManager::create_device_with_sas) and five like it, [`get_device`](IotHubRegistryManager::get_device), [`get_devices`](IotHubRegistryManager::get_devices), [`delete_device`](IotHubRegistryManager::delete_device) |
//! | modules | [`create_module_with_sas`](IotHubRegistryManager::create_module_with_sas) and five like it, [`get_module`](IotHubRegistryManager::get_module), [`get_modules`](IotHubRegistryManager::get_modules), [`delete_module`](IotHubRegistryManager::delete_module) |
//! | twins | [`get_twin`](IotHubRegistryManager::get_twin), [`update_twin`](IotHubRegistryManager::update_twin), [`modify_twin`](IotHubRegistryManager::modify_twin), [`replace_twin`](IotHubRegistryManager::replace_twin), and the same for modules |
//! | queries | [`query_iot_hub`](IotHubRegistryManager::query_iot_hub) |
//! | direct methods | [`invoke_device_method`](IotHubRegistryManager::invoke_device_method), [`invoke_device_module_method`](IotHubRegistryManager::invoke_device_module_method) |
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
//! Reads, conditional writes and deletes are repeated when the service is busy or a connection breaks, as the
//! `RetryOptions` in [`IotHubClientOptions`] say. Direct methods, commands and unconditional patches are repeated only
//! if the service has certainly not processed them.
//!
//! # Features
//!
//! * `rustls` (default): HTTPS by rustls. Without it, bring a transport in `ClientOptions`.

mod client;
mod devices;
mod error;
mod identity;
mod job_row;
mod methods;
mod modify;
mod modules;
mod open_enum;
mod query;
mod statistics;
mod twin;
mod twins;

pub use azure_core::credentials::Secret;
pub use azure_core::http::Etag;
pub use client::{IotHubClientOptions, IotHubRegistryManager};
pub use error::{Error, ErrorCode, ErrorKind, Result};
pub use identity::{
    Authentication, AuthenticationType, ConnectionState, Device, DeviceCapabilities, DeviceOptions,
    DeviceStatus, IdProblem, InvalidId, InvalidKey, InvalidThumbprint, Module, SymmetricKey, WhichKey,
    X509Thumbprint,
};
pub use iothub_protocol::types::{RegistryStatistics, ServiceStatistics};
pub use job_row::{DeviceJob, DeviceJobError, DeviceJobOutcome, DeviceJobStatus};
pub use methods::{DirectMethod, DirectMethodAnswer, DirectMethodOutcome};
pub use protocol_runtime::DateTime;
pub use query::{QueryOptions, QueryPage, QueryPager, QueryRow, RowType};
pub use service_core::Precondition;
pub use twin::{
    ConfigurationInfo, ConfigurationInfoStatus, InvalidTwin, Rule, Twin, TwinCollection, TwinPatch,
    TwinProperties, TwinReplacement, Violation,
};
