//! The Device Provisioning Service: enrollments for services, registration for devices.
//!
//! Layers from the bottom up; each uses only those above it in this table:
//!
//! | Layer | Modules |
//! |---|---|
//! | records | `store` |
//! | errors | `errors` |
//! | checks and decisions | `rules` |
//! | instance | `instance`: the lock, the settings and the linked hub; `router`, `rates` |
//! | engines | the modules inside `devices`: attestation, assignment, webhooks |
//! | operations | one file per noun: `enrollments`, `bulk`, `queries`, `registrations`, `devices` |
//! | dispatch | `service`, `manage`, `in_process` |
//!
//! The service assigns devices to the emulator's hub. Tests name the rules of `docs/service-behavior/provisioning.md` by id.

mod bulk;
mod devices;
mod enrollments;
mod errors;
mod in_process;
mod instance;
mod manage;
mod queries;
mod rates;
mod registrations;
mod router;
mod rules;
mod service;
mod store;

pub(crate) use self::instance::LinkedHub;
pub use self::instance::ProvisioningService;
