//! Automatic device configurations and edge deployments.

mod model;
mod operations;

pub use model::{
    Configuration, ConfigurationContent, ConfigurationMetrics, ConfigurationQueriesTestResponse,
};
pub use operations::GetConfigurationsOptions;
