//! Upserts thousands of twins and relationships, with a progress bar.
//!
//! ```sh
//! cargo run --release -p digitaltwins-convenience --example bulk_upsert
//! ```
//!
//! Runs on an embedded emulator. Set `DIGITALTWINS_ENDPOINT` to run it on a real instance, where the graph remains.
#![allow(clippy::print_stdout, reason = "the program prints what it does")]

mod common;

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use digitaltwins_convenience::{
    BulkProgress, BulkUpsertOptions, DigitalTwin, GraphItem, ProgressCallback, Relationship,
    UploadModelsOptions,
};
use serde::Serialize;
use serde_json::json;

const SENSOR: &str = "dtmi:example:bulk:Sensor;1";
const SENSORS: u32 = 1_000;
const BAR: usize = 40;

#[derive(Serialize)]
struct Sensor {
    position: f64,
}

/// Generates the twins, each with a relationship to the previous twin.
fn graph() -> impl Iterator<Item = Result<GraphItem, digitaltwins_convenience::Error>> {
    (0..SENSORS).flat_map(|n| {
        let sensor = DigitalTwin::new(
            format!("bulk-{n}"),
            SENSOR,
            Sensor {
                position: f64::from(n) / 2.0,
            },
        );
        let before = n.checked_sub(1).map(|before| {
            let (from, to) = (format!("bulk-{n}"), format!("bulk-{before}"));
            GraphItem::relationship(&Relationship::new("next", from, "nextTo", to, ()))
        });
        std::iter::once(GraphItem::twin(&sensor)).chain(before)
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (_emulator, client) = common::connect().await?;
    let model = json!({
        "@context": "dtmi:dtdl:context;3", "@id": SENSOR, "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "position", "schema": "double"},
            {"@type": "Relationship", "name": "nextTo", "target": SENSOR},
        ],
    });
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    client.upload_models(&[model], Some(options)).await?;

    let start = Instant::now();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            let finished = progress.done + progress.failed;
            if finished.is_multiple_of(100) || Some(finished) == progress.total {
                draw(progress, start);
            }
        })),
        ..Default::default()
    };
    let items = graph().collect::<Result<Vec<_>, _>>()?;
    let report = client.bulk_upsert(items, Some(options)).await?;
    println!();
    for (item, error) in report.failed().take(10) {
        println!("{item:?}: {error}");
    }
    match report.failed().count() {
        0 => Ok(()),
        count => Err(format!("{count} items failed").into()),
    }
}

fn draw(progress: &BulkProgress, start: Instant) {
    let finished = progress.done + progress.failed;
    let total = progress.total.unwrap_or(finished);
    let full = finished * BAR / total;
    let rate = finished as f64 / start.elapsed().as_secs_f64();
    print!(
        "\r[{}{}] {} of {total}, {rate:.0} per second, {} failed ",
        "#".repeat(full),
        "-".repeat(BAR - full),
        finished,
        progress.failed,
    );
    // A progress bar that cannot be shown is not an error.
    std::io::stdout().flush().ok();
}
