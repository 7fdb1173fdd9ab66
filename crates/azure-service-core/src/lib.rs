//! Credentials, the HTTP pipeline, errors, paging and polling that all service clients share.
//!
//! Generated protocol crates build requests and `azure_core` sends them; this crate connects the two. It contains
//! nothing specific to a service: scopes, endpoints and error codes come from the client crates.
//!
//! # Map
//!
//! * [`ServiceClient`]: a generated client with its pipeline; [`protocol`](ServiceClient::protocol) builds requests,
//!   and [`call`](ServiceClient::call) sends them for a public method: [`MethodCall::send`],
//!   [`list`](MethodCall::list), [`job`](MethodCall::job). [`composite`](ServiceClient::composite) runs a method that
//!   consists of several calls.
//! * [`ClientInfo`], [`CallOptions`], [`CallLimits`], [`ServicePipeline`]: a client's names, and the settings and
//!   pipeline of its calls.
//! * [`Credential`]: an Entra identity or a shared access key; [`CloudScopes`], [`ConnectionString`], [`SasCredential`],
//!   [`SasPolicy`], [`DelegatedTokenCredential`].
//! * [`Error`], [`ErrorKind`], [`ConnectionFailure`], [`ClockSkew`], [`Failure`]: failures of calls. [`decode`]: JSON
//!   decoding whose errors name the member.
//! * [`ResponseExt`], [`Precondition`], [`read_modify_write`]: conditional writes.
//! * [`Pager`], [`ItemPage`], [`Poller`], [`Job`]: paged lists and jobs.
//! * [`Backoff`], [`RetryLoop`], [`sleep()`], [`BulkProgress`], [`ProgressCallback`]: backoff, retries and progress
//!   of bulk runs. [`retry`]: retries of work outside the pipeline.
//! * [`JsonPatch`]: a checked builder of JSON Patch documents.
//! * [`open_enum!`]: enums that accept values added by later service versions.
//!
//! # Retries
//!
//! Idempotent requests (GET, PUT, DELETE, operations marked as idempotent, and PATCH with an ETag) are retried on
//! 408, 429, 500, 502, 503, 504 and broken connections, according to the `RetryOptions` in `ClientOptions`. All
//! others are retried only if it is certain that the service has not processed them: on 429, on 503 with
//! `Retry-After`, and if the connection could not be established. A rejected certificate or a failed TLS handshake is
//! not retried. `Retry-After` is obeyed up to 60 seconds and within the call's timeout; beyond that the call fails
//! with [`retry_after`](Error::retry_after) set. [`retry_options`] returns the default of the client crates.
//!
//! # Limits
//!
//! An attempt may take up to 60 seconds, and a call, including all its attempts and waits, up to 90 seconds. A response
//! body may have up to 64 MiB after decompression. [`CallOptions`] and [`CallLimits`] change these limits.
//!
//! # Use by a client crate
//!
//! ```
//! # mod protocol {
//! #     use azure_protocol_runtime::{Hook, Operation, Paging, TypedRequest, path_segment};
//! #     use progenitor_client::Error;
//! #     const fn operation(id: &'static str, paging: Paging) -> Operation {
//! #         Operation { id, method: "GET", success: &[200], idempotent: true, paging, ..Operation::UNKNOWN }
//! #     }
//! #     #[derive(Debug, Clone)]
//! #     pub struct Client { url: String, http: reqwest::Client }
//! #     impl Client {
//! #         pub fn new_with_client(url: &str, http: reqwest::Client, _: Hook) -> Self {
//! #             Self { url: url.to_owned(), http }
//! #         }
//! #         pub fn rooms_get_request(&self, id: &str) -> Result<TypedRequest<Room>, Error> {
//! #             static ROOMS_GET: Operation = operation("rooms_get", Paging::None);
//! #             let request = self.http.get(format!("{}/rooms/{}", self.url, path_segment::<()>("id", id)?)).build()?;
//! #             TypedRequest::new(&ROOMS_GET, request, "1")
//! #         }
//! #         pub fn rooms_list_request(&self, _page_size: Option<i64>) -> Result<TypedRequest<serde_json::Value>, Error> {
//! #             static ROOMS_LIST: Operation = operation("rooms_list", Paging::NextLink);
//! #             TypedRequest::new(&ROOMS_LIST, self.http.get(format!("{}/rooms", self.url)).build()?, "1")
//! #         }
//! #         pub fn renovations_add_request(&self, id: &str) -> Result<TypedRequest<Renovation>, Error> {
//! #             static RENOVATIONS_ADD: Operation = operation("renovations_add", Paging::None);
//! #             TypedRequest::new(&RENOVATIONS_ADD, self.http.get(format!("{}/renovations/{id}", self.url)).build()?, "1")
//! #         }
//! #         pub fn renovations_get_request(&self, id: &str) -> Result<TypedRequest<Renovation>, Error> {
//! #             static RENOVATIONS_GET: Operation = operation("renovations_get", Paging::None);
//! #             TypedRequest::new(&RENOVATIONS_GET, self.http.get(format!("{}/renovations/{id}", self.url)).build()?, "1")
//! #         }
//! #     }
//! #     #[derive(Debug, serde::Deserialize)]
//! #     pub struct Room { pub name: String }
//! #     #[derive(Debug, serde::Deserialize)]
//! #     pub struct Renovation { pub id: String }
//! # }
//! use std::sync::Arc;
//!
//! use azure_core::credentials::TokenCredential;
//! use azure_core::http::{ClientOptions, Response};
//! use azure_service_core::{CallOptions, Credential, Error, ItemPage, Poller, ServiceClient, client_info};
//! use protocol::{Client, Renovation, Room};
//!
//! type Pager<T> = azure_service_core::Pager<Response<ItemPage<T>>, Error>;
//!
//! #[derive(Debug, Clone)]
//! pub struct RoomsClient {
//!     core: ServiceClient<Client>,
//! }
//!
//! impl RoomsClient {
//!     pub fn new(
//!         endpoint: &str,
//!         credential: Arc<dyn TokenCredential>,
//!         options: ClientOptions,
//!     ) -> Result<Self, Error> {
//!         let info = client_info! { name: "RoomsClient", namespace: "Contoso.Rooms" };
//!         let credential = Credential::entra(credential, "https://rooms.example/.default");
//!         let core = ServiceClient::new(endpoint, &credential, info, options, Client::new_with_client)?;
//!         Ok(Self { core })
//!     }
//!
//!     /// Returns a client with these call options.
//!     #[must_use]
//!     pub fn with_call_options(&self, options: CallOptions) -> Self {
//!         Self { core: self.core.with_call_options(options) }
//!     }
//!
//!     /// Reads a room: `GET /rooms/{id}`.
//!     pub async fn get_room(&self, id: &str) -> Result<Response<Room>, Error> {
//!         let request = self.core.protocol().rooms_get_request(id);
//!         self.core.call("get_room").send(request).await
//!     }
//!
//!     /// Lists rooms: `GET /rooms`. Each request has the page size.
//!     pub fn list_rooms(
//!         &self,
//!         page_size: Option<i64>,
//!         continuation_token: Option<String>,
//!     ) -> Result<Pager<Room>, Error> {
//!         let first = self.core.protocol().rooms_list_request(page_size);
//!         self.core.call("list_rooms").list(first, continuation_token)
//!     }
//!
//!     /// Starts a job and polls it until it has ended.
//!     pub fn renovate(&self, id: &str) -> Result<Poller<Renovation, Error>, Error> {
//!         let start = self.core.protocol().renovations_add_request(id);
//!         let get = self.core.protocol().renovations_get_request(id);
//!         self.core.call("renovate").job(start, get, None)
//!     }
//!
//!     /// Makes several calls within one span.
//!     pub async fn renovate_all(&self, ids: &[&str]) -> Result<(), Error> {
//!         self.core.composite("renovate_all", async |core| {
//!             let client = Self { core };
//!             for id in ids {
//!                 client.renovate(id)?.await?;
//!             }
//!             Ok(())
//!         }).await
//!     }
//! }
//! ```

