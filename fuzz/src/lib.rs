//! Support for the fuzz targets in `targets/`. `cargo xtask fuzz` builds and runs them.

use std::path::{Path, PathBuf};

use azure_iot_emulator::{ServiceRequest, ServiceResponse};
use http::header::{HeaderName, HeaderValue};
use http::{Method, header};
use tempfile::TempDir;

/// Creates a folder in memory, where the system has one, because targets write files on every execution.
pub fn scratch_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    folder.expect("a temporary folder can be created")
}

/// A temporary file whose content is replaced on every execution.
pub struct ScratchFile {
    path: PathBuf,
    _folder: TempDir,
}

impl ScratchFile {
    /// Creates a folder for the file.
    pub fn new(name: &str) -> Self {
        let folder = scratch_folder();
        Self {
            path: folder.path().join(name),
            _folder: folder,
        }
    }

    /// Replaces the content and returns the path.
    pub fn write(&self, content: &[u8]) -> &Path {
        std::fs::write(&self.path, content).expect("the folder is writable");
        &self.path
    }
}

/// Creates a request with a body that need not be JSON. Panics if the path is not valid.
pub fn request(method: Method, path: &str, body: &[u8]) -> ServiceRequest {
    let mut request = ServiceRequest::new(method, path).expect("the path is valid");
    request.body = body.to_vec().into();
    request.with_header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
}

/// Adds a header, or returns `None` if the value cannot be sent.
pub fn with_header(request: ServiceRequest, name: HeaderName, value: &str) -> Option<ServiceRequest> {
    Some(request.with_header(name, HeaderValue::from_str(value).ok()?))
}

/// Panics if the emulator failed, rather than refused a request.
pub fn assert_handled(response: &ServiceResponse) {
    let status = response.status.as_u16();
    assert!(
        status < 500 || status == 501,
        "{status}: {}",
        String::from_utf8_lossy(&response.body)
    );
}
