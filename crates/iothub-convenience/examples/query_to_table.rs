//! Queries a hub with bound values and prints the rows as a table.
//!
//! ```sh
//! cargo run -p iothub-convenience --example query_to_table
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod common;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use common::{Failure, Hub};
use futures::TryStreamExt;
use iothub_convenience::query::{Query, column, count, tag};
use iothub_convenience::{RegistryEntry, Twin, TwinPatch};
use serde::Deserialize;

const SITES: [&str; 3] = ["oslo", "rome", "l'aquila"];

/// A row of the second query.
#[derive(Debug, Deserialize)]
struct PerSite {
    site: String,
    devices: u32,
}

fn id(number: usize) -> String {
    format!("sensor-{number:02}")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete((0..12).map(id)).await?;
    let entries = (0..12).map(|number| {
        let patch = TwinPatch::new()
            .set_tag("site", SITES[number % 3])
            .set_tag("floor", number / 3);
        RegistryEntry::create(id(number)).with_twin(patch)
    });
    let report = hub.client.bulk_create_or_update_devices(entries, None).await?;
    println!("{} devices are registered", report.done().count());

    // The value is bound, so untrusted input cannot change the query.
    let query = Query::select_all()
        .from_devices()
        .filter(tag("site").eq("l'aquila"))
        .build()?;
    println!("\n{query}");
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_header(["device", "floor", "desired version"]);
    let mut twins = hub.client.query_iot_hub::<Twin>(&query, None)?;
    while let Some(twin) = twins.try_next().await? {
        let floor = twin.tags.get("floor").map(ToString::to_string);
        let version = twin
            .properties
            .desired
            .version()
            .map(|version| version.to_string());
        table.add_row([twin.device_id, floor, version].map(Option::unwrap_or_default));
    }
    println!("{table}");

    let query = Query::select([column("tags.site").named("site"), count().named("devices")])
        .from_devices()
        .group_by(["tags.site"])
        .build()?;
    println!("\n{query}");
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_header(["site", "devices"]);
    let mut rows = hub.client.query_iot_hub::<PerSite>(&query, None)?;
    while let Some(row) = rows.try_next().await? {
        table.add_row([row.site, row.devices.to_string()]);
    }
    println!("{table}");
    hub.delete((0..12).map(id)).await
}
