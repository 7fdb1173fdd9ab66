//! Tests of the client against the emulator, over TLS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bulk;
mod configurations;
mod digital_twins;
mod errors;
mod jobs;
mod messages;
mod methods;
mod queries;
mod registry;
mod twins;

use iothub_convenience::Precondition;

use setup::hub;

mod setup {
    include!("hub.rs");

    pub(crate) async fn hub(
        devices: &[&str],
    ) -> (
        azure_iot_emulator::Emulator,
        iothub_convenience::IotHubRegistryManager,
    ) {
        emulated_hub(devices).await.unwrap()
    }
}

const ANY: Precondition = Precondition::Unconditional;

/// Returns the precondition for an ETag.
fn if_match(etag: Option<azure_core::http::Etag>) -> Precondition {
    Precondition::IfMatch(etag.unwrap())
}
