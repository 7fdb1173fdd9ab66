//! The whole state of an instance as JSON and back, and what has changed in it.
//!
//! | member | what |
//! |---|---|
//! | `models` | by id: `sequence` (the position in the order of uploads), `uploadTime`, `decommissioned`, `model` |
//! | `nextModelSequence` | the `sequence` of the next upload |
//! | `twins` | by id, as the service writes them |
//! | `relationships` | by the id of the source, then by their own, as the service writes them |
//! | `eventRoutes` | by id |
//! | `jobs` | `imports` and `deletions`, each by id |
//!
//! The graph, the jobs and the routes have a lock each. A thread that reads or replaces all of them holds the lock of the
//! graph meanwhile, and an import notes its progress before it unlocks the graph that it has changed. So a state, and
//! every list of changes, has exactly those rows of an import that its job reports as done.

pub(crate) mod changes;
pub(crate) mod load;
mod members;
mod models;
mod records;
pub(crate) mod snapshot;
#[cfg(test)]
mod tests;