mod backoff;
mod call_options;
mod client;
mod client_info;
mod clock_skew;
mod cloud;
mod composite;
mod connection_string;
mod credential;
pub mod decode;
mod error;
mod executor;
mod header;
mod json_patch;
mod limits;
mod method;
mod open_enum;
mod paging;
mod parameters;
mod pipeline;
mod polling;
mod precondition;
mod progress;
mod read_modify_write;
mod response;
mod retry;
mod retry_loop;
mod sas;
mod token;
mod transport;

pub use backoff::{Backoff, RetryLoop, sleep};
pub use call_options::CallOptions;
pub use client::{BuiltRequest, ServiceClient};
pub use client_info::ClientInfo;
pub use clock_skew::ClockSkew;
pub use cloud::CloudScopes;
pub use composite::Composite;
pub use connection_string::{ConnectionString, ConnectionStringError};
pub use credential::{Credential, DelegatedTokenCredential};
pub use error::{CertificateFailure, ConnectionFailure, Error, ErrorDetail, ErrorKind, Result};
pub use json_patch::{IntoPatchPath, JsonPatch, operation_path};
pub use limits::CallLimits;
pub use method::MethodCall;
pub use paging::{ItemPage, PageStream, Pager};
pub use parameters::rename_parameters;
pub use pipeline::{Failure, ServicePipeline};
pub use polling::{Job, PollOptions, Poller};
pub use precondition::{Precondition, etag};
pub use progress::{BulkProgress, ProgressCallback};
pub use read_modify_write::{Decision, read_modify_write};
pub use response::ResponseExt;
pub use retry::retry_options;
pub use retry_loop::{Attempt, retry};
pub use sas::{SasCredential, SasPolicy, SasToken};
pub use token::TokenSource;
#[cfg(feature = "rustls")]
pub use transport::{transport_trusting, transport_with_identity};

/// For the expansion of [`client_info!`].
#[doc(hidden)]
pub use client_info::CallEvent as __CallEvent;
/// For the expansion of [`client_info!`], so that client crates need no dependency on tracing.
#[doc(hidden)]
pub use tracing as __tracing;

/// For the expansion of [`open_enum!`], so that client crates need no dependency on serde.
#[doc(hidden)]
pub use serde as __serde;
