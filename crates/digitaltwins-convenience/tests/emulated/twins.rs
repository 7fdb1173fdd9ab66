//! Twins and their components.

use digitaltwins_convenience::{
    BasicComponent, BasicDigitalTwin, Component, ComponentPatch, DigitalTwin, DigitalTwinPatch,
    PropertyMetadata, PublishTelemetryOptions, ResponseExt, Upsert,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::macros::datetime;

use crate::{ANY, SPECIAL, building, if_match};

const ROOM: &str = "dtmi:example:Room;1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Room {
    temperature: Option<f32>,
    openings: Option<i64>,
    thermostat: Component<Thermostat>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Thermostat {
    target: Option<f64>,
}

fn room() -> Room {
    Room {
        temperature: Some(21.3),
        openings: Some(9_007_199_254_740_993),
        thermostat: Component::new(Thermostat { target: None }),
    }
}

#[tokio::test]
async fn a_typed_twin_is_read_as_it_was_stored() {
    let (_emulator, client) = building().await;
    for id in [SPECIAL, "r", &"x".repeat(128)] {
        let stored = client
            .upsert_digital_twin(id, &DigitalTwin::new(id, ROOM, room()), Upsert::CreateOnly)
            .await
            .unwrap();
        let etag = stored.etag().unwrap();
        let stored = stored.into_model().unwrap();
        let read = client.get_digital_twin::<DigitalTwin<Room>>(id).await.unwrap();
        assert_eq!(read.etag().unwrap(), etag);
        let read = read.into_model().unwrap();
        assert_eq!(read, stored);
        assert_eq!(
            (read.id.as_str(), read.model(), read.etag.as_ref()),
            (id, ROOM, Some(&etag))
        );
        let contents = Room {
            thermostat: read.contents.thermostat.clone(),
            ..room()
        };
        assert_eq!(read.contents, contents);
        let times: Vec<_> = read
            .metadata
            .properties
            .values()
            .map(|property| property.last_update_time.clone())
            .collect();
        assert_eq!(times, vec![read.metadata.last_update_time.clone(); 2]);
    }
}

#[tokio::test]
async fn an_untyped_twin_keeps_order_and_numbers() {
    let (_emulator, client) = building().await;
    let contents: Map<String, Value> = serde_json::from_str(
        r#"{"openings":9007199254740993,"comment":"ü ☃","temperature":20,"thermostat":{"target":1e-7,"$metadata":{}}}"#,
    )
    .unwrap();
    let twin = BasicDigitalTwin::new("t", ROOM, contents);
    client
        .upsert_digital_twin("t", &twin, Upsert::CreateOrReplace)
        .await
        .unwrap();
    let read: BasicDigitalTwin = client.get_digital_twin("t").await.unwrap().into_model().unwrap();
    assert_eq!(
        read.contents.keys().collect::<Vec<_>>(),
        ["openings", "comment", "temperature", "thermostat"]
    );
    assert_eq!(read.contents["openings"].to_string(), "9007199254740993");
    assert_eq!(read.contents["temperature"].to_string(), "20");
    // A twin that was read can be stored unchanged.
    client
        .upsert_digital_twin("t", &read, Upsert::CreateOrReplace)
        .await
        .unwrap();
    let again: BasicDigitalTwin = client.get_digital_twin("t").await.unwrap().into_model().unwrap();
    assert_eq!((again.contents.len(), again.etag == read.etag), (4, false));
}

#[tokio::test]
async fn a_newer_property_survives_an_older_type() {
    #[derive(Serialize, Deserialize)]
    struct Old {
        temperature: f64,
    }
    let (_emulator, client) = building().await;
    let mut twin: DigitalTwin<Old> = client
        .get_digital_twin("room-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    twin.contents.temperature = 25.0;
    client
        .upsert_digital_twin("room-1", &twin, Upsert::CreateOrReplace)
        .await
        .unwrap();
    client
        .modify_digital_twin::<Old>("room-1", |twin| twin.contents.temperature += 1.0)
        .await
        .unwrap();
    let twin: BasicDigitalTwin = client
        .get_digital_twin("room-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (twin.contents["temperature"].as_f64(), &twin.contents["comment"]),
        (Some(26.0), &json!("draughty"))
    );
    assert_eq!(twin.contents["thermostat"]["target"], 21);
}

#[tokio::test]
async fn every_write_returns_the_new_etag() {
    let (_emulator, client) = building().await;
    let read = client.get_digital_twin::<Value>("room-1").await.unwrap();
    let warmer = DigitalTwinPatch::new()
        .replace("temperature", 22)
        .unwrap()
        .remove("comment")
        .unwrap();
    let second = client
        .update_digital_twin("room-1", &warmer, if_match(read.etag()))
        .await
        .unwrap()
        .etag();
    let target = ComponentPatch::new().replace("target", 23).unwrap();
    let third = client
        .update_component("room-1", "thermostat", &target, if_match(second.clone()))
        .await
        .unwrap()
        .etag();
    let stale = client
        .update_component("room-1", "thermostat", &target, if_match(second))
        .await
        .unwrap_err();
    assert!(stale.is_precondition_failed());
    let component = client
        .get_component::<BasicComponent>("room-1", "thermostat")
        .await
        .unwrap();
    assert_eq!(component.etag(), third);
    assert_eq!(component.into_model().unwrap().contents["target"], 23);
    // The precondition holds, but the twin has a relationship.
    let error = client
        .delete_digital_twin("room-1", if_match(third))
        .await
        .unwrap_err();
    assert!(error.is_relationships_not_deleted());
    client
        .delete_relationship("floor-1", "floor-1-room-1", ANY)
        .await
        .unwrap();
    client.delete_digital_twin("room-1", ANY).await.unwrap();
    assert!(
        client
            .get_digital_twin::<Value>("room-1")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn patches_change_properties_components_source_times_and_the_model() {
    let (_emulator, client) = building().await;
    let time = datetime!(2024-05-02 10:11:12.1234567 UTC);
    let patch = DigitalTwinPatch::new()
        .add("openings", 7)
        .unwrap()
        .source_time("openings", time)
        .unwrap()
        .component(
            "thermostat",
            ComponentPatch::new()
                .add("target", 24.5)
                .unwrap()
                .source_time("target", time)
                .unwrap(),
        )
        .unwrap();
    client.update_digital_twin("room-1", &patch, ANY).await.unwrap();
    let twin: DigitalTwin<Room> = client
        .get_digital_twin("room-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (twin.contents.openings, twin.contents.thermostat.contents.target),
        (Some(7), Some(24.5))
    );
    let source_time = |property: &PropertyMetadata| property.source_time.clone().map(|time| time.to_string());
    let expected = Some("2024-05-02T10:11:12.1234567Z".to_owned());
    assert_eq!(source_time(&twin.metadata.properties["openings"]), expected);
    assert_eq!(
        source_time(&twin.contents.thermostat.metadata.properties["target"]),
        expected
    );

    let lamp = DigitalTwinPatch::new()
        .model("dtmi:example:Lamp;1")
        .remove("temperature")
        .unwrap()
        .remove("comment")
        .unwrap()
        .remove("openings")
        .unwrap()
        .remove("thermostat")
        .unwrap()
        .add("brightness", 3)
        .unwrap();
    client.update_digital_twin("room-1", &lamp, ANY).await.unwrap();
    let twin: BasicDigitalTwin = client
        .get_digital_twin("room-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!((twin.model(), twin.contents.len()), ("dtmi:example:Lamp;1", 1));
}

#[tokio::test]
async fn a_computed_patch_is_applied() {
    let (_emulator, client) = building().await;
    let before: DigitalTwin<Room> = client
        .get_digital_twin("room-2")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let mut after = before.clone();
    after.contents.temperature = None;
    after.contents.openings = Some(5);
    after.contents.thermostat.contents.target = Some(19.0);
    let patch = DigitalTwinPatch::diff(&before, &after).unwrap();
    client
        .update_digital_twin("room-2", &patch, if_match(before.etag))
        .await
        .unwrap();
    let read: DigitalTwin<Room> = client
        .get_digital_twin("room-2")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (read.contents.temperature, read.contents.openings),
        (None, Some(5))
    );
    assert_eq!(read.contents.thermostat.contents.target, Some(19.0));
    assert_eq!(read.extra["comment"], "draughty");
}

#[tokio::test]
async fn concurrent_changes_are_not_lost() {
    #[derive(Serialize, Deserialize)]
    struct Counter {
        openings: i64,
    }
    let (_emulator, client) = building().await;
    let add = async || {
        for _ in 0..5 {
            client
                .modify_digital_twin::<Counter>("room-1", |room| room.contents.openings += 1)
                .await
                .unwrap();
        }
    };
    futures::join!(add(), add(), add(), add());
    let room: DigitalTwin<Counter> = client
        .get_digital_twin("room-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(room.contents.openings, 20);
}

#[tokio::test]
async fn telemetry_of_a_missing_twin_or_component_is_refused() {
    let (_emulator, client) = building().await;
    let reading = json!({"humidity": 0.5});
    client.publish_telemetry("room-1", &reading, None).await.unwrap();
    let options = PublishTelemetryOptions {
        message_id: Some("m-1".to_owned()),
        source_time: Some(datetime!(2024-05-02 10:11 UTC).into()),
    };
    client
        .publish_component_telemetry("room-1", "thermostat", &reading, Some(options))
        .await
        .unwrap();
    assert!(
        client
            .publish_telemetry("missing", &reading, None)
            .await
            .unwrap_err()
            .is_not_found()
    );
    let error = client
        .publish_component_telemetry("room-1", "lamp", &reading, None)
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
}
