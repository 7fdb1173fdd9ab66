//! Why the emulator did not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::digitaltwins::EndpointError;
use crate::tls::CertificateError;

/// Why the emulator did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port can't be had.
    #[error("{service} can't listen on {address}")]
    Bind {
        /// Which endpoint.
        service: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The data file can't be used.
    #[error("the data file {} can't be used: {reason}", path.display())]
    DataFile {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An endpoint for event routes can't be had.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A name that the certificate should be for is no host name.
    #[error("{name:?} is not a host name")]
    HostName {
        /// The name, for the hub's own one with its domain.
        name: String,
    },
    /// What import jobs should find their blobs in is something else than a folder.
    #[error("the blob directory {} is not a folder", path.display())]
    BlobDirectory {
        /// Its path.
        path: PathBuf,
    },
    /// The state to start with is not understood.
    #[error("the state: {0}")]
    State(String),
    /// The preset of the hub is not understood, or that of Digital Twins does not go in.
    #[error("the preset: {0}")]
    Preset(String),
    /// A preset policy has a name that no hub has, or a key that is not base64.
    #[error("the key of the shared access policy {policy:?} is not base64, or there is no such policy")]
    PolicyKey {
        /// The policy's name.
        policy: String,
    },
}
