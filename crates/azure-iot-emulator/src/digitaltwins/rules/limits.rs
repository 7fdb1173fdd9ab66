//! The documented limits of the service.
//!
//! The documented limit of 1 KB for property names needs no check: DTDL allows 64 characters in version 2 and 512
//! in version 3, all of them ASCII.

#[cfg(test)]
mod tests;

use std::time::Duration;

/// Maximum counts and sizes.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) twins: usize,
    pub(crate) relationships: usize,
    /// Maximum number of outgoing relationships per twin, and of incoming ones.
    pub(crate) relationships_per_twin: usize,
    /// Maximum size of a twin or relationship as JSON, in bytes.
    pub(crate) twin_bytes: usize,
    /// Maximum body size of a request about one twin or relationship, in bytes.
    pub(crate) payload_bytes: usize,
    /// Maximum size of a string in UTF-8, in bytes.
    pub(crate) string_bytes: usize,
    pub(crate) models: usize,
    pub(crate) models_per_request: usize,
    pub(crate) model_bytes: usize,
    /// Maximum number of rows per page of a query.
    pub(crate) query_page: usize,
    /// Maximum execution time per page of a query.
    pub(crate) query_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            twins: 2_000_000,
            relationships: 20_000_000,
            relationships_per_twin: 50_000,
            twin_bytes: 32 * 1024,
            payload_bytes: 32 * 1024,
            string_bytes: 4 * 1024,
            models: 10_000,
            models_per_request: 250,
            model_bytes: 1024 * 1024,
            query_page: 1_000,
            query_time: Duration::from_secs(60),
        }
    }
}
