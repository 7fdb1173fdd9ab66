//! The documented limits of the service.
//!
//! The documented kilobyte for the name of a property needs no check: DTDL allows 64 characters in version 2 and 512 in
//! version 3, all of them ASCII.

#[cfg(test)]
mod tests;

use std::time::Duration;

/// Maximum counts and sizes.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) twins: usize,
    pub(crate) relationships: usize,
    /// Outgoing relationships per twin, and incoming ones separately.
    pub(crate) relationships_per_twin: usize,
    /// JSON size of a twin or relationship.
    pub(crate) twin_bytes: usize,
    /// Body size of a request about one twin or relationship.
    pub(crate) payload_bytes: usize,
    /// UTF-8 size of a string.
    pub(crate) string_bytes: usize,
    pub(crate) models: usize,
    pub(crate) models_per_request: usize,
    pub(crate) model_bytes: usize,
    /// Rows per page of a query.
    pub(crate) query_page: usize,
    /// Execution time per page of a query.
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
