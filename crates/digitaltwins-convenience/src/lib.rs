//! A client for the Azure Digital Twins data plane.
//!
//! # Map
//!
//! 1. **Connect**: [`DigitalTwinsClient::new`] with any `TokenCredential`; [`DigitalTwinsClientOptions`],
//!    [`CallOptions`].
//! 2. **Models**: [`create_models`](DigitalTwinsClient::create_models),
//!    [`upload_models`](DigitalTwinsClient::upload_models) for whole ontologies, optionally from [`ModelFiles`],
//!    [`list_models`](DigitalTwinsClient::list_models), [`delete_all_models`](DigitalTwinsClient::delete_all_models).
//! 3. **Twins and components**: [`DigitalTwin`] and [`Component`] around your own type, or [`BasicDigitalTwin`] around
//!    JSON; [`get_digital_twin`](DigitalTwinsClient::get_digital_twin),
//!    [`upsert_digital_twin`](DigitalTwinsClient::upsert_digital_twin).
//! 4. **Changes**: [`DigitalTwinPatch`], [`ComponentPatch`] and [`RelationshipPatch`], built or computed by
//!    [`diff`](Patch::diff); [`update_digital_twin`](DigitalTwinsClient::update_digital_twin) with a [`Precondition`];
//!    [`modify_digital_twin`](DigitalTwinsClient::modify_digital_twin) as a read-modify-write loop.
//! 5. **Relationships**: [`Relationship`], [`IncomingRelationship`];
//!    [`list_relationships`](DigitalTwinsClient::list_relationships),
//!    [`delete_digital_twin_with_relationships`](DigitalTwinsClient::delete_digital_twin_with_relationships).
//! 6. **Queries**: [`query_twins`](DigitalTwinsClient::query_twins), [`query`] to build queries, [`QueryCharge`],
//!    [`wait_until_visible`](DigitalTwinsClient::wait_until_visible).
//! 7. **Telemetry and event routes**: [`publish_telemetry`](DigitalTwinsClient::publish_telemetry),
//!    [`upsert_event_route`](DigitalTwinsClient::upsert_event_route).
//! 8. **Many at once**: [`bulk_upsert`](DigitalTwinsClient::bulk_upsert) of [`GraphItem`]s,
//!    [`bulk_upsert_stream`](DigitalTwinsClient::bulk_upsert_stream) for streams of any length; import jobs
//!    ([`begin_import_job`](DigitalTwinsClient::begin_import_job)) with [`ImportFileWriter`] and
//!    [`ImportFileValidator`]; [`begin_delete_job`](DigitalTwinsClient::begin_delete_job).
//! 9. **Failures**: [`Error`], [`error_code`].
//!
//! # Calls
//!
//! * A method returns a [`Response`]: `into_model()` decodes the body; [`ResponseExt`] returns ETag, precondition and
//!   request id; `headers()` and `status()` return the rest.
//! * Lists and queries return a [`Pager`]: a stream of items or pages, which can be resumed from its continuation
//!   token. Jobs return a [`Poller`], which can be awaited or polled as a stream. Invalid arguments fail at once:
//!   `list_models(None)?`.
//! * [`with_call_options`](DigitalTwinsClient::with_call_options) sets timeout, retries, headers and context of all
//!   calls of a client. Requests that are safe to repeat are retried if the service is busy or the connection breaks;
//!   see [`ClientOptions::retry`].
//! * With a tracer in `ClientOptions::instrumentation`, every call has a span such as
//!   `DigitalTwinsClient.get_digital_twin`. `RUST_LOG=digitaltwins_convenience=info` logs retries, `warn` only failed
//!   calls.
//!
//! # Example
//!
//! ```
//! # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
//! use digitaltwins_convenience::{DigitalTwin, DigitalTwinPatch, ResponseExt, Upsert};
//! use futures::TryStreamExt;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Lamp {
//!     brightness: Option<i32>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # let (_emulator, client) = common::building().await?;
//! // For the client, see `DigitalTwinsClient::new`.
//! let lamp = DigitalTwin::new("lamp-1", "dtmi:example:Lamp;1", Lamp { brightness: Some(3) });
//! let stored = client.upsert_digital_twin("lamp-1", &lamp, Upsert::CreateOnly).await?;
//!
//! // Fails if the twin has changed since it was stored.
//! let patch = DigitalTwinPatch::new().replace("brightness", 7)?;
//! client.update_digital_twin("lamp-1", &patch, stored.precondition()?).await?;
//!
//! let lamp: DigitalTwin<Lamp> = client.get_digital_twin("lamp-1").await?.into_model()?;
//! assert_eq!(lamp.contents.brightness, Some(7));
//!
//! client.wait_until_visible("lamp-1", None).await?;
//! let query = "SELECT * FROM DIGITALTWINS WHERE brightness > 5";
//! let bright: Vec<DigitalTwin<Lamp>> = client.query_twins(query, None)?.try_collect().await?;
//! assert_eq!(bright.len(), 1);
//! # Ok(()) }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod components;
mod delete_jobs;
mod digital_twins;
mod error;
pub mod error_code;
mod event_routes;
mod graph;
mod ids;
mod import_file;
mod import_jobs;
mod json;
mod models;
mod modify;
mod patch;
mod queries;
mod relationships;
mod telemetry;
mod types;
mod upsert;
mod visibility;

