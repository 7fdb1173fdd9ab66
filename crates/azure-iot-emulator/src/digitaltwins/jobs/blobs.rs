//! Blobs as files: `<directory>/<container>/<blob>`, whatever account a URI names.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::digitaltwins::errors::{self, Answer};

/// A folder with a folder per container.
#[derive(Debug, Clone)]
pub(crate) struct BlobDirectory(pub(crate) PathBuf);

/// Container and blob of a URI, safe to be put behind a folder.
pub(crate) fn place(uri: &str) -> Answer<PathBuf> {
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
    pub(crate) fn open(&self, uri: &str) -> io::Result<BufReader<File>> {
        Ok(BufReader::new(File::open(self.path(uri)?)?))
    }

    /// Replaces a blob. Its container, too, comes into being if it is not there.
    pub(crate) fn write(&self, uri: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(uri)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(path)?.write_all(bytes)
    }

    fn path(&self, uri: &str) -> io::Result<PathBuf> {
        let place = place(uri).map_err(io::Error::other)?;
        Ok(self.0.join(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_lead_nowhere_else() {
        let found = place("https://account.blob.core.windows.net/c/folder/b%20c?sig=x").unwrap();
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
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
