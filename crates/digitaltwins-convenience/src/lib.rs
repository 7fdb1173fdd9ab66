//! A client for the Azure Digital Twins data plane.
//!
//! # Map
//!
//! * [`DigitalTwinsClient`]: everything that can be asked of an instance. Models, twins, components, relationships,
//!   telemetry, queries, event routes, import and delete jobs.
//! * [`DigitalTwin`], [`Component`], [`Relationship`], [`IncomingRelationship`]: what lives in an instance, around a
//!   type of your own or around JSON.
//! * [`DigitalTwinPatch`], [`ComponentPatch`], [`RelationshipPatch`]: changes, spelt out or computed.
//! * [`Upsert`], [`Precondition`], [`Etagged`]: writes that depend on what is there.
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
//! ```no_run
//! use std::sync::Arc;
//!
//! use azure_core::credentials::TokenCredential;
//! use digitaltwins_convenience::{DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Etagged, Precondition, Upsert};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Room {
//!     temperature: Option<f64>,
//! }
//!
//! # async fn example(credential: Arc<dyn TokenCredential>) -> Result<(), digitaltwins_convenience::Error> {
//! let client = DigitalTwinsClient::new("https://my-instance.api.weu.digitaltwins.azure.net", credential, None)?;
//!
//! let room = DigitalTwin::new("room-1", "dtmi:example:Room;1", Room { temperature: Some(20.5) });
//! let stored = client.upsert_digital_twin("room-1", &room, Upsert::CreateOnly).await?;
//!
//! // Only if nobody else has changed it since:
//! let unchanged = stored.etag().map_or(Precondition::Unconditional, Precondition::IfMatch);
//! let patch = DigitalTwinPatch::new().replace("temperature", 21.5)?;
//! client.update_digital_twin("room-1", &patch, unchanged).await?;
//!
//! let room: DigitalTwin<Room> = client.get_digital_twin("room-1").await?.into_model()?;
//! println!("{:?}", room.contents.temperature);
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
mod query;
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
pub use query::{QueryCharge, QueryPage, QueryPageHeaders, QueryTwinsOptions};
pub use relationships::ListRelationshipsOptions;
pub use telemetry::PublishTelemetryOptions;
pub use types::{
    BasicComponent, BasicDigitalTwin, BasicRelationship, Component, ComponentMetadata, DeleteJob,
    DeleteJobStatus, DigitalTwin, DigitalTwinMetadata, DigitalTwinsModelData, EventRoute, ImportJob,
    ImportJobStatus, IncomingRelationship, JobError, PropertyMetadata, Relationship,
};
pub use visibility::WaitOptions;

pub use json_patch;
pub use protocol_runtime::DateTime;
#[cfg(feature = "rustls")]
pub use service_core::transport_trusting;
pub use service_core::{ErrorDetail, ErrorKind, ItemPage, Job, Precondition, ResponseTimeout};
