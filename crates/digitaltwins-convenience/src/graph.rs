//! Composite methods for models, twins and relationships.

mod batches;
mod bulk;
mod bulk_run;
mod delete;
pub(crate) mod dependencies;
mod item;
mod report;
mod throttle;
mod upload;

pub use bulk::BulkUpsertOptions;
pub use delete::{DeletedDigitalTwin, DeletedModels};
pub use item::GraphItem;
pub use report::{BulkUpsertReport, UpsertOutcome};
pub(crate) use throttle::ObserveThrottling;
pub use upload::{UploadModelsOptions, UploadedModels};
