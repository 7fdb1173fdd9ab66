//! Errors of data files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// An error of a data file.
#[derive(Debug, Error)]
pub(crate) enum DataFileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("another emulator is using it")]
    InUse,
    #[error("it is not a data file of this version: {0}")]
    NotUnderstood(String),
    #[error(
        "it has format {0}, which this version cannot read; \
         dump the state with the version that wrote it, and start a new data file with that state"
    )]
    OtherFormat(u32),
    #[error(
        "line {0} of its journal is damaged; restore both files from a backup, or remove this line and all later ones \
         to start without their changes"
    )]
    DamagedJournal(usize),
    #[error("lines before line {0} of its journal are missing; restore both files from a backup")]
    MissingLines(usize),
    #[error(
        "its journal {} is missing or empty; restore it, or set \"journal\" to null in the data file \
         to start without the changes since the last compaction",
        .0.display()
    )]
    MissingJournal(PathBuf),
    #[error(
        "{} belongs to another data file or to an older state of this one; restore both files from the same backup, \
         or remove it and set \"journal\" to null in the data file to start without the changes since the last compaction",
        .0.display()
    )]
    ForeignJournal(PathBuf),
    #[error(
        "it is missing or names no journal, but {} exists; restore the data file, or remove the journal \
         to start without its changes",
        .0.display()
    )]
    OnlyJournal(PathBuf),
}
