//! Identities of devices and modules, and their credentials.

mod attributes;
mod authentication;
mod connection;
mod device;
mod device_registry;
mod id;
mod identity_id;
mod key;
mod module;
mod thumbprint;

pub use authentication::{Authentication, AuthenticationType, X509CaValidation};
pub use connection::DeviceSasToken;
pub use device::{ConnectionState, CreateOrUpdateDeviceOptions, Device, DeviceCapabilities, DeviceStatus};
pub use device_registry::{AdrDeviceProperties, AdrSystemData, ArmSyncStatus};
pub use id::{IdProblem, InvalidId};
pub use identity_id::IdentityId;
pub use key::{InvalidKey, KeySlot, SymmetricKey};
pub use module::{CreateOrUpdateModuleOptions, Module};
pub use thumbprint::{InvalidThumbprint, X509Thumbprint};

pub(crate) use device::device_body;
pub(crate) use id::{check_device_id, check_module_id, check_new_module_id};
pub(crate) use module::module_body;
