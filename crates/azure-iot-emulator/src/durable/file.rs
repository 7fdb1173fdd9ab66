//! The data file and its journal. Together they contain a complete state at any time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::durable::error::DataFileError;
use crate::durable::file_lock::FileLock;
use crate::durable::journal_file::JournalFile;
use crate::durable::paths::{remove_leftover, sync_folder, with_suffix};
use crate::durable::snapshot::{Saved, Snapshot};
use crate::durable::state_change::StateChange;
use crate::service::StatefulService;

#[cfg(test)]
mod tests;

/// Minimum length of the journal, in bytes, at which the data file is compacted. If the data file is longer, its
/// length applies instead. After a failed compaction, the journal must grow by this length before the next attempt.
const COMPACTION_THRESHOLD: u64 = 4 * 1024 * 1024;

/// The paths of the files. A new file is written next to the file that it replaces.
#[derive(Debug)]
struct Paths {
    snapshot: PathBuf,
    new_snapshot: PathBuf,
    journal: PathBuf,
    new_journal: PathBuf,
}

impl Paths {
    fn of(snapshot: PathBuf) -> Self {
        Self {
            new_snapshot: with_suffix(&snapshot, ".new"),
            journal: with_suffix(&snapshot, ".journal"),
            new_journal: with_suffix(&snapshot, ".journal.new"),
            snapshot,
        }
    }

    /// Writes a snapshot and its journal under their temporary names.
    fn write_new_files(&self, snapshot: &Snapshot<'_>) -> io::Result<NewFiles> {
        let write = || {
            let (snapshot_file, length) = snapshot.write_file(&self.new_snapshot)?;
            let journal = JournalFile::create(&self.new_journal, snapshot.journal)?;
            sync_folder(&self.snapshot)?;
            Ok(NewFiles {
                snapshot: snapshot_file,
                length,
                journal,
            })
        };
        write().inspect_err(|_| self.remove_new_files())
    }

    /// Removes the files of a failed replacement, because the disk may be full.
    fn remove_new_files(&self) {
        remove_leftover(&self.new_snapshot);
        remove_leftover(&self.new_journal);
    }

    /// Opens the journal that the data file names. Returns whether it still has its temporary name.
    fn open_journal(&self, id: Uuid) -> Result<(JournalFile, bool), DataFileError> {
        let error = match JournalFile::open(&self.journal, id) {
            Ok(journal) => return Ok((journal, false)),
            Err(error) => error,
        };
        // The program may have been killed after it replaced the data file and before it renamed the journal.
        match JournalFile::open(&self.new_journal, id) {
            Ok(journal) => Ok((journal, true)),
            Err(_) => Err(error),
        }
    }
}

/// A snapshot and its journal before they replace the current ones.
#[derive(Debug)]
pub(crate) struct NewFiles {
    snapshot: File,
    /// Length of the snapshot.
    length: u64,
    journal: JournalFile,
}

/// An open and locked data file.
#[derive(Debug)]
pub(crate) struct DataFile {
    paths: Paths,
    lock: FileLock,
    journal: JournalFile,
    /// Whether the journal still has to be renamed from its temporary name.
    is_renaming: bool,
    /// Length of the journal at which the data file is compacted.
    compaction_length: u64,
    policy_keys: BTreeMap<String, String>,
}

impl DataFile {
    /// Opens or creates a data file. A truncated last line of the journal is discarded.
    pub(crate) fn open(path: &Path) -> Result<(Self, Saved), DataFileError> {
        // Checked first, so that a refused start creates no file.
        let journal = with_suffix(path, ".journal");
        if !path.try_exists()? && journal.try_exists()? {
            return Err(DataFileError::OnlyJournal(journal));
        }
        let mut lock = FileLock::acquire(path)?;
        // The journal is in the folder of the file itself, not of a symbolic link to it.
        let paths = Paths::of(path.canonicalize()?);
        let mut bytes = Vec::new();
        let mut file = lock.file();
        file.read_to_end(&mut bytes)?;
        let mut saved = if bytes.is_empty() {
            Saved::default()
        } else {
            Saved::parse(&bytes)?
        };
        drop(bytes);
        let (journal, is_renaming) = match saved.journal {
            Some(id) => {
                let (mut journal, is_renaming) = paths.open_journal(id)?;
                journal.replay(&mut saved.services)?;
                (journal, is_renaming)
            }
            None if paths.journal.try_exists()? => return Err(DataFileError::OnlyJournal(paths.journal)),
            None => {
                let new = paths.write_new_files(&Snapshot {
                    journal: Uuid::new_v4(),
                    policy_keys: &saved.policy_keys,
                    services: &[],
                    others: &saved.services,
                })?;
                std::fs::rename(&paths.new_snapshot, &paths.snapshot)?;
                lock.move_to(new.snapshot)?;
                (new.journal, true)
            }
        };
        let mut file = Self {
            paths,
            lock,
            journal,
            is_renaming,
            compaction_length: COMPACTION_THRESHOLD,
            policy_keys: saved.policy_keys.clone(),
        };
        file.finish_renaming()?;
        Ok((file, saved))
    }

