//! A client for the Azure Digital Twins data plane.
//!
//! # Map
//!
//! 1. **Connect**: [`DigitalTwinsClient::new`] with any `TokenCredential`; [`DigitalTwinsClientOptions`],
//!    [`CallOptions`].
//! 2. **Models**: [`create_models`](DigitalTwinsClient::create_models),
//!    [`upload_models`](DigitalTwinsClient::upload_models) for whole ontologies,
//!    [`list_models`](DigitalTwinsClient::list_models), [`delete_all_models`](DigitalTwinsClient::delete_all_models).
//! 3. **Twins and components**: [`DigitalTwin`] and [`Component`] around a type of your own, or [`BasicDigitalTwin`]
//!    around JSON; [`get_digital_twin`](DigitalTwinsClient::get_digital_twin),
//!    [`upsert_digital_twin`](DigitalTwinsClient::upsert_digital_twin).
//! 4. **Changes**: [`DigitalTwinPatch`], [`ComponentPatch`] and [`RelationshipPatch`], built or computed by
//!    [`diff`](Patch::diff); [`update_digital_twin`](DigitalTwinsClient::update_digital_twin) with a [`Precondition`];
//!    [`modify_digital_twin`](DigitalTwinsClient::modify_digital_twin) as a read-modify-write loop.
//! 5. **Relationships**: [`Relationship`], [`IncomingRelationship`];
//!    [`list_relationships`](DigitalTwinsClient::list_relationships),
//!    [`delete_digital_twin_with_relationships`](DigitalTwinsClient::delete_digital_twin_with_relationships).
//! 6. **Queries**: [`query_twins`](DigitalTwinsClient::query_twins), [`query`] to build query texts, [`QueryCharge`],
//!    [`wait_until_visible`](DigitalTwinsClient::wait_until_visible).
//! 7. **Telemetry and event routes**: [`publish_telemetry`](DigitalTwinsClient::publish_telemetry),
//!    [`upsert_event_route`](DigitalTwinsClient::upsert_event_route).
//! 8. **Many at once**: [`bulk_upsert`](DigitalTwinsClient::bulk_upsert) of [`GraphItem`]s; import jobs
//!    ([`begin_import_job`](DigitalTwinsClient::begin_import_job)) with [`ImportFileWriter`] and
//!    [`ImportFileValidator`]; [`begin_delete_job`](DigitalTwinsClient::begin_delete_job).
//! 9. **Failures**: [`Error`], [`error_code`].
//!
//! # Calls
//!
//! * A method returns a [`Response`]: `into_model()` gives the value, [`ResponseExt`] ETag, precondition and request id,
//!   `headers()` and `status()` the rest.
//! * Lists and queries are [`Pager`]s: streams of items, also by the page, which can be resumed by their continuation
//!   token. Jobs are [`Poller`]s, to be awaited or read as a stream. Invalid arguments fail at once: `list_models(None)?`.
//! * [`with_call_options`](DigitalTwinsClient::with_call_options) sets timeout, retries, headers and context of all calls
//!   of a client. Calls that can be repeated safely are, if the service is busy or the connection breaks; see
//!   [`ClientOptions::retry`].
//! * With a tracer in `ClientOptions::instrumentation`, calls are spans such as `DigitalTwinsClient.get_digital_twin`.
//!   `RUST_LOG=digitaltwins_convenience=info` logs retries, `warn` only calls that failed.
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
//! // Only if nobody else has changed it since:
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
mod condition;
mod delete_jobs;
mod digital_twins;
mod error;
pub mod error_code;
mod event_routes;
mod graph;
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
mod visibility;

pub use client::{DigitalTwinsAudience, DigitalTwinsClient, DigitalTwinsClientOptions};
pub use condition::Upsert;
pub use delete_jobs::{BeginDeleteJobOptions, CreateDeleteJobOptions, ListDeleteJobsOptions};
pub use error::{Error, Result};
pub use event_routes::ListEventRoutesOptions;
pub use graph::{
    BulkProgress, BulkUpsertOptions, DeletedDigitalTwin, DeletedModels, GraphItem, ProgressCallback,
    UploadModelsOptions, UploadedModels, UpsertOutcome,
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
pub use visibility::WaitUntilVisibleOptions;

/// A list: a stream of its items, or of its pages.
pub type Pager<T> = azure_service_core::Pager<Response<ItemPage<T>>, Error>;
/// The rows of a query: a stream of them, or of their pages.
pub type QueryPager<T> = azure_service_core::Pager<Response<QueryPage<T>>, Error>;
/// A job: awaited, it gives the finished job; as a stream, the job after each read.
pub type Poller<T> = azure_service_core::Poller<T, Error>;

pub use azure_core::cloud;
pub use azure_core::credentials::{Secret, TokenCredential};
pub use azure_core::http::headers::{HeaderName, HeaderValue};
pub use azure_core::http::{
    ClientOptions, Context, Etag, ExponentialRetryOptions, NoFormat, Response, RetryOptions, StatusCode, Url,
};
pub use azure_protocol_runtime::DateTime;
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
pub use azure_service_core::transport_trusting;
pub use azure_service_core::{
    CallOptions, DelegatedTokenCredential, ErrorDetail, ErrorKind, IntoPatchPath, ItemPage, Job, PageStream,
    PollOptions, Precondition, ResponseExt,
};
pub use json_patch;
pub use twin_query::digitaltwins as query;
