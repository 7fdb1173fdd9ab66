//! The file of a journal: a header, then one line per write.
//!
//! A line is a checksum, JSON and a line feed. A last line without a line feed was interrupted by a crash; any
//! other line that does not match its checksum was modified after it was written.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::durable::error::DataFileError;
use crate::durable::paths::private;
use crate::durable::state_change::StateChange;

/// The header, which is the first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// The id of the journal, which the data file repeats.
    journal: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<C> {
    /// Position of the line after the header, starting at 1.
    sequence: u64,
    changes: C,
}

/// An open journal.
#[derive(Debug)]
pub(super) struct JournalFile {
    file: File,
    /// Length in bytes up to the end of the last successful write.
    length: u64,
    /// Number of the last line.
    sequence: u64,
}

impl JournalFile {
    /// Creates an empty journal, replacing any file at the path, and flushes it to disk.
    pub(super) fn create(path: &Path, id: Uuid) -> io::Result<Self> {
        drop(private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?);
        let mut file = OpenOptions::new().read(true).append(true).open(path)?;
        let header = encode(&Header { journal: id })?;
        file.write_all(&header)?;
        file.sync_all()?;
        Ok(Self {
            file,
            length: header.len() as u64,
            sequence: 0,
        })
    }

    /// Opens the journal with this id. Its lines are read by [`replay`](Self::replay).
    pub(super) fn open(path: &Path, id: Uuid) -> Result<Self, DataFileError> {
        let missing = || DataFileError::MissingJournal(path.to_owned());
        let file = match OpenOptions::new().read(true).append(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            other => other?,
        };
        let journal = Self {
            length: file.metadata()?.len(),
            file,
            sequence: 0,
        };
        let text = journal.read()?;
        let header = text.split_inclusive(|byte| *byte == b'\n').next();
        let header: Header = decode(header.ok_or_else(missing)?).ok_or(DataFileError::DamagedJournal(1))?;
        if header.journal != id {
            return Err(DataFileError::ForeignJournal(path.to_owned()));
        }
        Ok(journal)
    }

    /// Applies the changes of all lines to the states of services. Removes a line that a crash interrupted; none of its
    /// requests was acknowledged.
    pub(super) fn replay(&mut self, services: &mut Map<String, Value>) -> Result<(), DataFileError> {
        let text = self.read()?;
        let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
        self.sequence = 0;
        for (at, text) in lines.skip(1) {
            if !text.ends_with(b"\n") {
                tracing::warn!(
                    bytes = text.len(),
                    "discarded the truncated last line of the journal"
                );
                self.length -= text.len() as u64;
                self.file.set_len(self.length)?;
                break;
            }
            let line: Line<BTreeMap<String, Vec<StateChange>>> =
                decode(text).ok_or(DataFileError::DamagedJournal(at + 1))?;
            if line.sequence != self.sequence + 1 {
                return Err(DataFileError::MissingLines(at + 1));
            }
            self.sequence = line.sequence;
            for (service, changes) in line.changes {
                let state = services.entry(service).or_insert(Value::Null);
                changes.into_iter().for_each(|change| change.apply_to(state));
            }
        }
        Ok(())
    }

    /// Reads the journal up to its length. A line whose write failed may follow.
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut text = Vec::new();
        file.take(self.length).read_to_end(&mut text)?;
        Ok(text)
    }

    /// Appends a line and flushes it to disk. After an error, no further line may be appended, because the journal
    /// may end in a part of this line.
    pub(super) fn append(&mut self, changes: &BTreeMap<&'static str, Vec<StateChange>>) -> io::Result<()> {
        let sequence = self.sequence + 1;
        let line = encode(&Line { sequence, changes })?;
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // The changes of the failed write must not appear after a restart.
            let removed = self
                .file
                .set_len(self.length)
                .and_then(|()| self.file.sync_data());
            if let Err(error) = removed {
                tracing::warn!(%error, "could not remove a refused line from the journal");
            }
            return Err(error);
        }
        self.sequence = sequence;
        self.length += line.len() as u64;
        Ok(())
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Makes writes fail.
    #[cfg(test)]
    pub(super) fn make_read_only(&mut self, path: &Path) {
        self.file = File::open(path).expect("the journal exists");
    }
}

/// Length of the checksum and the following space.
const CHECKSUM_LENGTH: usize = 9;

fn checksum(json: &[u8]) -> String {
    format!("{:08x} ", crc32fast::hash(json))
}

fn encode(value: &impl Serialize) -> io::Result<Vec<u8>> {
    // A single buffer, because a line may be as long as the state.
    let mut line = vec![b' '; CHECKSUM_LENGTH];
    serde_json::to_writer(&mut line, value)?;
    let (start, json) = line.split_at_mut(CHECKSUM_LENGTH);
    start.copy_from_slice(checksum(json).as_bytes());
    line.push(b'\n');
    Ok(line)
}

/// Parses a line; returns `None` if it does not match its checksum.
fn decode<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let (start, json) = line.strip_suffix(b"\n")?.split_at_checked(CHECKSUM_LENGTH)?;
    if start != checksum(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}