pub use client::{DigitalTwinsAudience, DigitalTwinsClient, DigitalTwinsClientOptions};
pub use delete_jobs::{BeginDeleteJobOptions, CreateDeleteJobOptions, ListDeleteJobsOptions};
pub use error::{Error, Result};
pub use event_routes::ListEventRoutesOptions;
pub use graph::{
    BulkUpsertOptions, BulkUpsertReport, DeletedDigitalTwin, DeletedModels, GraphItem, UploadModelsOptions,
    UploadedModels, UpsertOutcome,
};
pub use import_file::{
    ImportFileProblem, ImportFileProblemKind, ImportFileReport, ImportFileSection, ImportFileValidator,
    ImportFileWriter,
};
pub use import_jobs::ListImportJobsOptions;
pub use models::{GetModelOptions, ListModelsOptions};
pub use patch::{
    ComponentPatch, DigitalTwinPatch, OfComponent, OfDigitalTwin, OfRelationship, Patch, PatchTarget,
    RelationshipPatch,
};
pub use queries::{QueryCharge, QueryPage, QueryPageHeaders, QueryTwinsOptions};
pub use relationships::{ListIncomingRelationshipsOptions, ListRelationshipsOptions};
pub use telemetry::PublishTelemetryOptions;
pub use types::{
    BasicComponent, BasicDigitalTwin, BasicRelationship, Component, ComponentMetadata, DeleteJob,
    DeleteJobStatus, DigitalTwin, DigitalTwinMetadata, DigitalTwinsModelData, EventRoute, ImportJob,
    ImportJobStatus, IncomingRelationship, JobError, PropertyMetadata, Relationship,
};
pub use upsert::Upsert;
pub use visibility::WaitUntilVisibleOptions;

/// A paged list: a stream of items, or of pages.
pub type Pager<T> = azure_service_core::Pager<Response<ItemPage<T>>, Error>;
/// A query result: a stream of rows, or of pages.
pub type QueryPager<T> = azure_service_core::Pager<Response<QueryPage<T>>, Error>;
/// A poller of a job. Awaiting it returns the finished job; as a stream it yields the job after each poll.
pub type Poller<T> = azure_service_core::Poller<T, Error>;

pub use azure_core::cloud;
pub use azure_core::credentials::{Secret, TokenCredential};
pub use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
pub use azure_core::http::{
    ClientOptions, Context, Etag, ExponentialRetryOptions, NoFormat, Response, RetryOptions, StatusCode, Url,
};
pub use azure_protocol_runtime::DateTime;
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
pub use azure_service_core::transport_trusting;
pub use azure_service_core::{
    BulkProgress, CallOptions, CertificateFailure, ConnectionFailure, DelegatedTokenCredential, ErrorDetail,
    ErrorKind, IntoPatchPath, ItemPage, Job, PageStream, PollOptions, Precondition, ProgressCallback,
    ResponseExt, etag,
};
pub use dtdl::{ModelFiles, ModelFilesError};
pub use json_patch;
pub use twin_query::digitaltwins as query;
