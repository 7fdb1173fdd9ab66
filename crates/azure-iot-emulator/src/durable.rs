//! State that survives the program: a data file with a snapshot, and a journal of the changes since.
//!
//! A request that may change something is answered once its change is on disk. One thread writes for all services:
//! changes that are made while it waits for the disk share the next write.
//!
//! | File | Content |
//! |---|---|
//! | `FILE` | the snapshot; replaced by a new file that is written beside it, flushed and renamed |
//! | `FILE.journal` | one line per write with the changes since; truncated when `FILE` is replaced |
//!
//! # Why the files always load
//!
//! Services continue while the thread writes, so it matters which moment of a service the files show.
//!
//! - **A line** takes a service from one moment to the next. A service notes the key of a change in the same critical
//!   section as the change, and [`StatefulService::take_changes`] reads the current values of these keys in one critical
//!   section. Every prefix of the journal is therefore a state that the service once had. A truncated last line is
//!   discarded; no request was answered for it.
//! - **A snapshot** with the sequence number `n` shows a moment after line `n` was taken, because the same thread takes
//!   lines and writes snapshots. It is one moment of each service as well ([`StatefulService::write_state`]). After a
//!   kill it may show changes whose requests were not answered, but never a part of one.
//! - **The first line after a snapshot** has every key that changed since line `n` was taken, so some of them are in the
//!   snapshot already. Lines hold values, not differences, so applying them again is harmless; so is removing a key that
//!   is gone.
//! - **Lines up to `n`** remain if the program was killed between the rename and the truncation. Their sequence numbers
//!   tell that the snapshot includes them.
//! - **A failed compaction** leaves either the old or the new file, and the journal continues.
//! - **A line that could not be written** is lost, so snapshots are written until one succeeds. Requests that wait for
//!   a failed write are answered with an error.
//!
//! Services do not refer to each other, so the files may show different moments of them.
//!
//! # What waits for what
//!
//! - A request waits for the write that begins after its change, and so also for a write that has begun before.
//! - The file is compacted when the journal has outgrown it, after the requests of the last line were answered. Requests
//!   that arrive during compaction wait until it ends, because there is one thread. Reads continue, and so do changes: a
//!   service holds no lock while its state is written to disk.
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
