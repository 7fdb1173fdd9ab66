//! Generated files on disk: compared, or replaced all together.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// A file as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// What it should hold; `None` if it should not be there.
    pub text: Option<String>,
}

impl Output {
    /// A file with this text.
    pub fn new(path: PathBuf, text: String) -> Self {
        Self {
            path,
            text: Some(text),
        }
    }

    fn is_stale(&self) -> Result<bool, Error> {
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

/// The files of a folder that holds nothing but generated files: those given, and those that should go.
///
/// # Errors
/// When the folder cannot be read.
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

/// The files that are not as they should be.
///
/// # Errors
/// When one cannot be read.
pub fn stale(files: &[Output]) -> Result<Vec<PathBuf>, Error> {
    let mut out = Vec::new();
    for file in files {
        if file.is_stale()? {
            out.push(file.path.clone());
        }
    }
    Ok(out)
}

/// Makes all files as they should be, or leaves all as they are: the new texts are first written next to their places
/// and moved there when every one of them is complete. Gives the files that changed.
///
/// # Errors
/// When a file cannot be written; what had been moved by then is put back.
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
        // Read before anything moves: from then on only a move can fail, and moves are taken back.
        ready.push((&file.path, current(&file.path)?, temporary));
    }
    let mut done: Vec<(&Path, Option<Vec<u8>>)> = Vec::new();
    for (path, before, temporary) in ready {
        let moved = match temporary {
            // A temporary file is private; a source file is not.
            Some(temporary) => readable(temporary.path())
                .and_then(|()| temporary.persist(path).map(drop).map_err(|e| e.error)),
            None => std::fs::remove_file(path),
        };
        if let Err(source) = moved {
            put_back(done);
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

fn put_back(done: Vec<(&Path, Option<Vec<u8>>)>) {
    for (path, before) in done {
        // The first error is the one to report; a second one here cannot be helped.
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
    fn what_had_moved_is_put_back_as_it_was_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a"), "old").unwrap();
        std::fs::write(path("b"), "old").unwrap();
        let gone = |name: &str| Output {
            path: path(name),
            text: None,
        };
        // What cannot be removed a second time fails when everything else is done.
        let outputs = [
            Output::new(path("a"), "new".to_owned()),
            gone("a"),
            Output::new(path("c"), "new".to_owned()),
            gone("b"),
            gone("b"),
        ];
        let said = replace(&outputs).unwrap_err();
        assert!(
            matches!(&said, Error::Io { file, .. } if *file == path("b")),
            "{said}"
        );
        for name in ["a", "b"] {
            assert_eq!(std::fs::read_to_string(path(name)).unwrap(), "old", "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
