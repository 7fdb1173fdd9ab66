//! The files: written so that at any moment a whole state can be read from them.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::changes::StateChange;
use crate::service::Service;

#[cfg(test)]
mod tests;

const FORMAT: u32 = 1;
/// The journal may grow to this many bytes, or to the size of the data file if that is more; by so many more if the data
/// file can't be replaced.
const JOURNAL_SIZE: u64 = 4 * 1024 * 1024;
/// Bytes of the data file that are written at once.
const BUFFER: usize = 256 * 1024;

/// Why a data file can't be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum DataFileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("another emulator uses it")]
    InUse,
    #[error("it is no data file of this version: {0}")]
    NotUnderstood(String),
    #[error("line {0} of its journal is damaged")]
    DamagedJournal(usize),
    #[error("lines before line {0} of its journal are missing")]
    MissingLines(usize),
    #[error(
        "it is gone, but its journal has changes since: put it back, or remove {} to start with nothing",
        .0.display()
    )]
    OnlyJournal(PathBuf),
}

/// What the file holds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Saved {
    format: u32,
    /// The number of the last line of the journal that is part of this.
    sequence: u64,
    /// The primary keys of the hub's policies, so that connection strings stay good.
    pub(crate) policy_keys: BTreeMap<String, String>,
    /// State by service.
    pub(crate) services: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<C> {
    sequence: u64,
    changes: C,
}

/// An open data file, which nobody else can open.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    journal: File,
    journal_length: u64,
    /// When the journal is longer than this, it is time to replace the data file.
    journal_limit: u64,
    sequence: u64,
    policy_keys: BTreeMap<String, String>,
}

impl DataFile {
    /// Opens or creates a data file. A write that was cut short is as if it had never begun.
    pub(crate) fn open(path: &Path) -> Result<(Self, Saved), DataFileError> {
        let journal_path = with_suffix(path, ".journal");
        let journal = private(OpenOptions::new().read(true).append(true).create(true)).open(&journal_path)?;
        match journal.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataFileError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut saved = match std::fs::read(path) {
            Ok(bytes) => {
                let saved: Saved = serde_json::from_slice(&bytes)
                    .map_err(|error| DataFileError::NotUnderstood(error.to_string()))?;
                if saved.format != FORMAT {
                    return Err(DataFileError::NotUnderstood(format!("format {}", saved.format)));
                }
                saved
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A start writes the whole state before the first line.
                if journal.metadata()?.len() > 0 {
                    return Err(DataFileError::OnlyJournal(journal_path));
                }
                Saved {
                    format: FORMAT,
                    ..Saved::default()
                }
            }
            Err(error) => return Err(error.into()),
        };
        let mut file = Self {
            path: path.to_owned(),
            journal,
            journal_length: 0,
            journal_limit: JOURNAL_SIZE,
            sequence: saved.sequence,
            policy_keys: saved.policy_keys.clone(),
        };
        file.replay(&mut saved)?;
        Ok((file, saved))
    }

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
                    // The first line may be as old as it likes, those after it have one number after the other.
                    let follows = match last.replace(parsed.sequence) {
                        None => parsed.sequence <= self.sequence.saturating_add(1),
                        Some(last) => parsed.sequence == last.saturating_add(1),
                    };
                    if !follows {
                        return Err(DataFileError::MissingLines(at + 1));
                    }
                    // Lines that the data file has taken in already stay if emptying the journal was cut short.
                    if parsed.sequence > self.sequence {
                        self.sequence = parsed.sequence;
                        for (service, changes) in parsed.changes {
                            let state = saved.services.entry(service).or_insert(Value::Null);
                            changes.into_iter().for_each(|change| change.apply_to(state));
                        }
                    }
                }
                // The last write was cut short, so nobody was told that it succeeded.
                _ if lines.peek().is_none() => {
                    tracing::warn!(
                        bytes = line.len(),
                        "the journal's last line is not whole and left out"
                    );
                    self.journal.set_len(self.journal_length)?;
                }
                _ => return Err(DataFileError::DamagedJournal(at + 1)),
            }
        }
        Ok(())
    }

    /// The keys to be written with the next whole state.
    pub(crate) fn set_policy_keys(&mut self, keys: BTreeMap<String, String>) {
        self.policy_keys = keys;
    }

    /// Adds a line to the journal. On an error the journal is as it was, as far as that is possible.
    pub(crate) fn append(&mut self, changes: &BTreeMap<&'static str, Vec<StateChange>>) -> io::Result<()> {
        // A number is never used twice, so that not even what a failed write left behind comes after a whole state.
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

    /// Whether it is time to replace the data file.
    pub(crate) fn wants_whole(&self) -> bool {
        self.journal_length > self.journal_limit
    }

    /// Replaces the data file by the state of these services and of `others` that are not there, and empties the
    /// journal. See [`durable`](super) for what the services may do meanwhile.
    pub(crate) fn replace(
        &mut self,
        services: &[Arc<dyn Service>],
        others: &Map<String, Value>,
    ) -> io::Result<()> {
        // Unless all goes well.
        self.journal_limit = self.journal_length.saturating_add(JOURNAL_SIZE);
        let temporary = with_suffix(&self.path, ".new");
        let written = self.write_beside(&temporary, services, others);
        let length = match written.and_then(|length| std::fs::rename(&temporary, &self.path).map(|()| length))
        {
            Ok(length) => length,
            Err(error) => {
                // The disk may be full, and this would hold on to what is left of it.
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
        self.journal_limit = JOURNAL_SIZE.max(length);
        self.journal.sync_all()
    }

    /// Writes the whole state to a file, which is on the disk then; returns its length.
    fn write_beside(
        &self,
        temporary: &Path,
        services: &[Arc<dyn Service>],
        others: &Map<String, Value>,
    ) -> io::Result<u64> {
        let file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(temporary)?;
        let mut writer = BufWriter::with_capacity(BUFFER, file);
        self.write_whole(&mut writer, services, others)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        Ok(writer.get_ref().metadata()?.len())
    }

    /// Writes what [`Saved`] reads, one service after the other, so that no state is in memory as JSON.
    fn write_whole(
        &self,
        writer: &mut impl Write,
        services: &[Arc<dyn Service>],
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

/// The files hold keys, so they are for their owner alone.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// A rename is on the disk once its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
