//! The service API of Azure IoT Hub.
//!
//! Layers from the bottom up; each uses only those above it in this table:
//!
//! | Layer | Modules |
//! |---|---|
//! | records | `store` |
//! | errors | `codes`, `errors` |
//! | checks and patches | `rules` |
//! | engines | the modules inside `registry`, `query`, `configurations`, `device`, `messaging`, `jobs`, `transfers`, `digital_twins` |
//! | hub | `hub`: the locks and the state behind them, with `models`, `router`, `throttle` and `tier` |
//! | operations | one file per noun, such as `devices` and `twins`; nothing imports them |
//! | dispatch | `service`, `manage` |
//!
//! Engines with background tasks, such as the job workers, also use the hub, but no operations.
//!
//! Tests name the rules of `docs/service-behavior/iothub.md` by id.

mod assignments;
mod blobs;
mod bulk;
mod codes;
mod configurations;
mod device;
mod device_endpoints;
mod devices;
mod digital_twins;
mod errors;
mod hub;
mod in_process;
mod jobs;
mod keys;
mod manage;
mod messaging;
mod methods;
mod models;
mod modules;
mod preset;
mod query;
mod registry;
mod router;
mod rules;
mod service;
mod statistics;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod tier;
mod transfers;
mod twins;

pub(crate) use self::blobs::Blobs;
pub(crate) use self::codes::Code;
pub use self::device::error::DeviceError;
pub use self::device::scripts::MethodScript;
pub(crate) use self::errors::HubError;
pub use self::hub::IotHub;
pub use self::models::ModelsError;
pub use self::store::message::{
    Acknowledgement, CloudToDeviceMessage, FileNotification, ReceivedMessage, Settlement,
};
pub(crate) use self::store::notifications::{Notification, NotificationKind};
pub use self::tier::{Tier, TierError};
