//! The file with the certificate.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// The file with the certificate that clients have to trust. Dropping it removes the file, unless the user named it.
pub(crate) struct CaFile {
    pub(crate) path: PathBuf,
    temporary: bool,
}

impl CaFile {
    /// Writes the certificate to the named file, or to a new one in the temporary folder.
    pub(crate) fn write(wanted: Option<PathBuf>, pem: &str) -> Result<Self, String> {
        let temporary = wanted.is_none();
        let path = wanted.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("iot-emulator-ca-{}.pem", uuid::Uuid::new_v4()))
        });
        let written = if temporary {
            // Fails if the file exists, for instance as a link of another user.
            let file = OpenOptions::new().write(true).create_new(true).open(&path);
            file.and_then(|mut file| file.write_all(pem.as_bytes()))
        } else {
            std::fs::write(&path, pem)
        };
        match written {
            Ok(()) => Ok(Self { path, temporary }),
            Err(error) => Err(format!(
                "the certificate can't be written to {}: {error}",
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
            tracing::warn!(%error, path = %self.path.display(), "could not remove the certificate's file");
        }
    }
}