    /// Sets the policy keys for the next snapshot.
    pub(crate) fn set_policy_keys(&mut self, keys: BTreeMap<String, String>) {
        self.policy_keys = keys;
    }

    /// Appends a line to the journal and flushes it to disk. After an error, the journal must be [replaced](Self::replace)
    /// before the next line.
    pub(crate) fn append(&mut self, changes: &BTreeMap<&'static str, Vec<StateChange>>) -> io::Result<()> {
        self.journal.append(changes)
    }

    /// Returns whether the journal has outgrown the data file.
    pub(crate) fn needs_compaction(&self) -> bool {
        self.journal.length() > self.compaction_length
    }

    /// Replaces the data file by a snapshot of these services and of `others`, the states of disabled ones, and the
    /// journal by an empty one.
    pub(crate) fn replace(
        &mut self,
        services: &[Arc<dyn StatefulService>],
        others: &Map<String, Value>,
    ) -> io::Result<()> {
        let new = self.write_new_files(services, others)?;
        self.adopt(new, &BTreeMap::new())
    }

    /// Writes a snapshot and an empty journal beside the current ones. See [`durable`](crate::durable) for concurrent
    /// changes.
    pub(crate) fn write_new_files(
        &mut self,
        services: &[Arc<dyn StatefulService>],
        others: &Map<String, Value>,
    ) -> io::Result<NewFiles> {
        // If the compaction fails, the next attempt waits until the journal has grown by the threshold.
        self.compaction_length = self.journal.length().saturating_add(COMPACTION_THRESHOLD);
        // The new journal is written under the temporary name, so the current journal must not have it any more.
        self.finish_renaming()?;
        self.paths.write_new_files(&Snapshot {
            journal: Uuid::new_v4(),
            policy_keys: &self.policy_keys,
            services,
            others,
        })
    }

    /// Appends a line with the changes since the last line to the new journal, and replaces the current files.
    pub(crate) fn adopt(
        &mut self,
        mut new: NewFiles,
        changes: &BTreeMap<&'static str, Vec<StateChange>>,
    ) -> io::Result<()> {
        let appended = if changes.is_empty() {
            Ok(())
        } else {
            new.journal.append(changes)
        };
        appended
            .and_then(|()| std::fs::rename(&self.paths.new_snapshot, &self.paths.snapshot))
            .inspect_err(|_| self.paths.remove_new_files())?;
        self.journal = new.journal;
        self.is_renaming = true;
        self.compaction_length = COMPACTION_THRESHOLD.max(new.length);
        self.lock.move_to(new.snapshot)?;
        self.finish_renaming()
    }

    /// Gives a new journal its name, once the data file that names it is durable.
    fn finish_renaming(&mut self) -> io::Result<()> {
        if self.is_renaming {
            sync_folder(&self.paths.snapshot)?;
            std::fs::rename(&self.paths.new_journal, &self.paths.journal)?;
            self.is_renaming = false;
            sync_folder(&self.paths.snapshot)?;
        }
        Ok(())
    }

    /// Reads the state on disk, without changes whose write failed.
    pub(crate) fn read_state(&mut self) -> Result<Map<String, Value>, DataFileError> {
        let mut services = Saved::parse(&std::fs::read(&self.paths.snapshot)?)?.services;
        self.journal.replay(&mut services)?;
        Ok(services)
    }

    /// Makes writes fail until the next snapshot.
    #[cfg(test)]
    pub(crate) fn make_journal_read_only(&mut self) {
        self.journal.make_read_only(&self.paths.journal);
    }
}
