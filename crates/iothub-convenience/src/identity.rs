//! Devices and modules as the identity registry knows them.

mod authentication;
mod connection;
mod device;
mod id;
mod key;
mod module;
mod thumbprint;

pub use authentication::{Authentication, AuthenticationType};
pub use connection::DeviceSasToken;
pub use device::{ConnectionState, Device, DeviceCapabilities, DeviceOptions, DeviceStatus};
pub use id::{IdProblem, InvalidId};
pub use key::{InvalidKey, SymmetricKey, WhichKey};
pub use module::{Module, ModuleOptions};
pub use thumbprint::{InvalidThumbprint, X509Thumbprint};

pub(crate) use device::device_body;
pub(crate) use id::{check_device_id, check_module_id, check_new_module_id};
pub(crate) use module::module_body;
