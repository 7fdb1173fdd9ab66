//! Credentials, the HTTP pipeline, errors, paging and polling that both service clients share.
//!
//! A generated protocol crate builds requests; `azure_core` sends them; this crate is what stands between. It knows no
//! service: scopes, addresses and known error codes come from the crates that use it.
//!
//! # Map
//!
//! * [`ServiceClient`]: a generated client with its pipeline; [`call`](ServiceClient::call),
//!   [`list`](ServiceClient::list), [`job`](ServiceClient::job), [`watch_job`](ServiceClient::watch_job),
//!   [`protocol`](ServiceClient::protocol).
//! * [`ServicePipeline`], [`Package`], [`ResponseTimeout`]: how requests are sent.
//! * [`Credential`]: Entra or a shared access key; [`ConnectionString`], [`SasCredential`], [`SasPolicy`].
//! * [`Error`], [`ErrorKind`], [`Failure`]: why a call failed.
//! * [`Precondition`], [`etag`]: writes that depend on a version.
//! * [`ItemPage`], [`Job`]: what pagers and pollers yield.
//! * [`open_enum!`]: enums that survive values which the service adds later.
//!
//! # Retries
//!
//! Requests that may be repeated (GET, PUT, DELETE, operations marked so, and PATCH with an ETag) are, on 408, 429,
//! 500, 502, 503, 504 and broken connections, as the `RetryOptions` in `ClientOptions` say. All others are repeated
//! only if the service has certainly not processed them: on 429, on 503 with `Retry-After`, and if there was no
//! connection. `Retry-After` is obeyed up to 60 seconds; beyond that the call fails with
//! [`retry_after`](Error::retry_after) set. [`retry_options`] are what client crates repeat with by default.
//!
//! # How a client crate uses it
//!
//! ```
//! # mod protocol {
//! #     use azure_protocol_runtime::{Executor, Hook, Operation, Paging, ProtocolClient};
//! #     use progenitor_client::{Error, ResponseValue};
//! #     use std::sync::Arc;
//! #     static OPERATIONS: &[Operation] = &[Operation { id: "rooms_get", method: "GET", path: "/rooms/{id}",
//! #         success: &[200], request_content_type: None, idempotent: true, paging: Paging::None },
//! #         Operation { id: "rooms_list", method: "GET", path: "/rooms", success: &[200],
//! #         request_content_type: None, idempotent: true, paging: Paging::NextLink }];
//! #     #[derive(Debug, Clone)]
//! #     pub struct Client { url: String, http: reqwest::Client, hook: Hook }
//! #     impl Client {
//! #         pub fn new_with_client(url: &str, http: reqwest::Client, hook: Hook) -> Self {
//! #             Self { url: url.to_owned(), http, hook }
//! #         }
//! #         async fn send<T: serde::de::DeserializeOwned>(&self, path: &str, id: &str) -> Result<ResponseValue<T>, Error<()>> {
//! #             let request = self.http.get(format!("{}{path}", self.url)).build()?;
//! #             let response = azure_protocol_runtime::send(&self.hook, &self.http, request, OPERATIONS, id, "1").await?;
//! #             ResponseValue::from_response(response).await
//! #         }
//! #         pub async fn rooms_get(&self, id: &str) -> Result<ResponseValue<Room>, Error<()>> {
//! #             self.send(&format!("/rooms/{}", azure_protocol_runtime::path_segment("id", id)?), "rooms_get").await
//! #         }
//! #         pub async fn rooms_list(&self, _page_size: Option<i64>) -> Result<ResponseValue<serde_json::Value>, Error<()>> {
//! #             self.send("/rooms", "rooms_list").await
//! #         }
//! #         pub async fn renovations_add(&self, id: &str) -> Result<ResponseValue<Renovation>, Error<()>> {
//! #             self.send(&format!("/renovations/{id}"), "renovations_add").await
//! #         }
//! #         pub async fn renovations_get(&self, id: &str) -> Result<ResponseValue<Renovation>, Error<()>> {
//! #             self.send(&format!("/renovations/{id}"), "renovations_get").await
//! #         }
//! #     }
//! #     impl ProtocolClient for Client {
//! #         const API_VERSION: &'static str = "1";
//! #         fn operations() -> &'static [Operation] { OPERATIONS }
//! #         fn with_executor(&self, executor: Arc<dyn Executor>) -> Self { Self { hook: Some(executor), ..self.clone() } }
//! #     }
//! #     #[derive(Debug, serde::Deserialize)]
//! #     pub struct Room { pub name: String }
//! #     #[derive(Debug, serde::Deserialize)]
//! #     pub struct Renovation { pub id: String }
//! # }
//! use std::sync::Arc;
//!
//! use azure_core::credentials::TokenCredential;
//! use azure_core::http::pager::PagerOptions;
//! use azure_core::http::{ClientOptions, Context, Pager, Poller, Response};
//! use protocol::{Client, Renovation, Room};
//! use azure_service_core::{Credential, Error, ItemPage, Job, Package, ServiceClient};
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
//!         let package = Package { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
//!         let credential = Credential::entra(credential, "https://rooms.example/.default");
//!         let core = ServiceClient::new(endpoint, &credential, package, options, |url, http| {
//!             Client::new_with_client(url, http, None)
//!         })?;
//!         Ok(Self { core })
//!     }
//!
//!     /// One operation: `GET /rooms/{id}`.
//!     pub async fn get_room(&self, id: &str) -> Result<Response<Room>, Error> {
//!         self.core.call(Context::new(), |api| async move { api.rooms_get(id).await }).await
//!     }
//!
//!     /// A list: `GET /rooms`. The page size goes with every page.
//!     pub fn list_rooms(&self, page_size: Option<i64>, options: Option<PagerOptions<'static>>) -> Pager<ItemPage<Room>> {
//!         self.core.list(options, move |api, _token| async move { api.rooms_list(page_size).await })
//!     }
//!
//!     /// A job: started, then watched to its end.
//!     pub fn renovate(&self, id: &str) -> Poller<Job<Renovation>> {
//!         let (start, get) = (id.to_owned(), id.to_owned());
//!         self.core.job(
//!             None,
//!             move |api| { let id = start.clone(); async move { api.renovations_add(&id).await } },
//!             move |api| { let id = get.clone(); async move { api.renovations_get(&id).await } },
//!         )
//!     }
//! }
//! ```

mod call;
mod client;
mod connection_string;
mod credential;
mod error;
mod header;
mod open_enum;
mod paging;
mod pipeline;
mod polling;
mod precondition;
mod retry;
mod sas;
mod transport;

pub use call::call;
pub use client::ServiceClient;
pub use connection_string::{ConnectionString, ConnectionStringError};
pub use credential::Credential;
pub use error::{Error, ErrorDetail, ErrorKind, Result};
pub use paging::ItemPage;
pub use pipeline::{Failure, Package, ResponseTimeout, ServicePipeline};
pub use polling::Job;
pub use precondition::{Precondition, etag};
pub use retry::retry_options;
pub use sas::{SasCredential, SasPolicy, SasToken};
#[cfg(feature = "rustls")]
pub use transport::transport_trusting;

/// For the code that [`open_enum!`] makes, so that crates which use it need not name serde as it does.
#[doc(hidden)]
pub use serde as __serde;
