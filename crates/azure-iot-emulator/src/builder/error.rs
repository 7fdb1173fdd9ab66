//! Reasons why the emulator does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::digitaltwins::EndpointError;
use crate::error::{PresetError, StateError};
use crate::tls::CertificateError;

/// Reason why the emulator did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Could not bind the port.
    #[error("{service} can't listen on {address}")]
    Bind {
        /// The endpoint: `iothub`, `amqp`, `blobs`, `digitaltwins` or `management`.
        service: &'static str,
        /// The address and port.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Could not create the server certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Could not use the data file.
    #[error("the data file {} can't be used: {reason}", path.display())]
    DataFile {
        /// Its path.
        path: PathBuf,
        /// The error, and the way out if there is one.
        reason: String,
    },
    /// Could not add an endpoint for event routes.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A name for the certificate is not a host name.
    #[error("{name:?} is not a host name")]
    HostName {
        /// The name; for the hub's own name, with its domain.
        name: String,
    },
    /// The directory for blobs of import jobs is something else.
    #[error("the blob directory {} is not a folder", path.display())]
    BlobDirectory {
        /// Its path.
        path: PathBuf,
    },
    /// The initial state was refused.
    #[error("the initial state is refused")]
    State(#[from] StateError),
    /// The preset of the hub or the building of Digital Twins was refused.
    #[error("the preset is refused")]
    Preset(#[from] PresetError),
    /// The name of a policy is unknown, or its key is not base64.
    #[error("the key of the shared access policy {policy:?} is not base64, or there is no such policy")]
    PolicyKey {
        /// The policy's name.
        policy: String,
    },
}
