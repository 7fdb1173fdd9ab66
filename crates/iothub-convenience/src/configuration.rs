//! Automatic device configurations and edge deployments.

mod content;
mod model;
mod operations;

pub use content::ConfigurationContent;
pub use model::{Configuration, ConfigurationMetrics, ConfigurationQueriesTestResponse};
pub use operations::GetConfigurationsOptions;
