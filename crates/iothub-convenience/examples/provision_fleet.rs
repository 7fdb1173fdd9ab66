//! Registers a fleet of devices with keys and tags, reports the outcome of each, and returns connection strings.
//!
//! ```sh
//! cargo run -p iothub-convenience --example provision_fleet
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod common;

use common::{Failure, Hub};
use iothub_convenience::{DeviceStatus, KeySlot, RegistryEntry, SymmetricKey, TwinPatch};

const DEVICES: usize = 250;

fn id(number: usize) -> String {
    format!("fleet-{number:03}")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete((0..DEVICES).map(id)).await?;

    // One device already exists, which demonstrates a failure.
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

    let report = hub.client.bulk_create_or_update_devices(entries, None).await?;
    println!("{} devices are registered", report.done().count());
    for (entry, failure) in report.failed() {
        println!("{} failed: {failure}", entry.device_id());
    }
    if let Some(error) = &report.stopped_by {
        println!("stopped by: {error}");
    }
    let unfinished = report.into_unfinished();
    println!("{} are unfinished", unfinished.len());

    let device = hub.client.get_device(&id(0)).await?.into_model()?;
    let connection_string = hub.client.device_connection_string(&device, KeySlot::Primary)?;
    // Prints only the part without the key.
    let (public, _) = connection_string
        .secret()
        .split_once(";SharedAccessKey=")
        .unwrap_or_default();
    println!("{} connects with {public};SharedAccessKey=…", device.device_id);

    hub.delete((0..DEVICES).map(id)).await
}
