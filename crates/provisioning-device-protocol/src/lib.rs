//! The device API of the Azure Device Provisioning Service, operation by operation.
//!
//! [`Client`] has two methods per operation of the API: `<operation>_request` builds the request without IO, and
//! `<operation>` sends it and reads the response. [`types`] has the types of request and response bodies, and
//! [`OPERATIONS`] the metadata of each operation. All of it is generated. Most users want the
//! `provisioning-convenience` crate, which is written by hand on top of this one and covers every operation.
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
//! use provisioning_device_protocol::{Client, types};
//!
//! # async fn run() -> Result<(), provisioning_device_protocol::Error> {
//! let client = Client::new_with_client("https://global.azure-devices-provisioning.net", reqwest::Client::new(), None);
//! let (id_scope, id) = ("0ne00000001", "sensor-7");
//! let body = types::DeviceRegistration { registration_id: Some(id.to_owned()), ..Default::default() };
//! let started = client.runtime_registration_register_device_and_issue_certificate(id_scope, id, &body).await?;
//! println!("look up operation {}", started.operation_id);
//! # Ok(())
//! # }
//! # // Runs without a service: an id that would address the parent is refused before anything is sent.
//! # let client = Client::new_with_client("https://localhost", reqwest::Client::new(), None);
//! # let body = types::DeviceRegistration::default();
//! # let refused = client.runtime_registration_device_registration_status_lookup_request("0ne00000001", "..", &body);
//! # assert!(matches!(refused, Err(provisioning_device_protocol::Error::InvalidRequest(_))));
//! ```
//!
//! # Regenerating
//!
//! `cargo xtask generate` writes `src/generated/` from `specs/provisioning-device/`: the API description, and an
//! overlay that corrects it where the real service differs. A test fails if the generated code is stale.

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
