//! The Azure IoT Hub service API, operation by operation.
//!
//! [`Client`] has two methods per operation of the API: `<operation>_request` builds the request without IO, and
//! `<operation>` sends it and reads the response. [`types`] has the types of request and response bodies, and
//! [`OPERATIONS`] the metadata of each operation. All of it is generated. Most users want the `iothub-convenience`
//! crate, which is written by hand on top of this one and covers every operation.
//!
//! A request is a [`TypedRequest`](azure_protocol_runtime::TypedRequest), which can be inspected without a server.
//! Authentication, retries and tracing are up to the [`Executor`](azure_protocol_runtime::Executor) of the client;
//! without one, requests are sent unauthenticated. An error response is an [`Error::UnexpectedResponse`] whose body has
//! not been read.
//!
//! Decoding is lenient: an unknown enum value is kept as `UnknownValue`, unknown members are skipped (or kept in
//! `extra`, in types that are read and sent back), and dates are accepted in every format that the service is known to
//! write.
//!
//! # Example
//!
//! ```
//! use iothub_protocol::{Client, types};
//!
//! # async fn run() -> Result<(), iothub_protocol::Error> {
//! let client = Client::new_with_client("https://my-hub.azure-devices.net", reqwest::Client::new(), None);
//! let call = types::CloudToDeviceMethod {
//!     method_name: Some("reboot".to_owned()),
//!     payload: Some(serde_json::Value::Null),
//!     ..Default::default()
//! };
//! let response = client.devices_invoke_method("thermostat-7", &call).await?;
//! println!("the device returned {:?}", response.status);
//! # Ok(())
//! # }
//! # // Runs without a hub: an id that would address the parent is refused before anything is sent.
//! # let client = Client::new_with_client("https://my-hub.azure-devices.net", reqwest::Client::new(), None);
//! # let refused = futures::executor::block_on(client.devices_get_twin(".."));
//! # assert!(matches!(refused, Err(iothub_protocol::Error::InvalidRequest(_))));
//! ```
//!
//! # Regenerating
//!
//! `cargo xtask generate` writes `src/generated/` from `specs/iothub/`: the API description, and an overlay that
//! corrects it where the real service differs. A test fails if the generated code is stale.

#[rustfmt::skip]
#[allow(
    missing_docs,
    unused_imports,
    dead_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::missing_errors_doc,
    reason = "generated: the API description is incomplete, and the generator emits one form for all cases"
)]
mod generated;

pub use generated::{
    API_VERSION, API_VERSIONS, ByteStream, Client, ClientInfo, Error, OPERATIONS, ResponseValue, types,
};
