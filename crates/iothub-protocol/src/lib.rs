//! The Azure IoT Hub service API, operation by operation.
//!
//! [`Client`] has two methods per operation of the API: `<operation>_request` builds the request, and `<operation>` sends
//! it and reads the response. [`types`] has the types of their bodies, and [`OPERATIONS`] what is known about an operation
//! beside its signature. All of it is generated; people mostly want the `iothub-convenience` crate, which is written by
//! hand on top of this one and reaches every operation.
//!
//! A request is a [`TypedRequest`](azure_protocol_runtime::TypedRequest) and can be looked at without a server.
//! Authentication, retries and tracing are the business of the [`Executor`](azure_protocol_runtime::Executor) that the
//! client is given; without one, requests go out as they are. Errors of the service come as
//! [`Error::UnexpectedResponse`] with status, headers and body unread.
//!
//! Reading is lenient: an unknown value of an enum is kept in its `UnknownValue`, unknown members of an answer are
//! skipped (or kept in `extra`, where an answer is meant to be sent back), and a date may be written in any way the
//! service is known to write one.
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
//! let answer = client.devices_invoke_method("thermostat-7", &call).await?;
//! println!("the device says {:?}", answer.status);
//! # Ok(())
//! # }
//! # // Without a device there is nothing to call; that an id can not leave its place shows all the same.
//! # let client = Client::new_with_client("https://my-hub.azure-devices.net", reqwest::Client::new(), None);
//! # let refused = futures::executor::block_on(client.devices_get_twin(".."));
//! # assert!(matches!(refused, Err(iothub_protocol::Error::InvalidRequest(_))));
//! ```
//!
//! # Regenerating
//!
//! `cargo xtask generate` writes `src/generated/` from `specs/iothub/`: the API description, and an overlay with what
//! the real service does differently. A test fails when the two do not agree.

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
    reason = "generated: the API's authors left some things undocumented, and the generator writes one form for all cases"
)]
mod generated;

pub use generated::{API_VERSION, ByteStream, Client, ClientInfo, Error, OPERATIONS, ResponseValue, types};
