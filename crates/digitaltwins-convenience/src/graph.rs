//! Methods for many models, twins and relationships at once.

mod bulk;
mod bulk_run;
mod delete;
pub(crate) mod dependencies;
mod throttle;
mod upload;

pub use bulk::{BulkProgress, BulkUpsertOptions, GraphItem, ProgressCallback, UpsertOutcome};
pub use delete::{DeletedDigitalTwin, DeletedModels};
pub(crate) use throttle::ObserveThrottling;
pub use upload::{UploadModelsOptions, UploadedModels};
