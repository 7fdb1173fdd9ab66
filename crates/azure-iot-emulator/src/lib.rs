//! An emulator of Azure IoT Hub, its Device Provisioning Service and Azure Digital Twins, in process.
//!
//! In a test, [`Emulator::start`] starts it on free ports of the loopback address, over TLS, until it is dropped. As a
//! program it is `iot-emulator` (`cargo run -p iot-emulator -- --help`). The services share a process, a management API
//! and a data file; each service can be disabled.
//!
//! | Type | Purpose |
//! |---|---|
//! | [`Emulator`], [`Builder`] | start, stop, endpoints, credentials, certificate |
//! | [`IotHub`], [`ProvisioningService`], [`DigitalTwins`] | the services, to script devices and to send requests without HTTP |
//! | [`ServiceRequest`], [`ServiceResponse`], [`Caller`] | requests without HTTP |
//! | [`EventSubscription`], [`CloudEvent`] | the events of Digital Twins, in process |
//! | [`Clock`] | the clock of the services, which tests can move |
//! | [`Amqp`], [`AmqpFault`] | the hub's AMQP endpoint: faults, resets, statistics |
//! | [`Faults`], [`Fault`] | throttling, server errors, latency, resets, truncated bodies |
//!
//! Credentials are checked. Unsupported operations fail with 501.
//!
//! # Digital Twins
//!
//! | Task | In process | Option of the program |
//! |---|---|---|
//! | start with sample data, a building | [`Builder::building`], [`DigitalTwins::load_building`] | `--building` |
//! | receive events of event routes | [`DigitalTwins::subscribe`], or [`Builder::event_webhook`] | `--event-webhook` |
//! | import from files | [`Builder::blob_directory`] | `--blob-directory` |
//! | delay the effect of writes on queries | [`Builder::query_lag`] | `--query-lag` |
//! | enforce the documented request rates | [`Builder::throttling`] | `--throttle` |
//! | keep the state of all services | [`Builder::data_file`] | `--data-file` |
//! | disable the other service | [`Builder::without_iothub`] | `--no-iothub` |
//!
//! Tests without HTTP call the instance directly:
//!
//! ```
//! use azure_iot_emulator::{Emulator, PathError, ServiceRequest};
//! use http::Method;
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().without_iothub().building().start().await?;
//! let instance = emulator.digitaltwins().ok_or("the service is disabled")?;
//! let send = async |method, path: &str, body| {
//!     let request = ServiceRequest::new(method, &format!("{path}?api-version=2023-10-31"))?;
//!     Ok::<_, PathError>(instance.handle(request.with_json(&body)).await)
//! };
//!
//! let rooms = "SELECT T.$dtId FROM DIGITALTWINS T WHERE T.occupied = true AND T.area >= 35";
//! let found = send(Method::POST, "/query", json!({ "query": rooms })).await?;
//! assert_eq!(found.body_json()?["value"], json!([{"$dtId": "room-2-4"}]));
//!
//! let mut events = instance.subscribe("test")?;
//! let route = json!({"endpointName": "test", "filter": "true"});
//! send(Method::PUT, "/eventroutes/all", route).await?;
//! let patch = json!([{"op": "replace", "path": "/occupied", "value": false}]);
//! send(Method::PATCH, "/digitaltwins/room-2-4", patch).await?;
//! let event = events.next().await.ok_or("the instance was dropped")?;
//! assert_eq!(event.event_type, "Microsoft.DigitalTwins.Twin.Update");
//! assert_eq!(event.subject, "room-2-4");
//! # Ok(())
//! # }
//! ```
//!
//! # Provisioning
//!
//! The provisioning service assigns devices to the hub. Devices register with keys or certificates; the id scope is
//! [`Emulator::provisioning_id_scope`].
//!
//! | Task | In process | Option of the program |
//! |---|---|---|
//! | set the id scope | [`Builder::provisioning_id_scope`] | `--id-scope` |
//! | shorten the polling of devices | [`Builder::provisioning_retry_after`] | `--retry-after` |
//! | disable the service | [`Builder::without_provisioning`] | `--no-provisioning` |
//!
//! # Management API
//!
//! Plain HTTP on the loopback address, for tests in any language. So that web pages cannot send them, requests other than
//! GET need `Content-Type: application/json` or the header `X-Requested-With`; requests from other sites get 403.
//!
//! | Request | Effect |
//! |---|---|
//! | `GET /` | the endpoints, as in the program's ready line |
//! | `POST /tokens` | issues a bearer token: `{"lifetimeSeconds": 86400, "audience": "https://digitaltwins.azure.net"}`; the default is one hour, at most ten years, and all services |
//! | `GET /state`, `PUT /state` | dump or load the state of all services; `?service=iothub` for one |
//! | `GET /faults`, `POST /faults`, `DELETE /faults` | list, add or clear [fault rules](Fault) |
//! | `GET /clock`, `PUT /clock` | `{"now": "2030-01-01T00:00:00Z"}` |
//! | `POST /clock/advance` | `{"seconds": 3600}` |
//! | `GET /provisioning/throttling`, `PUT` | `{"enabled": true}`, whether the documented rates are enforced |
//! | `GET /provisioning/retryAfter`, `PUT` | `{"seconds": 0}`, the `Retry-After` of registrations |
//! | `GET /digitaltwins/queryLag`, `PUT` | `{"seconds": 7}`, the delay of writes in query results |
//! | `GET /digitaltwins/rates`, `PUT` | `{"enabled": true}`, whether the documented request rates are enforced |
//! | `PUT /digitaltwins/building` | fills an empty instance with [a building](DigitalTwins::load_building); `{"replace": true}` deletes the content of the instance first, including event routes and jobs |
//! | `GET /digitaltwins/webhooks` | `[{"name": "hook", "url": "http://localhost:9000/"}]`, without passwords |
//! | `PUT /digitaltwins/webhooks/{name}`, `DELETE` | `{"url": "…"}` adds or changes a [webhook](DigitalTwins::add_webhook); a webhook that event routes refer to cannot be deleted |
//! | `GET /iothub/tier`, `PUT` | `{"tier": "S2"}`, the hub's [tier](Tier) |
//! | `GET /iothub/throttling`, `PUT` | `{"enabled": true}`, whether the limits of the tier are enforced |
//! | `PUT /iothub/models` | an array of DTDL documents, the [models](IotHub::set_models) that patches of digital twins must fit |
//! | `PUT /iothub/devices/{id}[/modules/{moduleId}]/connection` | `{"connected": true, "modelId": "dtmi:com:example:thing;1"}`; the model is optional |
//! | `PATCH /iothub/devices/{id}[/modules/{moduleId}]/reported` | merges reported properties |
//! | `POST /iothub/devices/{id}[/modules/{moduleId}]/messages/receive` | receives a message on behalf of the device: a [`ReceivedMessage`], or 204 |
//! | `POST …/messages/complete`, `…/reject`, `…/abandon` | `{"lockToken": "…"}` |
//! | `PUT /iothub/feedback`, `POST /iothub/feedback/flush` | `{"intervalSeconds": 1}`, the age at which a batch of feedback is delivered |
//! | `POST /iothub/fileNotifications` | sends a [`FileNotification`] |
//! | `GET /iothub/amqp/faults`, `POST`, `DELETE` | list, add or clear [AMQP fault rules](AmqpFault) |
//! | `DELETE /iothub/amqp/connections`, `GET /iothub/amqp/statistics` | break all AMQP connections, or read the [counters](AmqpStatistics) |
//! | `PUT /iothub/devices/{id}[/modules/{moduleId}]/methods/{name}` | sets the response of the device, a [`MethodScript`] |
//! | `POST /iothub/devices/{id}[/modules/{moduleId}]/messages/{lockToken}/{complete\|abandon\|reject}` | settles a message; the request has no body |
//!
//! Errors have the status 400, 403, 404, 409 or 415 and a message; unknown members in a body are errors. Changes of state (devices,
//! twins, the building) are on disk before the response. Settings (faults, the clock, the tier, throttling, rates, the
//! query lag, webhooks) are not part of the state and end with the process.

