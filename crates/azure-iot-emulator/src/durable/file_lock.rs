//! The lock of a data file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::durable::error::DataFileError;
use crate::durable::paths::private;

/// A lock on the data file itself, so that it applies to all names of the file.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
    /// Replaced data files that still exist under another name, a hard link.
    linked: Vec<File>,
}

impl FileLock {
    /// Opens or creates a file and locks it.
    pub(super) fn acquire(path: &Path) -> Result<Self, DataFileError> {
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = private(&mut options).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(DataFileError::InUse),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            // The file may have been replaced between opening and locking.
            if is_same_file(&file, path)? {
                let linked = Vec::new();
                return Ok(Self { file, linked });
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Switches to `file`, which is locked and has replaced the data file on disk. The replaced file stays locked if it
    /// still has another name.
    pub(super) fn move_to(&mut self, file: File) -> io::Result<()> {
        let replaced = std::mem::replace(&mut self.file, file);
        if has_other_names(&replaced)? {
            self.linked.push(replaced);
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        found => Ok(id(found?) == id(file.metadata()?)),
    }
}

#[cfg(not(unix))]
fn is_same_file(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Returns whether a replaced file still has a name.
#[cfg(unix)]
fn has_other_names(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn has_other_names(_file: &File) -> io::Result<bool> {
    Ok(false)
}
