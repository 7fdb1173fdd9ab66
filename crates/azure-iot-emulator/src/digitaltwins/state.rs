//! Dumps and loads the state of an instance as JSON, and reports its changes to the journal.
//!
//! | member | content |
//! |---|---|
//! | `models` | by id: `sequence` (the position in upload order), `uploadTime`, `decommissioned`, `model` |
//! | `nextModelSequence` | the `sequence` of the next upload |
//! | `twins` | by id, in the service's JSON |
//! | `relationships` | by source id, then by their own id, in the service's JSON |
//! | `eventRoutes` | by id |
//! | `jobs` | `imports` and `deletions`, each by id |
//!
//! The graph, the jobs and the routes have a lock each. A thread that reads or replaces all of them holds the lock of the
//! graph throughout, and an import records its progress before it unlocks the graph. Hence a dumped state, and every list
//! of changes, contains exactly the rows of an import that its job reports as done.

pub(crate) mod changes;
pub(crate) mod load;
mod members;
mod models;
mod records;
pub(crate) mod snapshot;
#[cfg(test)]
mod tests;
