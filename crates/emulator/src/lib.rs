//! An emulator of Azure IoT Hub and Azure Digital Twins, in process or as a program.
//!
//! Start it in a test with [`Emulator::start`]; it listens on free ports of this computer, over TLS, until it is
//! dropped. As a program it is `iot-emulator` (`cargo run -p emulator -- --help`).
//!
//! | Part | What it does |
//! |---|---|
//! | [`Emulator`], [`Builder`] | start, stop, endpoints, credentials, certificate |
//! | [`IotHub`], [`DigitalTwins`] | the services: engines without HTTP, each a [`Service`] |
//! | [`Clock`] | the time that the services go by; tests move it |
//! | [`Amqp`], [`AmqpFault`] | the hub's AMQP endpoint: faults, resets, statistics |
//! | [`Faults`], [`Fault`] | throttling, server errors, latency, resets, truncated bodies |
//! | [`Authenticator`] | shared access signatures and bearer tokens, checked for real |
//!
//! What is not supported answers 501 and says so; nothing is pretended.
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
pub use clock::Clock;
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
