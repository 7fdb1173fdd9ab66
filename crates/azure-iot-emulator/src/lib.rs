//! An emulator of Azure IoT Hub and Azure Digital Twins, in process or as a program.
//!
//! Start it in a test with [`Emulator::start`]; it listens on free ports of this computer, over TLS, until it is
//! dropped. As a program it is `iot-emulator` (`cargo run -p iot-emulator -- --help`). Both services are in one process, with
//! one management API and one data file; each can be left out.
//!
//! | Part | What it does |
//! |---|---|
//! | [`Emulator`], [`Builder`] | start, stop, endpoints, credentials, certificate |
//! | [`IotHub`], [`DigitalTwins`] | the services: engines without HTTP, each a [`Service`] |
//! | [`EventSubscription`], [`CloudEvent`] | the events of Digital Twins, in process |
//! | [`Clock`] | the time that the services go by; tests move it |
//! | [`Amqp`], [`AmqpFault`] | the hub's AMQP endpoint: faults, resets, statistics |
//! | [`Faults`], [`Fault`] | throttling, server errors, latency, resets, truncated bodies |
//! | [`Authenticator`] | shared access signatures and bearer tokens, checked for real |
//!
//! What is not supported answers 501 and says so; nothing is pretended.
//!
//! # Digital Twins
//!
//! | To | In process | As a program |
//! |---|---|---|
//! | look around in a building | [`Builder::building`], [`DigitalTwins::load_building`] | `--building` |
//! | see events of event routes | [`DigitalTwins::subscribe`], or [`Builder::event_webhook`] | `--event-webhook` |
//! | import from files | [`Builder::blob_directory`] | `--blob-directory` |
//! | have queries lag behind writes | [`Builder::query_lag`] | `--query-lag` |
//! | be refused beyond the documented rates | [`Builder::throttling`] | `--throttle` |
//! | keep the state of both services | [`Builder::data_file`] | `--data-file` |
//! | leave the other service out | [`Builder::without_iothub`] | `--no-iothub` |
//!
//! A test that needs no HTTP asks the instance itself:
//!
//! ```
//! use azure_iot_emulator::{Emulator, Service, ServiceRequest};
//! use http::Method;
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().without_iothub().building().start().await?;
//! let instance = emulator.digitaltwins().ok_or("it was not left out")?;
//! let send = async |method, path: &str, body| {
//!     let request = ServiceRequest::new(method, &format!("{path}?api-version=2023-10-31"))?;
//!     Ok::<_, String>(instance.handle(request.with_json(&body)).await)
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
//! let event = events.next().await.ok_or("the instance is gone")?;
//! assert_eq!(event.event_type, "Microsoft.DigitalTwins.Twin.Update");
//! assert_eq!(event.subject, "room-2-4");
//! # Ok(())
//! # }
//! ```
//!
//! # Management API
//!
//! Plain HTTP on the loopback address, for tests in any language:
//!
//! | Request | Effect |
//! |---|---|
//! | `GET /` | the endpoints, as in the program's ready line |
//! | `GET /state`, `PUT /state` | dump or load the state of all services; `?service=iothub` for one |
//! | `GET /faults`, `POST /faults`, `DELETE /faults` | list, add or clear [fault rules](Fault) |
//! | `GET /clock`, `PUT /clock` | `{"now": "2030-01-01T00:00:00Z"}` |
//! | `POST /clock/advance` | `{"seconds": 3600}` |
//! | `GET /digitaltwins/queryLag`, `PUT` | `{"seconds": 7}`, how far queries lag behind |
//! | `GET /digitaltwins/rates`, `PUT` | `{"enabled": true}`, whether requests beyond the rates are refused |
//! | `PUT /digitaltwins/building` | fills an empty instance with [a building](DigitalTwins::load_building); `{"replace": true}` gives up all that one holds, event routes and jobs included |
//! | `GET /digitaltwins/webhooks` | `[{"name": "hook", "url": "http://localhost:9000/"}]` |
//! | `PUT /digitaltwins/webhooks/{name}`, `DELETE` | `{"url": "…"}` adds a [webhook](DigitalTwins::add_webhook) or changes it; one that event routes lead to can't be deleted |
//! | `GET /iothub/tier`, `PUT` | `{"tier": "S2"}`, the hub's [size](Tier) |
//! | `GET /iothub/throttling`, `PUT` | `{"enabled": true}`, whether requests beyond what the size allows are refused |
//! | `PUT /iothub/devices/{id}[/modules/{moduleId}]/connection` | `{"connected": true, "modelId": "dtmi:com:example:thing;1"}`; the model may be left out |
//! | `PATCH /iothub/devices/{id}[/modules/{moduleId}]/reported` | merges reported properties |
//! | `POST /iothub/devices/{id}[/modules/{moduleId}]/messages/receive` | gives the device a message: a [`ReceivedMessage`], or 204 |
//! | `POST …/messages/complete`, `…/reject`, `…/abandon` | `{"lockToken": "…"}` |
//! | `PUT /iothub/feedback`, `POST /iothub/feedback/flush` | `{"intervalSeconds": 1}`, how long feedback is collected |
//! | `POST /iothub/fileNotifications` | tells services of an upload: a [`FileNotification`] |
//! | `GET /iothub/amqp/faults`, `POST`, `DELETE` | list, add or clear [AMQP fault rules](AmqpFault) |
//! | `DELETE /iothub/amqp/connections`, `GET /iothub/amqp/statistics` | break all AMQP connections, or count them |
//! | `PUT /iothub/devices/{id}[/modules/{moduleId}]/methods/{name}` | how the device answers: a [`MethodScript`] |
//! | `POST /iothub/devices/{id}[/modules/{moduleId}]/messages/{lockToken}/{complete\|abandon\|reject}` | settles a message, without a body |
//!
//! What can't be done is answered with 400, 404 or 409 and a text; a body with members that are not known is refused.
//! What is state (devices, twins, the building) is in the data file when it is answered. Settings (faults, the clock,
//! the tier, throttling, rates, the lag, webhooks) are those of the process.

mod amqp;
mod auth;
mod builder;
mod clock;
mod digitaltwins;
mod durable;
mod faults;
mod iothub;
mod management;
mod running;
mod server;
mod service;
mod tls;

pub use amqp::{Amqp, AmqpFault, AmqpFaultAction, AmqpStatistics};
pub use auth::{AuthError, Authenticator, BearerTokens, Caller, Policies, Policy, Rights};
pub use builder::{Builder, StartError};
pub use clock::{Clock, ClockRangeError};
pub use digitaltwins::{CloudEvent, DigitalTwins, EndpointError, EventSubscription};
pub use durable::StateChange;
pub use faults::{Fault, FaultAction, Faults};
pub use iothub::{
    Acknowledgement, CloudToDeviceMessage, FileNotification, IotHub, MethodScript, ReceivedMessage,
    Settlement, Tier,
};
pub use running::Emulator;
pub use service::{Refusal, Service, ServiceRequest, ServiceResponse, split_path, split_query};
pub use tls::CertificateError;
