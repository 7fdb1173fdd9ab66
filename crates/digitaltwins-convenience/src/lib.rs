//! A client for the Azure Digital Twins data plane.
//!
//! # Map
//!
//! * [`DigitalTwinsClient`]: everything that can be asked of an instance. Models, twins, components, relationships,
//!   telemetry, queries, event routes, import and delete jobs.
//! * [`DigitalTwin`], [`Component`], [`Relationship`], [`IncomingRelationship`]: what lives in an instance, around a
//!   type of your own or around JSON.
//! * [`DigitalTwinPatch`], [`ComponentPatch`], [`RelationshipPatch`]: changes, spelt out or computed.
//! * [`Upsert`], [`Precondition`], [`Etagged`]: writes that depend on what is there;
//!   [`modify_digital_twin`](DigitalTwinsClient::modify_digital_twin) does it all.
//! * [`query`]: the builder of query texts, from the crate `twin-query`; [`QueryTwinsOptions`], [`QueryPage`],
//!   [`QueryCharge`].
//! * Work on whole graphs: [`upload_models`](DigitalTwinsClient::upload_models),
//!   [`delete_all_models`](DigitalTwinsClient::delete_all_models),
//!   [`delete_digital_twin_with_relationships`](DigitalTwinsClient::delete_digital_twin_with_relationships),
//!   [`bulk_upsert`](DigitalTwinsClient::bulk_upsert) of [`GraphItem`]s,
//!   [`wait_until_visible`](DigitalTwinsClient::wait_until_visible).
//! * [`ImportFileWriter`], [`ImportFileValidator`]: the file of an import job.
//! * [`Error`], [`error_code`]: why a call failed.
//!
//! # Calls
//!
//! A method returns azure_core's [`Response`](azure_core::http::Response): `into_model()` gives the value, `headers()`
//! and `status()` the rest. Lists and queries are [`Pager`](azure_core::http::Pager)s, streams of items that also come
//! by the page and can be resumed. Jobs are [`Poller`](azure_core::http::Poller)s, to be awaited.
//!
//! Calls that can be repeated without harm are, when the service is busy or the connection breaks; see
//! [`ClientOptions::retry`](azure_core::http::ClientOptions).
//!
//! # Example
//!
//! ```
//! # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
//! use digitaltwins_convenience::{DigitalTwin, DigitalTwinPatch, Etagged, Precondition, Upsert};
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
//! let unchanged = stored.etag().map_or(Precondition::Unconditional, Precondition::IfMatch);
//! let patch = DigitalTwinPatch::new().replace("brightness", 7)?;
//! client.update_digital_twin("lamp-1", &patch, unchanged).await?;
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
mod pause;
mod queries;
mod relationships;
mod telemetry;
mod types;
mod visibility;

pub use client::{DigitalTwinsClient, DigitalTwinsClientOptions};
pub use condition::{Etagged, Upsert};
pub use delete_jobs::{CreateDeleteJobOptions, ListDeleteJobsOptions};
pub use error::{Error, Result};
pub use event_routes::ListEventRoutesOptions;
pub use graph::{BulkOutcome, BulkProgress, BulkUpsertOptions, GraphItem, UploadModelsOptions};
pub use import_file::{
    ImportFileProblem, ImportFileProblemKind, ImportFileReport, ImportFileSection, ImportFileValidator,
    ImportFileWriter,
};
pub use import_jobs::ListImportJobsOptions;
pub use models::{GetModelOptions, ListModelsOptions};
pub use patch::{
    ComponentPatch, DigitalTwinPatch, IntoPatchPath, OfComponent, OfDigitalTwin, OfRelationship, Patch,
    PatchTarget, RelationshipPatch,
};
pub use queries::{QueryCharge, QueryPage, QueryPageHeaders, QueryTwinsOptions};
pub use relationships::ListRelationshipsOptions;
pub use telemetry::PublishTelemetryOptions;
pub use types::{
    BasicComponent, BasicDigitalTwin, BasicRelationship, Component, ComponentMetadata, DeleteJob,
    DeleteJobStatus, DigitalTwin, DigitalTwinMetadata, DigitalTwinsModelData, EventRoute, ImportJob,
    ImportJobStatus, IncomingRelationship, JobError, PropertyMetadata, Relationship,
};
pub use visibility::WaitOptions;

pub use azure_protocol_runtime::DateTime;
#[cfg(feature = "rustls")]
pub use azure_service_core::transport_trusting;
pub use azure_service_core::{ErrorDetail, ErrorKind, ItemPage, Job, Precondition, ResponseTimeout};
pub use json_patch;
pub use twin_query::digitaltwins as query;
