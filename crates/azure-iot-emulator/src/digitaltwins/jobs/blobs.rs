//! Blobs as files: `<directory>/<container>/<blob>`. The account in a URI is ignored.
//!
//! Only regular files below the directory are blobs. A symbolic link could lead out of it, and opening a FIFO blocks.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::jobs::blob_reader::BlobReader;

/// The directory of the blobs, with a subdirectory per container; `None` until it is set.
#[derive(Debug, Default)]
pub(crate) struct BlobDirectory(Mutex<Option<PathBuf>>);

/// Returns the container and blob of a URI as a relative path that cannot leave the directory.
pub(crate) fn relative_path(uri: &str) -> ServiceResult<PathBuf> {
    let invalid = || errors::blob_uri_invalid(uri);
    let url = Url::parse(uri).map_err(|_| invalid())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(invalid());
    }
    let segments = url.path_segments().ok_or_else(invalid)?;
    let names: Vec<String> = segments
        .map(|segment| percent_decode_str(segment).decode_utf8().map(Into::into))
        .collect::<Result<_, _>>()
        .map_err(|_| invalid())?;
    let is_name =
        |name: &String| !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\\', ':', '\0']);
    if names.len() < 2 || !names.iter().all(is_name) {
        return Err(invalid());
    }
    Ok(names.iter().collect())
}

impl BlobDirectory {
    pub(crate) fn set(&self, directory: PathBuf) {
        *self.0.lock() = Some(directory);
    }

    /// Opens a blob. Reading it fails once `may_continue` returns false.
    pub(super) fn open<'a>(
        &self,
        uri: &str,
        may_continue: impl Fn() -> bool + 'a,
    ) -> io::Result<BlobReader<'a>> {
        let directory = self.0.lock();
        let (directory, relative_path) = locate(directory.as_deref(), uri)?;
        let path = check_components(directory, &relative_path)?;
        Ok(BlobReader::new(File::open(path)?, may_continue))
    }

    /// Replaces a blob, and creates its container if needed, unless `condition` returns false. No other blob is written
    /// between the call to `condition` and the end of the write.
    pub(super) fn write_if(
        &self,
        uri: &str,
        bytes: &[u8],
        condition: impl FnOnce() -> bool,
    ) -> io::Result<()> {
        let directory = self.0.lock();
        if !condition() {
            return Ok(());
        }
        let (directory, relative_path) = locate(directory.as_deref(), uri)?;
        let path = match check_components(directory, &relative_path) {
            // Removed rather than overwritten, because hard links may give the file other names.
            Ok(path) => fs::remove_file(&path).map(|()| path)?,
            Err(error) if error.kind() == ErrorKind::NotFound => directory.join(relative_path),
            Err(error) => return Err(error),
        };
        if let Some(container) = path.parent() {
            fs::create_dir_all(container)?;
        }
        File::create_new(path)?.write_all(bytes)
    }
}

/// Returns the directory and the path of a blob in it.
fn locate<'a>(directory: Option<&'a Path>, uri: &str) -> io::Result<(&'a Path, PathBuf)> {
    let directory = directory.ok_or_else(|| {
        io::Error::other("no blob directory is set; set one with Builder::blob_directory or --blob-directory")
    })?;
    let relative_path = relative_path(uri).map_err(io::Error::other)?;
    Ok((directory, relative_path))
}

/// Returns the path of a blob in a directory. Returns an error if the blob is not a regular file or one of its
/// parents is not a directory. If a component does not exist, the error is `NotFound`.
fn check_components(directory: &Path, relative_path: &Path) -> io::Result<PathBuf> {
    let mut path = directory.to_owned();
    let mut components = relative_path.components().peekable();
    while let Some(component) = components.next() {
        path.push(component);
        let kind = fs::symlink_metadata(&path)?.file_type();
        let (fits, expected) = match components.peek() {
            Some(_) => (kind.is_dir(), "a folder"),
            None => (kind.is_file(), "a regular file"),
        };
        if !fits {
            let name = name(component);
            let message = format!("\"{name}\" is not {expected}; links and special files are refused");
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
    }
    Ok(path)
}

fn name(component: Component<'_>) -> String {
    component.as_os_str().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn rewound_blob_is_the_opened_file_after_another_one_took_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let container = folder.path().join("c");
        fs::create_dir(&container).unwrap();
        let (path, other) = (container.join("b"), container.join("other"));
        fs::write(&path, "first\n").unwrap();
        fs::write(&other, "second\n").unwrap();
        let blobs = BlobDirectory::default();
        blobs.set(folder.path().to_owned());
        let mut blob = blobs.open("https://h/c/b", || true).unwrap();
        let mut text = String::new();
        blob.read_to_string(&mut text).unwrap();
        fs::rename(&other, &path).unwrap();
        blob.rewind().unwrap();
        blob.read_to_string(&mut text).unwrap();
        assert_eq!(text, "first\nfirst\n");
    }

    #[test]
    fn uris_stay_inside_the_directory() {
        let found = relative_path("https://account.blob.core.windows.net/c/folder/b%20c?sig=x").unwrap();
        assert_eq!(found, ["c", "folder", "b c"].iter().collect::<PathBuf>());
        for bad in [
            "nowhere",
            "/c/b",
            "ftp://h/c/b",
            "https://h/c",
            "https://h/c/",
            "https://h/../b",
            "https://h/c/%2e%2e/%2e%2e/etc",
            "https://h/c/..%2fb",
            "https://h/c//b",
        ] {
            assert!(relative_path(bad).is_err(), "{bad}");
        }
    }
}
