//! Changes one twin concurrently: conditional writes with ETags, and the read-modify-write loop.
//!
//! ```sh
//! cargo run -p digitaltwins-convenience --example optimistic_concurrency
//! ```
//!
//! Runs on an embedded emulator. Set `DIGITALTWINS_ENDPOINT` to run it on a real instance; the example then deletes all
//! resources that it created.
#![allow(clippy::print_stdout, reason = "the program prints what it does")]

mod common;

use std::error::Error;

use digitaltwins_convenience::{
    DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Precondition, ResponseExt, UploadModelsOptions, Upsert,
};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::json;

const MODEL: &str = "dtmi:example:concurrency:Door;1";
const DOOR: &str = "concurrency-door";
const PEOPLE: u64 = 6;
const TIMES: u64 = 5;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Door {
    openings: u64,
    label: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (_emulator, client) = common::connect().await?;
    let model = json!({
        "@context": "dtmi:dtdl:context;3", "@id": MODEL, "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "openings", "schema": "long"},
            {"@type": "Property", "name": "label", "schema": "string"},
        ],
    });
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    client.upload_models(&[model], Some(options)).await?;
    let result = change(&client).await;
    client
        .delete_digital_twin(DOOR, Precondition::Unconditional)
        .await?;
    client.delete_model(MODEL).await?;
    result
}

async fn change(client: &DigitalTwinsClient) -> Result<(), Box<dyn Error + Send + Sync>> {
    let door = DigitalTwin::new(
        DOOR,
        MODEL,
        Door {
            openings: 0,
            label: None,
        },
    );
    let stored = client
        .upsert_digital_twin(DOOR, &door, Upsert::CreateOnly)
        .await?;
    let first = stored.precondition()?;
    println!("A door is stored as {:?}.", stored.etag());

    match client.upsert_digital_twin(DOOR, &door, Upsert::CreateOnly).await {
        Err(error) if error.is_already_exists() => {
            println!(
                "A second create is refused: {}",
                error.message().unwrap_or_default()
            )
        }
        other => return Err(format!("not refused: {other:?}").into()),
    }

    let first_label = DigitalTwinPatch::new().add("label", "main")?;
    let second = client.update_digital_twin(DOOR, &first_label, &first).await?;
    println!("\nThe first label makes it {:?}.", second.etag());
    let second_label = DigitalTwinPatch::new().add("label", "side")?;
    match client.update_digital_twin(DOOR, &second_label, first).await {
        Err(error) if error.is_precondition_failed() => {
            println!("A second label with the old ETag is refused: {error}")
        }
        other => return Err(format!("not refused: {other:?}").into()),
    }

    println!("\n{PEOPLE} people open it {TIMES} times each, concurrently.");
    let person = async || {
        for _ in 0..TIMES {
            // Reads, changes, writes with the ETag, and starts over after a conflict.
            client
                .modify_digital_twin::<Door>(DOOR, |door| door.contents.openings += 1)
                .await?;
        }
        Ok::<_, digitaltwins_convenience::Error>(())
    };
    try_join_all((0..PEOPLE).map(|_| person())).await?;
    let door: DigitalTwin<Door> = client.get_digital_twin(DOOR).await?.into_model()?;
    println!(
        "It was opened {} times, and is still labeled {:?}.",
        door.contents.openings, door.contents.label
    );
    if door.contents.openings != PEOPLE * TIMES {
        return Err("an opening was lost".into());
    }

    let mut changed = door.clone();
    changed.contents.label = None;
    println!(
        "\nThe patch that removes the label: {}",
        DigitalTwinPatch::diff(&door, &changed)?
    );
    Ok(())
}
