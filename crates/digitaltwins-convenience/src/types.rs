//! Resources of an instance.

#[macro_use]
mod lossless;

mod component;
mod event_route;
mod job;
mod metadata;
mod model;
mod relationship;
mod twin;

pub use component::{BasicComponent, Component};
pub use event_route::EventRoute;
pub use job::{DeleteJob, DeleteJobStatus, ImportJob, ImportJobStatus, JobError};
pub use metadata::{ComponentMetadata, DigitalTwinMetadata, PropertyMetadata};
pub use model::DigitalTwinsModelData;
pub use relationship::{BasicRelationship, IncomingRelationship, Relationship};
pub use twin::{BasicDigitalTwin, DigitalTwin};
