//! Creates a building with floors and rooms, from the models to a query.
//!
//! ```sh
//! cargo run -p digitaltwins-convenience --example building_graph
//! ```
//!
//! Runs on an embedded emulator. Set `DIGITALTWINS_ENDPOINT` to run it on a real instance; the example then deletes all
//! resources that it created.
#![allow(clippy::print_stdout, reason = "the program prints what it does")]

mod common;

use std::collections::HashMap;
use std::error::Error;

use digitaltwins_convenience::query::{Query, is_of_model, path};
use digitaltwins_convenience::{
    BasicDigitalTwin, Component, DigitalTwin, DigitalTwinsClient, QueryCharge, QueryTwinsOptions,
    Relationship, UploadModelsOptions, Upsert,
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const FLOOR: &str = "dtmi:example:building:Floor;1";
const ROOM: &str = "dtmi:example:building:Room;1";
const LAB: &str = "dtmi:example:building:Laboratory;1";

/// The application's types mirror its models.
#[derive(Debug, Serialize, Deserialize)]
struct Floor {
    level: i32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Room {
    name: String,
    temperature: Option<f64>,
    thermostat: Component<Thermostat>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Thermostat {
    target: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Contains {
    since: String,
}

/// Returns the models. Their order does not matter, because `upload_models` sorts them.
fn models() -> Vec<Value> {
    let interface = |id: &str, extends: &[&str], contents: Value| json!({"@context": "dtmi:dtdl:context;3", "@id": id, "@type": "Interface", "extends": extends, "contents": contents});
    vec![
        interface(
            LAB,
            &[ROOM],
            json!([{"@type": "Property", "name": "hazard", "schema": "string"}]),
        ),
        interface(
            FLOOR,
            &[],
            json!([
                {"@type": "Property", "name": "level", "schema": "integer"},
                {"@type": "Relationship", "name": "contains", "target": ROOM,
                 "properties": [{"@type": "Property", "name": "since", "schema": "date"}]},
            ]),
        ),
        interface(
            ROOM,
            &[],
            json!([
                {"@type": "Property", "name": "name", "schema": "string"},
                {"@type": "Property", "name": "temperature", "schema": "double"},
                {"@type": "Component", "name": "thermostat", "schema": "dtmi:example:building:Thermostat;1"},
            ]),
        ),
        interface(
            "dtmi:example:building:Thermostat;1",
            &[],
            json!([{"@type": "Property", "name": "target", "schema": "double"}]),
        ),
    ]
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (_emulator, client) = common::connect().await?;
    let result = build(&client).await;
    clean_up(&client).await?;
    result
}

async fn build(client: &DigitalTwinsClient) -> Result<(), Box<dyn Error + Send + Sync>> {
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    let uploaded = client.upload_models(&models(), Some(options)).await?;
    println!("Models, dependencies first:");
    for model in uploaded.models {
        println!("  {}", model.id);
    }

    let floor = DigitalTwin::new("building-floor", FLOOR, Floor { level: 1 });
    client
        .upsert_digital_twin(&floor.id, &floor, Upsert::CreateOrReplace)
        .await?;
    for (number, temperature) in [(1, Some(19.5)), (2, Some(23.0)), (3, None)] {
        let id = format!("building-room-{number}");
        let room = Room {
            name: format!("Room {number}"),
            temperature,
            thermostat: Component::new(Thermostat { target: 21.0 }),
        };
        let model = if number == 2 { LAB } else { ROOM };
        client
            .upsert_digital_twin(&id, &DigitalTwin::new(&id, model, room), Upsert::CreateOrReplace)
            .await?;
        let edge = format!("contains-{number}");
        let properties = Contains {
            since: "2024-05-01".to_owned(),
        };
        let contains = Relationship::new(&edge, &floor.id, "contains", &id, properties);
        client
            .upsert_relationship(&floor.id, &edge, &contains, Upsert::CreateOrReplace)
            .await?;
        client.wait_until_visible(&id, None).await?;
    }

    println!("\nRooms above 20 °C, laboratories too, since they are rooms:");
    let query = Query::select_all()
        .from_twins(None)
        .filter(is_of_model(None, ROOM).and(path("temperature").gt(20)))
        .build()?;
    println!("  {query}");
    let mut rooms = client.query_twins::<DigitalTwin<Room>>(&query, None)?;
    while let Some(room) = rooms.try_next().await? {
        println!(
            "  {}: {:?} °C in {}",
            room.id, room.contents.temperature, room.contents.name
        );
    }

    println!("\nRooms of the floor:");
    #[derive(Deserialize)]
    struct Row {
        #[serde(rename = "R")]
        room: DigitalTwin<Room>,
        #[serde(rename = "C")]
        contains: Relationship<Contains>,
    }
    let query = Query::select(["R", "C"])
        .from_twins("F")
        .join_as("R", "F.contains", "C")
        .filter(path("F.$dtId").eq("building-floor"))
        .build()?;
    println!("  {query}");
    let charge = QueryCharge::default();
    let options = QueryTwinsOptions {
        charge: Some(charge.clone()),
        ..Default::default()
    };
    let mut rows = client.query_twins::<Row>(&query, Some(options))?;
    while let Some(row) = rows.try_next().await? {
        println!(
            "  {} since {}",
            row.room.contents.name, row.contains.contents.since
        );
    }
    println!("  ({} query units)", charge.units());

    let mut count = client.query_twins::<HashMap<String, u64>>("SELECT COUNT() FROM DIGITALTWINS", None)?;
    let count = count.try_next().await?.and_then(|row| row.get("COUNT").copied());
    println!("\nTwins in the instance: {count:?}");
    Ok(())
}

async fn clean_up(client: &DigitalTwinsClient) -> Result<(), Box<dyn Error + Send + Sync>> {
    for id in [
        "building-floor",
        "building-room-1",
        "building-room-2",
        "building-room-3",
    ] {
        match client.delete_digital_twin_with_relationships(id).await {
            Err(error) if !error.is_not_found() => return Err(error.into()),
            _ => {}
        }
    }
    assert!(
        client
            .get_digital_twin::<BasicDigitalTwin>("building-floor")
            .await
            .is_err_and(|error| error.is_not_found())
    );
    // A model must be deleted before the models that it depends on.
    for id in [LAB, FLOOR, ROOM, "dtmi:example:building:Thermostat;1"] {
        match client.delete_model(id).await {
            Err(error) if !error.is_not_found() => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
