//! Durable state: a data file with a snapshot, and a journal of the changes since.
//!
//! The response to a request that may change something is sent after the change is on disk. One thread writes for
//! all services, and changes that are made during a write share the next one.
//!
//! | File | Content |
//! |---|---|
//! | `FILE` | the snapshot, and the id of its journal; replaced by a new file that is written beside it, flushed and renamed |
//! | `FILE.journal` | the id, and one line per write with the changes since the snapshot |
//!
//! # Why the files always load
//!
//! Services continue while the thread writes, so the files must represent a consistent state of each service.
//!
//! - **A line** takes a service from one consistent state to the next. A service records the key of a change in the same
//!   critical section as the change, and [`StatefulService::take_changes`] reads the current values of these keys in one
//!   critical section. Every prefix of the journal is therefore a state that the service once had.
//! - **A last line without a line feed** is the rest of an interrupted write and discarded; none of its requests was
//!   acknowledged. Any other line must match its checksum and have the next number.
//! - **A snapshot** is a consistent state of each service ([`StatefulService::write_state`]) after the last line of the
//!   previous journal was taken, because the same thread takes lines and writes snapshots. It may contain some of the
//!   changes that are made while it is written.
//! - **The first line after a snapshot** has every key that changed since the last line of the previous journal was taken.
//!   It is written before the snapshot gets its name, so both take effect together. Lines contain values rather
//!   than differences, so applying a change again is harmless, and so is removing a key twice.
//! - **Each snapshot starts a new journal with a new id**, so a journal that belongs to another file or to an
//!   older snapshot is recognized. The journal is written as `FILE.journal.new` before the snapshot gets its name,
//!   and gets its own name afterwards. If the program was killed between the two renames, the next start finds the
//!   journal under its temporary name.
//! - **A failed compaction** leaves the old or the new pair of files intact, and the journal continues.
//!
//! # Failed writes
//!
//! If changes cannot be written, for instance because the disk is full, their requests fail, and the changes are undone: the
//! services load the state on disk. Changes that were made since then are lost with them, so their requests fail,
//! too. The next write is a snapshot, because loading replaces the whole state of a service.
//!
//! - A request belongs to exactly the write that has its changes, so it fails if and only if they are undone. While the
//!   changes of a write are taken or undone, no request makes changes and asks for a write ([`Journal::track`]).
//!   The exception is a request that awaits something between two of its changes; it fails if anything is undone in
//!   the meantime.
//! - Only a request causes another attempt. Progress of jobs does not, because a job that repeats undone work
//!   would cause an endless series of attempts.
//! - If the state cannot be read or loaded, all further changes fail.
//!
//! Services do not refer to each other, so their states in the files need not be from the same time.
//!
//! # The lock
//!
//! The lock is that of `FILE` itself rather than of its name, and symbolic links are resolved, so a file is locked under
//! each of its names. A replaced file stays locked while it has another name, a hard link.
//!
//! # Waiting
//!
//! - A request waits for the next write after its change, and for a write in progress before that.
//! - The file is compacted when the journal has outgrown it, after the requests of the last line were acknowledged.
//!   Requests that arrive during compaction wait until it ends, because there is one thread. Reads and changes continue,
//!   because a service holds no lock while its state is written to disk.
//! - Requests wait for a snapshot only after a failed write. They also wait for an undo, because nothing may
//!   change during it.
//! - If the thread panics, waiting requests fail, and so do all later ones.
//! - Shutdown waits for pending changes, but not for compaction: the next start writes a snapshot anyway.
//!
//! [`Journal::track`]: journal::Journal::track
//! [`StatefulService::take_changes`]: crate::service::StatefulService::take_changes
//! [`StatefulService::write_state`]: crate::service::StatefulService::write_state

mod error;
pub(crate) mod file;
mod file_lock;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod journal;
mod journal_file;
mod paths;
mod snapshot;
pub(crate) mod state_change;
pub(crate) mod tracked;

#[cfg(test)]
pub(crate) use file::DataFile;
pub(crate) use state_change::StateChange;
pub(crate) use tracked::Tracked;
pub(crate) use tracked::groups::TrackedGroups;
