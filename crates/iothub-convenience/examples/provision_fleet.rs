//! Registers a fleet of devices with keys and tags, sees what became of each, and gives out connection strings.
//!
//! ```sh
//! cargo run -p iothub-convenience --example provision_fleet
//! ```
#![allow(
    clippy::print_stdout,
    reason = "telling what it does is what an example is for"
)]

mod common;

use common::{Failure, Hub};
use iothub_convenience::{DeviceStatus, RegistryEntry, SymmetricKey, TwinPatch, WhichKey};

const DEVICES: usize = 250;

fn id(number: usize) -> String {
    format!("fleet-{number:03}")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete((0..DEVICES).map(id)).await?;

    // One of them is there already, so that there is a failure to see.
    let keys = SymmetricKey::generate()?;
    hub.client
        .create_device_with_sas(&id(7), keys, DeviceStatus::Enabled, None)
        .await?;

    let mut entries = Vec::new();
    for number in 0..DEVICES {
        let site = if number % 2 == 0 { "oslo" } else { "rome" };
        entries.push(
            RegistryEntry::create(id(number))
                .with_sas(SymmetricKey::generate()?)
                .with_twin(TwinPatch::new().set_tag("site", site).set_desired("interval", 60)),
        );
    }

    let report = hub.client.bulk_create_or_update_devices(entries, None).await;
    println!("{} devices are registered", report.done().count());
    for (entry, failure) in report.failed() {
        println!("{} failed: {failure}", entry.device_id());
    }
    if let Some(error) = &report.stopped_by {
        println!("stopped by: {error}");
    }
    let unfinished = report.into_unfinished();
    println!("{} are to be done again", unfinished.len());

    let device = hub.client.get_device(&id(0)).await?.into_model()?;
    let connection_string = hub.client.device_connection_string(&device, WhichKey::Primary)?;
    // It holds a key, so only the harmless part is shown.
    let (harmless, _) = connection_string
        .secret()
        .split_once(";SharedAccessKey=")
        .unwrap_or_default();
    println!("{} connects with {harmless};SharedAccessKey=…", device.device_id);

    hub.delete((0..DEVICES).map(id)).await
}
