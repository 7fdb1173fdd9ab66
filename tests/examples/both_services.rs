//! Both clients side by side, on the embedded emulator.
#![allow(clippy::print_stdout, reason = "an example prints what it reads")]

use std::time::Duration;

use digitaltwins_convenience::{BeginDeleteJobOptions, DigitalTwin, Upsert};
use futures::TryStreamExt;
use integration_tests::{Failure, environment::Environment};
use iothub_convenience::{DeviceStatus, PollOptions, Precondition, SymmetricKey, Twin};
use iothub_convenience::{ScheduledJobRequest, TwinPatch};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Room {
    temperature: f64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let environment = Environment::emulated().await?;
    let (hub, twins) = (&environment.hub, &environment.twins);
    let (id, key) = ("sensor-1", SymmetricKey::generate()?);
    hub.create_device_with_sas(id, key, DeviceStatus::Enabled, None)
        .await?;
    let patch = TwinPatch::new().set_tag("room", "room-1");
    hub.update_twin(id, &patch, Precondition::Unconditional).await?;
    let twin = hub.modify_twin(id, |twin| twin.tags.set("floor", 1)).await?;
    let temperature = serde_json::json!({"@type": "Property", "name": "temperature", "schema": "double"});
    let model = serde_json::json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Room;1",
        "@type": "Interface", "contents": [temperature]});
    twins.create_models(&[model]).await?;
    let room = DigitalTwin::new("room-1", "dtmi:example:Room;1", Room { temperature: 20.5 });
    twins
        .upsert_digital_twin("room-1", &room, Upsert::CreateOnly)
        .await?;
    let room = twins
        .modify_digital_twin::<Room>("room-1", |room| room.contents.temperature += 1.0)
        .await?;
    println!("{:?} and {:?}", twin.tags, room.contents);
    let query = "SELECT * FROM devices WHERE tags.floor = 1";
    let devices: Vec<Twin> = hub.query_iot_hub(query, None)?.try_collect().await?;
    let query = "SELECT * FROM DIGITALTWINS WHERE temperature > 21";
    let rooms: Vec<DigitalTwin<Room>> = twins.query_twins(query, None)?.try_collect().await?;
    let models: Vec<_> = twins.list_models(None)?.try_collect().await?;
    println!("{devices:?}\n{rooms:?}\n{models:?}");

    let interval = Some(Duration::from_secs(1));
    let update = ScheduledJobRequest::update_twin("night", "*", TwinPatch::new().set_desired("interval", 60));
    let mut job = hub.begin_scheduled_job(&update, Some(PollOptions { interval }))?;
    while let Some(state) = job.try_next().await? {
        println!("the update is {}", state.into_model()?.status());
    }
    let options = BeginDeleteJobOptions {
        interval,
        ..Default::default()
    };
    let job = twins.begin_delete_job(Some(options))?.await?.into_model()?;
    println!("the deletion is {:?}", job.status);
    Ok(())
}
