//! The errors that prevent an emulator from starting.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::digitaltwins::EndpointError;
use crate::error::{PresetError, StateError};
use crate::iothub::ModelsError;
use crate::tls::CertificateError;

/// An error that prevents the start of an emulator.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port could not be bound.
    #[error("could not bind {address} for the {service} endpoint")]
    Bind {
        /// The endpoint: `iothub`, `amqp`, `blobs`, `provisioning`, `digitaltwins` or `management`.
        service: &'static str,
        /// The address and port.
        address: SocketAddr,
        /// The underlying I/O error.
        source: io::Error,
    },
    /// The server certificate could not be created.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The data file could not be opened or loaded.
    #[error("could not open the data file {}: {reason}", path.display())]
    DataFile {
        /// The path of the data file.
        path: PathBuf,
        /// The cause, and the remedy if there is one.
        reason: String,
    },
    /// An endpoint for event routes could not be added.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A name for the certificate is not a valid host name.
    #[error("\"{name}\" is not a valid host name")]
    HostName {
        /// The host name, which for a hub includes the domain.
        name: String,
    },
    /// The blob directory is not a directory.
    #[error("the blob directory {} is not a directory", path.display())]
    BlobDirectory {
        /// The configured path.
        path: PathBuf,
    },
    /// The initial state could not be loaded.
    #[error("could not load the initial state")]
    State(#[from] StateError),
    /// The preset of the hub or the building of Digital Twins could not be loaded.
    #[error("could not load the preset")]
    Preset(#[from] PresetError),
    /// The models of Plug and Play devices could not be read, or are not valid DTDL.
    #[error("could not load the models from {}", path.display())]
    Models {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: ModelsError,
    },
    /// A shared access policy does not exist, or its key is not base64.
    #[error(
        "the shared access policy \"{policy}\" does not exist, or its key is not base64; \
         the policies are iothubowner, service, device, registryRead and registryReadWrite of the hub, \
         provisioningserviceowner, enrollmentRead, enrollmentReadWrite, registrationRead and \
         registrationReadWrite of the provisioning service"
    )]
    PolicyKey {
        /// The policy's name.
        policy: String,
    },
}
