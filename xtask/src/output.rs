//! Compares generated files with those on disk, or replaces them atomically.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// The expected state of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The path of the file.
    pub path: PathBuf,
    /// The expected content; `None` if the file must not exist.
    pub text: Option<String>,
}

impl Output {
    /// Creates the expected state of a file with the given content.
    pub fn new(path: PathBuf, text: String) -> Self {
        Self {
            path,
            text: Some(text),
        }
    }

    /// Returns whether the file differs from its expected state.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn is_stale(&self) -> Result<bool, Error> {
        Ok(current(&self.path)? != self.text.as_deref().map(str::as_bytes).map(<[u8]>::to_vec))
    }
}

fn current(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io {
            file: path.to_owned(),
            source,
        }),
    }
}

/// Returns `files` and, to be removed, every other file in `folder`, which must contain only generated files.
///
/// # Errors
/// If the folder cannot be read.
pub fn whole_folder(folder: &Path, files: Vec<Output>) -> Result<Vec<Output>, Error> {
    let wanted: BTreeSet<_> = files.iter().map(|f| f.path.clone()).collect();
    let mut all = files;
    let found = match std::fs::read_dir(folder) {
        Ok(found) => found,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(all),
        Err(source) => {
            return Err(Error::Io {
                file: folder.to_owned(),
                source,
            });
        }
    };
    for entry in found {
        let path = entry
            .map_err(|source| Error::Io {
                file: folder.to_owned(),
                source,
            })?
            .path();
        if path.is_file() && !wanted.contains(&path) {
            all.push(Output { path, text: None });
        }
    }
    Ok(all)
}

/// Returns the files that differ from their expected state.
///
/// # Errors
/// If a file cannot be read.
pub fn stale(files: &[Output]) -> Result<Vec<PathBuf>, Error> {
    let mut out = Vec::new();
    for file in files {
        if file.is_stale()? {
            out.push(file.path.clone());
        }
    }
    Ok(out)
}

/// Brings all files to their expected state, or none: writes temporary files next to them first, and moves these once all
/// are complete. Returns the files that changed.
///
/// # Errors
/// If a file cannot be written; files already moved are restored.
pub fn replace(files: &[Output]) -> Result<Vec<PathBuf>, Error> {
    let changed = stale(files)?;
    let mut ready = Vec::new();
    for file in files.iter().filter(|f| changed.contains(&f.path)) {
        let fail = |source| Error::Io {
            file: file.path.clone(),
            source,
        };
        let temporary = match &file.text {
            None => None,
            Some(text) => {
                let folder = file.path.parent().unwrap_or(Path::new("."));
                std::fs::create_dir_all(folder).map_err(fail)?;
                let mut temporary = NamedTempFile::new_in(folder).map_err(fail)?;
                temporary.write_all(text.as_bytes()).map_err(fail)?;
                Some(temporary)
            }
        };
        // Read before the first move: from then on only moves can fail, and they are undone.
        ready.push((&file.path, current(&file.path)?, temporary));
    }
    let mut done: Vec<(&Path, Option<Vec<u8>>)> = Vec::new();
    for (path, before, temporary) in ready {
        let moved = match temporary {
            // Temporary files are readable only by their owner; generated files must be readable by everyone.
            Some(temporary) => readable(temporary.path())
                .and_then(|()| temporary.persist(path).map(drop).map_err(|e| e.error)),
            None => std::fs::remove_file(path),
        };
        if let Err(source) = moved {
            restore(done);
            return Err(Error::Io {
                file: path.to_owned(),
                source,
            });
        }
        done.push((path, before));
    }
    Ok(changed)
}

#[cfg(unix)]
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn restore(done: Vec<(&Path, Option<Vec<u8>>)>) {
    for (path, before) in done {
        // The caller reports the first error; an error here adds nothing.
        let _ = match before {
            Some(bytes) => std::fs::write(path, bytes),
            None => std::fs::remove_file(path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_replacement_restores_moved_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a"), "old").unwrap();
        std::fs::write(path("b"), "old").unwrap();
        let removed = |name: &str| Output {
            path: path(name),
            text: None,
        };
        // The second removal of `b` fails after all other changes.
        let outputs = [
            Output::new(path("a"), "new".to_owned()),
            removed("a"),
            Output::new(path("c"), "new".to_owned()),
            removed("b"),
            removed("b"),
        ];
        let error = replace(&outputs).unwrap_err();
        assert!(
            matches!(&error, Error::Io { file, .. } if *file == path("b")),
            "{error}"
        );
        for name in ["a", "b"] {
            assert_eq!(std::fs::read_to_string(path(name)).unwrap(), "old", "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