// Unit tests share support modules with the integration tests.
#[cfg(test)]
extern crate self as azure_iot_emulator;

mod amqp;
mod auth;
mod builder;
mod clock;
mod digitaltwins;
mod durable;
mod error;
mod faults;
#[cfg(fuzzing)]
pub mod fuzzing;
mod iothub;
mod management;
mod provisioning;
mod running;
mod server;
mod service;
mod socket;
mod text;
mod timestamp;
mod tls;

pub use amqp::control::Amqp;
pub use amqp::faults::{AmqpFault, AmqpFaultAction};
pub use amqp::node::AmqpStatistics;
pub use auth::bearer::TokenError;
pub use auth::caller::Caller;
pub use builder::error::StartError;
pub use builder::options::Builder;
pub use clock::{Clock, ClockRangeError};
pub use digitaltwins::{CloudEvent, DigitalTwins, EndpointError, EventSubscription};
pub use error::{PathError, PresetError, StateError};
pub use faults::{Fault, FaultAction, FaultError, Faults};
pub use iothub::{
    Acknowledgement, CloudToDeviceMessage, DeviceError, FileNotification, IotHub, MethodScript, ModelsError,
    ReceivedMessage, Settlement, Tier, TierError,
};
pub use provisioning::ProvisioningService;
pub use running::Emulator;
pub use service::request::ServiceRequest;
pub use service::response::ServiceResponse;
pub use tls::CertificateError;
