//! The documented limits of the service.

/// Maximum length of a query, in characters.
pub const MAX_QUERY_LENGTH: usize = 8_192;
