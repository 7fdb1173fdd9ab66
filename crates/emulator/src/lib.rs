//! An emulator of Azure IoT Hub and Azure Digital Twins, in process or as a program.

mod auth;
mod clock;
mod digitaltwins;
mod service;

pub use auth::{AuthError, Authenticator, BearerTokens, Caller, Policies, Policy, Rights};
pub use clock::Clock;
pub use digitaltwins::DigitalTwins;
pub use service::{Refusal, Service, ServiceRequest, ServiceResponse, split_path, split_query};
