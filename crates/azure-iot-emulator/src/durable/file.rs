//! The data file and its journal. They contain a complete state at any time.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::durable::state_change::StateChange;
use crate::service::StatefulService;

#[cfg(test)]
mod tests;

const FORMAT: u32 = 1;
/// Minimum length of the journal for compaction; the length of the data file, if larger, is used instead. After a failed
/// compaction, the journal must grow by this much again.
const COMPACTION_THRESHOLD: u64 = 4 * 1024 * 1024;
/// Write buffer size in bytes.
const BUFFER_SIZE: usize = 256 * 1024;

/// An error of a data file.
#[derive(Debug, Error)]
pub(crate) enum DataFileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("another emulator is using it")]
    InUse,
    #[error("it is not a data file of this version: {0}")]
    NotUnderstood(String),
    #[error("line {0} of its journal is damaged")]
    DamagedJournal(usize),
    #[error("lines before line {0} of its journal are missing")]
    MissingLines(usize),
    #[error(
        "it does not exist, but its journal has changes; restore it, or remove {} to start empty",
        .0.display()
    )]
    OnlyJournal(PathBuf),
}

/// Content of the data file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Saved {
    format: u32,
    /// Sequence number of the last included journal line.
    sequence: u64,
    /// The primary keys of the hub's policies, so that connection strings remain valid.
    pub(crate) policy_keys: BTreeMap<String, String>,
    /// State by service.
    pub(crate) services: Map<String, Value>,
}

