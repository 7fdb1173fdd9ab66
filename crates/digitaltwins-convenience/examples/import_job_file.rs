//! Writes and validates a file for an import job, and imports it if a blob is configured.
//!
//! ```sh
//! cargo run -p digitaltwins-convenience --example import_job_file
//! ```
//!
//! Without environment variables, it only writes and validates the file. To import it, copy the file to a blob that the
//! identity of your instance can read, and set `DIGITALTWINS_ENDPOINT`, `IMPORT_INPUT_BLOB` and `IMPORT_OUTPUT_BLOB`.
#![allow(clippy::print_stdout, reason = "the program prints what it does")]

mod common;

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter};

use digitaltwins_convenience::{DigitalTwin, ImportFileValidator, ImportFileWriter, Relationship};
use futures::TryStreamExt;
use serde::Serialize;
use serde_json::json;

const ROOM: &str = "dtmi:example:import:Room;1";

#[derive(Serialize)]
struct Room {
    number: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let path = std::env::temp_dir().join(format!("digital-twins-import-{}.ndjson", std::process::id()));
    let mut file = ImportFileWriter::new(BufWriter::new(File::create(&path)?), "the example", "Contoso")?;
    file.model(json!({
        "@context": "dtmi:dtdl:context;3", "@id": ROOM, "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "number", "schema": "integer"},
            {"@type": "Relationship", "name": "leadsTo", "target": ROOM},
        ],
    }))?;
    for number in 1..=1000 {
        file.twin(&DigitalTwin::new(format!("room-{number}"), ROOM, Room { number }))?;
    }
    for number in 2..=1000 {
        let (from, to) = (format!("room-{}", number - 1), format!("room-{number}"));
        file.relationship(&Relationship::new(
            format!("door-{number}"),
            from,
            "leadsTo",
            to,
            (),
        ))?;
    }
    drop(file.finish()?);

    let report = ImportFileValidator::new()
        .with_self_contained()
        .check(BufReader::new(File::open(&path)?))?;
    println!(
        "{} models, {} twins, {} relationships",
        report.models, report.twins, report.relationships
    );
    if !report.is_ok() {
        return Err(format!(
            "{} problems, the first: {}",
            report.problems.len(),
            report.problems[0]
        )
        .into());
    }
    std::fs::remove_file(&path)?;

    println!("\nProblems of a file with mistakes:");
    let mistakes = concat!(
        "{\"Section\":\"Header\"}\n{\"fileVersion\":\"1.0.0\",\"author\":\"a\",\"organization\":\"o\"}\n",
        "{\"Section\":\"Relationships\"}\n{\"$sourceId\":\"room-1\",\"$relationshipId\":\"r\"}\n",
        "{\"Section\":\"Twins\"}\n",
    );
    for problem in ImportFileValidator::new().check(mistakes.as_bytes())?.problems {
        println!("  {problem}");
    }

    let (Ok(input), Ok(output)) = (
        std::env::var("IMPORT_INPUT_BLOB"),
        std::env::var("IMPORT_OUTPUT_BLOB"),
    ) else {
        println!("\nNot imported: IMPORT_INPUT_BLOB and IMPORT_OUTPUT_BLOB are not set.");
        return Ok(());
    };
    let (_emulator, client) = common::connect().await?;
    let id = format!("example-{}", std::process::id());
    let mut job = client.begin_import_job(&id, input, output, None)?;
    while let Some(status) = job.try_next().await? {
        let job = status.into_model()?.document;
        println!("{:?} at {:?}", job.status, job.last_action_date_time);
        if job.status.is_some_and(|status| status.is_final()) {
            break;
        }
    }
    let job = job.await?.into_model()?;
    println!("Finished at {:?}", job.finished_date_time);
    Ok(())
}
