//! Work on many models, twins and relationships at once.

mod bulk;
mod bulk_run;
mod delete;
pub(crate) mod dependencies;
mod throttle;
mod upload;

pub use bulk::{BulkOutcome, BulkProgress, BulkUpsertOptions, GraphItem};
pub(crate) use throttle::NoteThrottling;
pub use upload::UploadModelsOptions;
