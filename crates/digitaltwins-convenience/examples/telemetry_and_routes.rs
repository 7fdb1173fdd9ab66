//! Publishes telemetry of twins and components, and routes it to an endpoint.
//!
//! ```sh
//! cargo run -p digitaltwins-convenience --example telemetry_and_routes
//! ```
//!
//! Runs on an embedded emulator. Set `DIGITALTWINS_ENDPOINT` to run it on a real instance, and
//! `DIGITALTWINS_ROUTE_ENDPOINT` to the name of one of its event endpoints. The example deletes all resources that it
//! created.
#![allow(clippy::print_stdout, reason = "the program prints what it does")]

mod common;

use std::error::Error;

use digitaltwins_convenience::{
    Component, DigitalTwin, DigitalTwinsClient, EventRoute, Precondition, PublishTelemetryOptions,
    UploadModelsOptions, Upsert,
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

const ROOM: &str = "dtmi:example:telemetry:Room;1";
const SENSOR: &str = "dtmi:example:telemetry:Sensor;1";
const TWIN: &str = "telemetry-room";
const ROUTE: &str = "telemetry-example";

#[derive(Debug, Serialize, Deserialize)]
struct Room {
    sensor: Component<()>,
}

#[derive(Debug, Serialize)]
struct Reading {
    humidity: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (_emulator, client) = common::connect().await?;
    let models = [
        json!({"@context": "dtmi:dtdl:context;3", "@id": ROOM, "@type": "Interface",
               "contents": [{"@type": "Component", "name": "sensor", "schema": SENSOR}]}),
        json!({"@context": "dtmi:dtdl:context;3", "@id": SENSOR, "@type": "Interface",
               "contents": [{"@type": "Telemetry", "name": "humidity", "schema": "double"}]}),
    ];
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    client.upload_models(&models, Some(options)).await?;
    let result = publish(&client).await;
    client
        .delete_digital_twin(TWIN, Precondition::Unconditional)
        .await?;
    client.delete_model(ROOM).await?;
    client.delete_model(SENSOR).await?;
    result
}

async fn publish(client: &DigitalTwinsClient) -> Result<(), Box<dyn Error + Send + Sync>> {
    let room = DigitalTwin::new(
        TWIN,
        ROOM,
        Room {
            sensor: Component::new(()),
        },
    );
    client
        .upsert_digital_twin(TWIN, &room, Upsert::CreateOrReplace)
        .await?;

    let routed = route(client).await?;

    client
        .publish_telemetry(TWIN, &Reading { humidity: 0.61 }, None)
        .await?;
    println!("The room published a reading.");
    // A gateway that was offline sets the source time, and a message id that lets receivers drop duplicates.
    let options = PublishTelemetryOptions {
        message_id: Some("reading-17".to_owned()),
        source_time: Some((OffsetDateTime::now_utc() - std::time::Duration::from_secs(300)).into()),
    };
    client
        .publish_component_telemetry(TWIN, "sensor", &Reading { humidity: 0.58 }, Some(options))
        .await?;
    println!("Its sensor published one from five minutes ago.");
    match client
        .publish_telemetry("telemetry-missing", &Reading { humidity: 1.0 }, None)
        .await
    {
        Err(error) if error.is_not_found() => {
            println!("Telemetry of a missing twin is refused: {error}")
        }
        other => return Err(format!("not refused: {other:?}").into()),
    }
    if routed {
        client.delete_event_route(ROUTE).await?;
    }
    Ok(())
}

/// Routes telemetry to an endpoint, if one is configured.
async fn route(client: &DigitalTwinsClient) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let endpoint =
        std::env::var("DIGITALTWINS_ROUTE_ENDPOINT").unwrap_or_else(|_| "telemetry-hub".to_owned());
    let route = EventRoute::new(&endpoint, "type = 'microsoft.iot.telemetry'");
    match client.upsert_event_route(ROUTE, &route).await {
        Ok(_) => {
            let mut routes = client.list_event_routes(None)?;
            while let Some(route) = routes.try_next().await? {
                println!(
                    "{:?} routes to {} if {}",
                    route.id, route.endpoint_name, route.filter
                );
            }
            Ok(true)
        }
        // Endpoints are configured on the instance; a new emulator has none.
        Err(error) => {
            println!("No route to {endpoint}: {error}");
            Ok(false)
        }
    }
}
