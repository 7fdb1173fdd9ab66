//! Durable state: a data file with a snapshot, and a journal of the changes since.
//!
//! The response to a request that may change something is sent once the change is on disk. One thread writes for all
//! services, and changes that are made during a write share the next one.
//!
//! | File | Content |
//! |---|---|
//! | `FILE` | the snapshot; replaced by a new file that is written beside it, flushed and renamed |
//! | `FILE.journal` | one line per write with the changes since; truncated when `FILE` is replaced |
//!
//! # Why the files always load
//!
//! Services continue while the thread writes, so the files must represent a consistent state of each service.
//!
//! - **A line** takes a service from one consistent state to the next. A service records the key of a change in the same
//!   critical section as the change, and [`StatefulService::take_changes`] reads the current values of these keys in one
//!   critical section. Every prefix of the journal is therefore a state that the service once had. A truncated last line
//!   is discarded; none of its requests was acknowledged.
//! - **A snapshot** with the sequence number `n` represents a state after line `n` was taken, because the same thread
//!   takes lines and writes snapshots. It is a consistent state of each service ([`StatefulService::write_state`]). After
//!   a kill it may contain changes whose requests were not acknowledged, but never a part of one.
//! - **The first line after a snapshot** has every key that changed since line `n` was taken, so the snapshot may already
//!   include some of them. Lines contain values rather than differences, so applying them again is harmless, and so is
//!   removing a key twice.
//! - **Lines up to `n`** remain if the program was killed between the rename and the truncation. They are skipped by
//!   their sequence numbers.
//! - **A failed compaction** leaves the old or the new file intact, and the journal continues.
//! - **A line that could not be written** is lost, so snapshots are written until one succeeds. Requests that wait for
//!   a failed write fail.
//!
//! Services do not refer to each other, so their states in the files need not be from the same time.
//!
//! # What waits for what
//!
//! - A request waits for the next write after its change, and for a write in progress before that.
//! - The file is compacted when the journal has outgrown it, after the requests of the last line were acknowledged.
//!   Requests that arrive during compaction wait until it ends, because there is one thread. Reads and changes continue,
//!   because a service holds no lock while its state is written to disk.
//! - Requests wait for a snapshot only after a line was lost.
//! - If the thread panics, waiting requests fail, and so do all later ones.
//! - Shutdown waits for pending changes, but not for compaction: the next start writes a snapshot anyway.
//!
//! [`StatefulService::take_changes`]: crate::service::StatefulService::take_changes
//! [`StatefulService::write_state`]: crate::service::StatefulService::write_state

pub(crate) mod file;
pub(crate) mod journal;
pub(crate) mod state_change;
pub(crate) mod tracked;

#[cfg(test)]
pub(crate) use file::DataFile;
pub(crate) use journal::Journal;
pub(crate) use state_change::StateChange;
pub(crate) use tracked::Tracked;
