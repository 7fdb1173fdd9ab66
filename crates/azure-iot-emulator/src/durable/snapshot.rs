//! The content of the data file.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::durable::error::DataFileError;
use crate::durable::paths::private;
use crate::service::StatefulService;
use crate::text::without_byte_order_mark;

const FORMAT: u32 = 2;
/// Write buffer size in bytes.
const BUFFER_SIZE: usize = 256 * 1024;

/// Content of the data file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Saved {
    format: u32,
    /// The id of the journal with the changes since this snapshot; `None` if there is no journal.
    pub(super) journal: Option<Uuid>,
    /// The primary keys of the hub's policies, so that connection strings remain valid.
    pub(crate) policy_keys: BTreeMap<String, String>,
    /// State by service.
    pub(crate) services: Map<String, Value>,
}

/// The format number, the member that data files of every format have.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

impl Saved {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DataFileError> {
        let bytes = without_byte_order_mark(bytes);
        let parsed = serde_json::from_slice::<Self>(bytes);
        let format = match &parsed {
            Ok(saved) => Some(saved.format),
            Err(_) => serde_json::from_slice(bytes)
                .ok()
                .map(|Versioned { format }| format),
        };
        match format {
            Some(format) if format != FORMAT => Err(DataFileError::OtherFormat(format)),
            _ => parsed.map_err(|error| DataFileError::NotUnderstood(error.to_string())),
        }
    }
}

/// The content of a data file to be written. Unlike a [`Saved`], it has the services instead of copies
/// of their states.
pub(super) struct Snapshot<'a> {
    pub(super) journal: Uuid,
    pub(super) policy_keys: &'a BTreeMap<String, String>,
    pub(super) services: &'a [Arc<dyn StatefulService>],
    /// States of disabled services.
    pub(super) others: &'a Map<String, Value>,
}

impl Snapshot<'_> {
    /// Writes a locked file, flushes it to disk, and returns it with its length.
    pub(super) fn write_file(&self, path: &Path) -> io::Result<(File, u64)> {
        let file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
        file.lock()?;
        let mut writer = BufWriter::with_capacity(BUFFER_SIZE, file);
        self.write(&mut writer)?;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    /// Writes one service after the other, without a copy of the whole state in memory.
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let journal = self.journal;
        write!(
            writer,
            "{{\"format\":{FORMAT},\"journal\":\"{journal}\",\"policyKeys\":"
        )?;
        serde_json::to_writer(&mut *writer, self.policy_keys)?;
        writer.write_all(b",\"services\":{")?;
        let mut separator = "";
        for service in self.services {
            write!(writer, "{separator}\"{}\":", service.name())?;
            service.write_state(writer)?;
            separator = ",";
        }
        for (name, state) in self.others {
            write!(writer, "{separator}{}:", Value::from(name.as_str()))?;
            serde_json::to_writer(&mut *writer, state)?;
            separator = ",";
        }
        writer.write_all(b"}}\n")
    }
}