impl Saved {
    fn parse(bytes: &[u8]) -> Result<Self, DataFileError> {
        let saved: Self =
            serde_json::from_slice(bytes).map_err(|error| DataFileError::NotUnderstood(error.to_string()))?;
        if saved.format != FORMAT {
            return Err(DataFileError::NotUnderstood(format!("format {}", saved.format)));
        }
        Ok(saved)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<C> {
    sequence: u64,
    changes: C,
}

/// An open and locked data file.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    journal: File,
    journal_length: u64,
    /// Length of the journal at which the data file is compacted.
    compaction_length: u64,
    sequence: u64,
    policy_keys: BTreeMap<String, String>,
}

impl DataFile {
    /// Opens or creates a data file. A truncated last line of the journal is discarded.
    pub(crate) fn open(path: &Path) -> Result<(Self, Saved), DataFileError> {
        let journal_path = with_suffix(path, ".journal");
        let journal = private(OpenOptions::new().read(true).append(true).create(true)).open(&journal_path)?;
        match journal.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataFileError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut saved = match std::fs::read(path) {
            Ok(bytes) => Saved::parse(&bytes)?,
            // The first start writes a snapshot before the first line.
            Err(error) if error.kind() == io::ErrorKind::NotFound && journal.metadata()?.len() > 0 => {
                return Err(DataFileError::OnlyJournal(journal_path));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Saved {
                format: FORMAT,
                ..Saved::default()
            },
            Err(error) => return Err(error.into()),
        };
        let mut file = Self {
            path: path.to_owned(),
            journal,
            journal_length: 0,
            compaction_length: COMPACTION_THRESHOLD,
            sequence: saved.sequence,
            policy_keys: saved.policy_keys.clone(),
        };
        file.replay(&mut saved)?;
        Ok((file, saved))
    }

    /// Applies the lines of the journal that the snapshot does not include.
    fn replay(&mut self, saved: &mut Saved) -> Result<(), DataFileError> {
        let mut text = Vec::new();
        self.journal.read_to_end(&mut text)?;
        let mut lines = text.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
        let mut last = None;
        while let Some((at, line)) = lines.next() {
            let whole = line.ends_with(b"\n");
            let parsed = serde_json::from_slice::<Line<BTreeMap<String, Vec<StateChange>>>>(line);
            match parsed {
                Ok(parsed) if whole => {
                    self.journal_length += line.len() as u64;
                    // The snapshot may include the first line; sequence numbers have no gaps after it.
                    let follows = match last.replace(parsed.sequence) {
                        None => parsed.sequence <= self.sequence.saturating_add(1),
                        Some(last) => parsed.sequence == last.saturating_add(1),
                    };
                    if !follows {
                        return Err(DataFileError::MissingLines(at + 1));
                    }
                    // Included lines remain if the program was killed before it truncated the journal.
                    if parsed.sequence > self.sequence {
                        self.sequence = parsed.sequence;
                        for (service, changes) in parsed.changes {
                            let state = saved.services.entry(service).or_insert(Value::Null);
                            changes.into_iter().for_each(|change| change.apply_to(state));
                        }
                    }
                }
                // A truncated last write, whose requests were not acknowledged.
                _ if lines.peek().is_none() => {
                    tracing::warn!(
                        bytes = line.len(),
                        "discarded the truncated last line of the journal"
                    );
                    self.journal.set_len(self.journal_length)?;
                }
                _ => return Err(DataFileError::DamagedJournal(at + 1)),
            }
        }
        Ok(())
    }

    /// Sets the keys for the next snapshot.
    pub(crate) fn set_policy_keys(&mut self, keys: BTreeMap<String, String>) {
        self.policy_keys = keys;
    }

    /// Appends a line to the journal and flushes it to disk. On an error, truncates the journal to its old length.
    pub(crate) fn append(&mut self, changes: &BTreeMap<&'static str, Vec<StateChange>>) -> io::Result<()> {
        // Numbers are never reused, so that remains of a failed write are not mistaken for the next line.
        self.sequence += 1;
        let line = Line {
            sequence: self.sequence,
            changes,
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        let written = self
            .journal
            .write_all(&bytes)
            .and_then(|()| self.journal.sync_data());
        if let Err(error) = written {
            self.journal.set_len(self.journal_length)?;
            return Err(error);
        }
        self.journal_length += bytes.len() as u64;
        Ok(())
    }

    /// Returns whether the journal has outgrown the data file.
    pub(crate) fn needs_compaction(&self) -> bool {
        self.journal_length > self.compaction_length
    }

    /// Replaces the data file by a snapshot of these services and of `others`, the states of disabled ones, and truncates
    /// the journal. See [`durable`](crate::durable) for concurrent changes.
    pub(crate) fn replace(
        &mut self,
        services: &[Arc<dyn StatefulService>],
        others: &Map<String, Value>,
    ) -> io::Result<()> {
        // Applies if the compaction fails.
        self.compaction_length = self.journal_length.saturating_add(COMPACTION_THRESHOLD);
        let temporary = with_suffix(&self.path, ".new");
        let written = self.write_temporary(&temporary, services, others);
        let length = match written.and_then(|length| std::fs::rename(&temporary, &self.path).map(|()| length))
        {
            Ok(length) => length,
            Err(error) => {
                // The disk may be full, so the temporary file is removed.
                if let Err(error) = std::fs::remove_file(&temporary)
                    && error.kind() != io::ErrorKind::NotFound
                {
                    tracing::warn!(%error, "{} stays", temporary.display());
                }
                return Err(error);
            }
        };
        sync_folder(&self.path)?;
        self.journal.set_len(0)?;
        self.journal_length = 0;
        self.compaction_length = COMPACTION_THRESHOLD.max(length);
        self.journal.sync_all()
    }

    /// Writes a snapshot to a file, flushes it to disk, and returns its length.
    fn write_temporary(
        &self,
        temporary: &Path,
        services: &[Arc<dyn StatefulService>],
        others: &Map<String, Value>,
    ) -> io::Result<u64> {
        let file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(temporary)?;
        let mut writer = BufWriter::with_capacity(BUFFER_SIZE, file);
        self.write_snapshot(&mut writer, services, others)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        Ok(writer.get_ref().metadata()?.len())
    }

    /// Writes a [`Saved`] service by service, without a copy of the state in memory.
    fn write_snapshot(
        &self,
        writer: &mut impl Write,
        services: &[Arc<dyn StatefulService>],
        others: &Map<String, Value>,
    ) -> io::Result<()> {
        let (format, sequence) = (FORMAT, self.sequence);
        write!(
            writer,
            "{{\"format\":{format},\"sequence\":{sequence},\"policyKeys\":"
        )?;
        serde_json::to_writer(&mut *writer, &self.policy_keys)?;
        writer.write_all(b",\"services\":{")?;
        let mut separator = "";
        for service in services {
            write!(writer, "{separator}\"{}\":", service.name())?;
            service.write_state(writer)?;
            separator = ",";
        }
        for (name, state) in others {
            write!(writer, "{separator}{}:", Value::from(name.as_str()))?;
            serde_json::to_writer(&mut *writer, state)?;
            separator = ",";
        }
        writer.write_all(b"}}\n")
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Restricts a file to its owner, because the files contain keys.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes a rename durable.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
