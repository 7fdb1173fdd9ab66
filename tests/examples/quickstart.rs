//! Both services together: ten sensors in an IoT hub, and the building they are in as a graph of digital twins.
//!
//! Runs on the embedded emulator, so it needs no Azure account:
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! To run it against real services, set `IOTHUB_CONNECTION_STRING` (a policy with registry write and service connect) and
//! `DIGITALTWINS_ENDPOINT` (authenticated with the account of the Azure CLI). It deletes everything it has created.
#![allow(clippy::print_stdout, reason = "the program reports each of its steps")]

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use digitaltwins_convenience::{
    BasicRelationship, DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Relationship, ResponseExt, Upsert,
};
use futures::TryStreamExt as _;
use integration_tests::{Failure, environment::Environment};
use iothub_convenience::{DeviceStatus, IotHubRegistryManager, Precondition, SymmetricKey, Twin, TwinPatch};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use twin_query::{digitaltwins, iothub};

const FLOORS: u32 = 2;
const ROOMS_PER_FLOOR: u32 = 5;
/// The maximum time until queries of a live service see a write.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Room {
    name: String,
    temperature: f64,
    sensor: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Floor {
    level: u32,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let environment = Environment::from_variables().await?;
    println!("IoT Hub       {}", environment.hub_name());
    println!("Digital Twins {}\n", environment.twins_name());

    clean_up_devices(&environment.hub).await?;
    clean_up_building(&environment.twins).await?;

    devices(&environment.hub).await?;
    building(&environment.twins).await?;

    clean_up_devices(&environment.hub).await?;
    clean_up_building(&environment.twins).await?;
    println!("Done. Everything that was created has been deleted.");
    Ok(())
}

/// Returns floor, number and id of every room.
fn rooms() -> impl Iterator<Item = (u32, u32, String)> {
    (1..=FLOORS).flat_map(|floor| {
        (1..=ROOMS_PER_FLOOR).map(move |room| (floor, room, format!("quickstart-room-{floor}{room:02}")))
    })
}

fn sensor_of(room: &str) -> String {
    room.replace("room", "sensor")
}

// IoT Hub.

