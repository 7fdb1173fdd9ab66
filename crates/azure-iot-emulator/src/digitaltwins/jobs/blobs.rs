//! Blobs as files: `<directory>/<container>/<blob>`. The account in a URI is ignored.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::digitaltwins::errors::{self, ServiceResult};

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

    pub(super) fn open(&self, uri: &str) -> io::Result<BufReader<File>> {
        let path = path(self.0.lock().as_deref(), uri)?;
        Ok(BufReader::new(File::open(path)?))
    }

    /// Replaces a blob, and creates its container if needed, unless `condition` returns false. No other blob is written
    /// between the call of `condition` and the end of the write.
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
        let path = path(directory.as_deref(), uri)?;
        if let Some(container) = path.parent() {
            fs::create_dir_all(container)?;
        }
        File::create(path)?.write_all(bytes)
    }
}

fn path(directory: Option<&Path>, uri: &str) -> io::Result<PathBuf> {
    let directory = directory.ok_or_else(|| {
        io::Error::other("no blob directory is set; set one with Builder::blob_directory or --blob-directory")
    })?;
    let relative_path = relative_path(uri).map_err(io::Error::other)?;
    Ok(directory.join(relative_path))
}

#[cfg(test)]
mod tests {
    use super::*;

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
