//! The documented limits of the service.

/// Maximum length of a query, in characters.
pub const MAX_QUERY_LENGTH: usize = 8_000;
/// Maximum number of `JOIN` clauses.
pub const MAX_JOINS: usize = 5;
/// Maximum number of hops of one `MATCH` edge.
pub const MAX_HOPS: u32 = 10;
/// Maximum number of values in an `IN` or `NIN` list. The service's documentation says 50 on one page and 100 on
/// another; this is the larger value.
pub const MAX_IN_VALUES: usize = 100;
/// Maximum number of `AND` and `OR` operators in a condition.
pub const MAX_LOGICAL_OPERATORS: usize = 50;