async fn devices(hub: &IotHubRegistryManager) -> Result<(), Failure> {
    println!("1. Register ten sensors, each with generated keys.");
    for (floor, _, room) in rooms() {
        let sensor = sensor_of(&room);
        hub.create_device_with_sas(&sensor, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
            .await?;
        let patch = TwinPatch::new()
            .set_tag("location.floor", floor)
            .set_tag("location.room", room)
            .set_tag("quickstart", true)
            .set_desired("telemetry.intervalSeconds", if floor == 1 { 30 } else { 60 });
        hub.update_twin(&sensor, &patch, Precondition::Unconditional)
            .await?;
    }

    println!("2. Set tags and desired properties of their twins. Twins of the second floor:\n");
    let query = iothub::Query::select_all()
        .from_devices()
        .filter(
            iothub::path("tags.quickstart")
                .eq(true)
                .and(iothub::path("tags.location.floor").eq(2)),
        )
        .build()?;
    let rows = eventually(ROOMS_PER_FLOOR as usize, async || {
        let pager = hub.query_iot_hub::<Twin>(&query, None)?;
        Ok(pager.try_collect::<Vec<_>>().await?)
    })
    .await?;
    let mut table = table(["device", "status", "room", "interval", "desired version", "ETag"]);
    for twin in rows {
        table.add_row([
            twin.device_id.clone().unwrap_or_default(),
            twin.status.as_ref().map(ToString::to_string).unwrap_or_default(),
            text(twin.tags.get("location.room")),
            format!(
                "{} s",
                text(twin.properties.desired.get("telemetry.intervalSeconds"))
            ),
            twin.properties
                .desired
                .version()
                .map(|version| version.to_string())
                .unwrap_or_default(),
            twin.etag.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    println!("   {query}\n{}\n", indent(&table));

    let first = sensor_of("quickstart-room-101");
    let before = hub.get_twin(&first).await?.into_model()?;
    let unchanged = before.precondition()?;
    let first_change = TwinPatch::new().set_desired("telemetry.intervalSeconds", 10);
    hub.update_twin(&first, &first_change, &unchanged).await?;
    let second_change = TwinPatch::new().set_desired("telemetry.intervalSeconds", 20);
    match hub.update_twin(&first, &second_change, &unchanged).await {
        Err(error) if error.is_precondition_failed() => {
            println!(
                "3. Change the interval of {first} twice with the same ETag. The second change is refused:\n   {error}\n"
            );
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("a stale ETag was accepted".into()),
    }
    Ok(())
}

// Digital Twins.

fn models() -> [Value; 2] {
    [
        json!({
            "@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:quickstart:Floor;1", "@type": "Interface",
            "displayName": "Floor",
            "contents": [
                {"@type": "Property", "name": "level", "schema": "integer"},
                {"@type": "Relationship", "name": "contains", "target": "dtmi:example:quickstart:Room;1",
                 "properties": [{"@type": "Property", "name": "since", "schema": "date"}]}
            ]
        }),
        json!({
            "@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:quickstart:Room;1", "@type": "Interface",
            "displayName": "Room",
            "contents": [
                {"@type": "Property", "name": "name", "schema": "string"},
                {"@type": "Property", "name": "sensor", "schema": "string"},
                {"@type": ["Property", "Temperature"], "name": "temperature", "schema": "double", "unit": "degreeCelsius"}
            ]
        }),
    ]
}

async fn building(client: &DigitalTwinsClient) -> Result<(), Failure> {
    println!("4. Upload two models and create a building: two floors, ten rooms.");
    client.create_models(&models()).await?;
    for level in 1..=FLOORS {
        let id = format!("quickstart-floor-{level}");
        let floor = DigitalTwin::new(&id, "dtmi:example:quickstart:Floor;1", Floor { level });
        client
            .upsert_digital_twin(&id, &floor, Upsert::CreateOnly)
            .await?;
    }
    for (floor, number, id) in rooms() {
        let room = Room {
            name: format!("Room {floor}{number:02}"),
            temperature: 18.5 + f64::from(floor) + f64::from(number) * 0.7,
            sensor: sensor_of(&id),
        };
        let room = DigitalTwin::new(&id, "dtmi:example:quickstart:Room;1", room);
        client.upsert_digital_twin(&id, &room, Upsert::CreateOnly).await?;
        let source = format!("quickstart-floor-{floor}");
        let properties = Map::from_iter([("since".to_owned(), json!("2024-05-01"))]);
        let contains = Relationship::new(format!("has-{id}"), &source, "contains", &id, properties);
        client
            .upsert_relationship(&source, &format!("has-{id}"), &contains, Upsert::CreateOrReplace)
            .await?;
    }
    let contained: Vec<BasicRelationship> = client
        .list_relationships("quickstart-floor-1", None)?
        .try_collect()
        .await?;
    println!("   The first floor contains {} rooms.\n", contained.len());

    let id = "quickstart-room-203";
    let read = client.get_digital_twin::<DigitalTwin<Room>>(id).await?;
    let unchanged = read.precondition()?;
    let warmer = DigitalTwinPatch::new().replace("temperature", 25.5)?;
    let written = client.update_digital_twin(id, &warmer, &unchanged).await?;
    let [before, after] =
        [read.etag(), written.etag()].map(|etag| etag.map_or_else(String::new, |etag| etag.to_string()));
    println!("5. Update the temperature of {id} with its ETag: {before} becomes {after}.");
    match client.update_digital_twin(id, &warmer, unchanged).await {
        Err(error) if error.is_precondition_failed() => {
            println!("   The same update with the old ETag is refused:\n   {error}\n")
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("a stale ETag was accepted".into()),
    }

    let limit = 22.0;
    let query = digitaltwins::Query::select_all()
        .from_twins(None)
        .filter(
            digitaltwins::is_of_model(None, "dtmi:example:quickstart:Room;1")
                .and(digitaltwins::path("temperature").gt(limit)),
        )
        .build()?;
    println!("6. Query the rooms above {limit} degrees:\n\n   {query}");
    let expected = rooms().filter(|(floor, number, id)| {
        id == "quickstart-room-203" || 18.5 + f64::from(*floor) + f64::from(*number) * 0.7 > limit
    });
    let warm = eventually(expected.count(), async || {
        Ok(client
            .query_twins::<DigitalTwin<Room>>(&query, None)?
            .try_collect::<Vec<_>>()
            .await?)
    })
    .await?;
    let warm: BTreeMap<String, DigitalTwin<Room>> =
        warm.into_iter().map(|twin| (twin.id.clone(), twin)).collect();
    let mut table = table(["twin", "name", "temperature", "sensor", "changed"]);
    for (id, twin) in &warm {
        let changed = twin
            .metadata
            .properties
            .get("temperature")
            .and_then(|property| property.last_update_time.clone());
        table.add_row([
            id.clone(),
            twin.contents.name.clone(),
            format!("{:.1} °C", twin.contents.temperature),
            twin.contents.sensor.clone(),
            changed.map(|time| time.to_string()).unwrap_or_default(),
        ]);
    }
    println!("{}\n", indent(&table));
    Ok(())
}

// Clean-up.

async fn clean_up_devices(hub: &IotHubRegistryManager) -> Result<(), Failure> {
    for (_, _, room) in rooms() {
        match hub
            .delete_device(&sensor_of(&room), Precondition::Unconditional)
            .await
        {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn clean_up_building(client: &DigitalTwinsClient) -> Result<(), Failure> {
    fn ignore_missing<T>(result: Result<T, digitaltwins_convenience::Error>) -> Result<(), Failure> {
        match result {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }
    for (floor, _, id) in rooms() {
        let source = format!("quickstart-floor-{floor}");
        ignore_missing(
            client
                .delete_relationship(&source, &format!("has-{id}"), Precondition::Unconditional)
                .await,
        )?;
        ignore_missing(client.delete_digital_twin(&id, Precondition::Unconditional).await)?;
    }
    for level in 1..=FLOORS {
        ignore_missing(
            client
                .delete_digital_twin(&format!("quickstart-floor-{level}"), Precondition::Unconditional)
                .await,
        )?;
    }
    for model in models() {
        ignore_missing(
            client
                .delete_model(model["@id"].as_str().unwrap_or_default())
                .await,
        )?;
    }
    Ok(())
}

/// Polls a query until it returns `count` rows, because queries of a real service see writes some seconds later.
async fn eventually<T>(
    count: usize,
    query: impl AsyncFn() -> Result<Vec<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    let start = std::time::Instant::now();
    loop {
        let rows = query().await?;
        if rows.len() == count {
            return Ok(rows);
        }
        if start.elapsed() > VISIBILITY_TIMEOUT {
            return Err(format!("the query returns {} rows instead of {count}", rows.len()).into());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    table
}

fn indent(table: &Table) -> String {
    table
        .lines()
        .map(|line| format!("   {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns a string without quotes, and any other JSON value as JSON.
fn text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
