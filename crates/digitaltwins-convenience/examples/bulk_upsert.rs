//! Thousands of twins and relationships, with a progress bar.
//!
//! ```sh
//! cargo run --release -p digitaltwins-convenience --example bulk_upsert
//! ```
//!
//! Runs on an embedded emulator. Set `DIGITALTWINS_ENDPOINT` to run it on a real instance; it leaves the graph there.
#![allow(clippy::print_stdout, reason = "the program prints what it does")]

mod common;

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use digitaltwins_convenience::{
    BulkProgress, BulkUpsertOptions, DigitalTwin, GraphItem, ProgressCallback, Relationship,
    UploadModelsOptions,
};
use futures::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;

const SENSOR: &str = "dtmi:example:bulk:Sensor;1";
const SENSORS: u64 = 1_000;
const BAR: u64 = 40;

#[derive(Serialize)]
struct Sensor {
    position: f64,
}

/// The twins, and for each a relationship to the next. The stream is read as requests finish, so it may be of any length.
fn graph() -> impl Iterator<Item = Result<GraphItem, digitaltwins_convenience::Error>> {
    (0..SENSORS).flat_map(|n| {
        let sensor = DigitalTwin::new(
            format!("bulk-{n}"),
            SENSOR,
            Sensor {
                position: n as f64 / 2.0,
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

    let total = 2 * SENSORS - 1;
    let start = Instant::now();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            if progress.completed().is_multiple_of(100) || progress.completed() == total {
                draw(progress, total, start);
            }
        })),
        ..Default::default()
    };
    let items = stream::iter(graph().filter_map(Result::ok));
    let mut outcomes = client.bulk_upsert(items, Some(options))?;
    let mut failures = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        if let Err(error) = outcome.result {
            failures.push((outcome.index, error));
        }
    }
    println!();
    for (index, error) in failures.iter().take(10) {
        println!("item {index}: {error}");
    }
    if !failures.is_empty() {
        return Err(format!("{} items are not stored", failures.len()).into());
    }
    Ok(())
}

fn draw(progress: &BulkProgress, total: u64, start: Instant) {
    let full = (progress.completed() * BAR / total) as usize;
    let rate = progress.completed() as f64 / start.elapsed().as_secs_f64();
    print!(
        "\r[{}{}] {} of {total}, {rate:.0} a second, {} at once, {} times slowed down ",
        "#".repeat(full),
        "-".repeat(BAR as usize - full),
        progress.completed(),
        progress.concurrency,
        progress.throttled,
    );
    // A progress bar that cannot be shown is not an error.
    std::io::stdout().flush().ok();
}
