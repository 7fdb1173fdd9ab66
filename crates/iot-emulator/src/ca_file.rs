//! The CA certificate file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file with the CA certificate that clients must trust. Dropping it removes the file if it is temporary.
pub(crate) struct CaFile {
    /// The absolute path, because clients may run in a different directory.
    pub(crate) path: PathBuf,
    temporary: bool,
}

impl CaFile {
    /// Writes the certificate to the given file or to a new temporary file.
    pub(crate) fn write(wanted: Option<&Path>, pem: &str) -> Result<Self, String> {
        let temporary = wanted.is_none();
        let path = match wanted {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("iot-emulator-ca-{}.pem", uuid::Uuid::new_v4())),
        };
        let path =
            std::path::absolute(&path).map_err(|error| format!("--ca-file {}: {error}", path.display()))?;
        let written = if temporary {
            // Creation fails if the file exists, for example as another user's symbolic link.
            let file = OpenOptions::new().write(true).create_new(true).open(&path);
            file.and_then(|mut file| file.write_all(pem.as_bytes()))
        } else {
            std::fs::write(&path, pem)
        };
        match written {
            Ok(()) => Ok(Self { path, temporary }),
            Err(error) => Err(format!(
                "could not write the CA certificate to {}: {error}",
                path.display()
            )),
        }
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "could not remove the CA certificate file");
        }
    }
}
