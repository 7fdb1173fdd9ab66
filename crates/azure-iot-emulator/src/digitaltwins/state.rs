//! The whole state of an instance as JSON and back, and what has changed in it.
//!
//! | member | what |
//! |---|---|
//! | `models` | by id: `sequence` (the place in the order of uploads), `uploadTime`, `decommissioned`, `model` |
//! | `nextModelSequence` | the place of the next upload |
//! | `twins` | by id, as the service writes them |
//! | `relationships` | by the id of the source, then by their own, as the service writes them |
//! | `eventRoutes` | by id |
//! | `jobs` | `imports` and `deletions`, each by id |
//!
//! The graph, the jobs and the routes have a lock each. Whoever reads or replaces them all does it under the lock of
//! the graph, and a job notes how far it is under the lock under which it has changed the graph. So a state, and every
//! list of changes, has exactly those rows of an import that the job says it has done.

mod changes;
mod load;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use changes::Changed;
