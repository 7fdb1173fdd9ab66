//! Event routes and jobs.

use std::time::Duration;

use digitaltwins_convenience::{
    BasicDigitalTwin, BeginDeleteJobOptions, DigitalTwin, DigitalTwinPatch, EventRoute, ImportFileWriter,
    ImportJobStatus, PollOptions, Relationship, Upsert, error_code,
};
use futures::TryStreamExt;
use serde_json::{Map, json};

use crate::{ANY, building, empty};

/// The shortest polling interval that azure_core allows.
const INTERVAL: Option<Duration> = Some(Duration::from_secs(1));

#[tokio::test]
async fn a_route_delivers_events_that_match_its_filter() {
    let (emulator, client) = empty().await;
    let mut events = emulator.digitaltwins().unwrap().subscribe("hub").unwrap();
    let route = EventRoute::new("hub", "type = 'Microsoft.DigitalTwins.Twin.Update'");
    client.upsert_event_route("updates", &route).await.unwrap();
    let read = client
        .get_event_route("updates")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (read.endpoint_name, read.filter),
        (route.endpoint_name, route.filter)
    );
    let listed: Vec<_> = client
        .list_event_routes(None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    let nowhere = client
        .upsert_event_route("nowhere", &EventRoute::new("missing", "true"))
        .await;
    assert_eq!(
        nowhere.unwrap_err().code(),
        Some(error_code::EVENT_ROUTE_ENDPOINT_INVALID)
    );

    let model = json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:Lamp;1", "@type": "Interface",
        "contents": [{"@type": "Property", "name": "lit", "schema": "boolean"}]});
    client.create_models(&[model]).await.unwrap();
    let lamp = Map::from_iter([("lit".to_owned(), json!(false))]);
    let lamp = DigitalTwin::new("lamp", "dtmi:example:Lamp;1", lamp);
    client
        .upsert_digital_twin("lamp", &lamp, Upsert::CreateOnly)
        .await
        .unwrap();
    let patch = DigitalTwinPatch::new().replace("lit", true).unwrap();
    client.update_digital_twin("lamp", &patch, ANY).await.unwrap();

    let event = events.next().await.unwrap();
    assert_eq!(
        (event.event_type, event.subject.as_str()),
        ("Microsoft.DigitalTwins.Twin.Update", "lamp")
    );
    assert_eq!(event.data["patch"][0]["value"], json!(true));
    assert!(events.try_next().is_none(), "the create is filtered out");

    client.delete_event_route("updates").await.unwrap();
    assert!(
        client
            .get_event_route("updates")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn an_import_job_reads_a_written_file() {
    let (emulator, client) = empty().await;
    let folder = std::env::temp_dir().join(format!("digitaltwins-import-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(folder.join("jobs")).unwrap();
    emulator.digitaltwins().unwrap().set_blob_directory(&folder);

    let mut file = ImportFileWriter::new(Vec::new(), "tests", "example").unwrap();
    let model = json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Node;1", "@type": "Interface",
        "contents": [{"@type": "Relationship", "name": "next"}]});
    file.model(&model).unwrap();
    for number in 0..20 {
        let id = format!("node-{number}");
        file.twin(&DigitalTwin::new(id, "dtmi:example:Node;1", Map::new()))
            .unwrap();
    }
    for number in 0..19 {
        let (source, target) = (format!("node-{number}"), format!("node-{}", number + 1));
        file.relationship(&Relationship::new("r", source, "next", target, Map::new()))
            .unwrap();
    }
    std::fs::write(folder.join("jobs/input.ndjson"), file.finish().unwrap()).unwrap();

    let (input, output) = (
        "https://blobs.example.net/jobs/input.ndjson",
        "https://blobs.example.net/jobs/output.ndjson",
    );
    let done = client
        .begin_import_job("fill", input, output, Some(PollOptions { interval: INTERVAL }))
        .unwrap()
        .await
        .unwrap();
    assert_eq!(
        done.into_model().unwrap().status,
        Some(ImportJobStatus::Succeeded)
    );
    let twins: Vec<BasicDigitalTwin> = client
        .query_twins("SELECT * FROM DIGITALTWINS", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(twins.len(), 20);
    assert!(
        std::fs::read_to_string(folder.join("jobs/output.ndjson"))
            .unwrap()
            .contains("Succeeded")
    );
    let listed: Vec<_> = client
        .list_import_jobs(None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    client.delete_import_job("fill").await.unwrap();
    assert!(client.get_import_job("fill").await.unwrap_err().is_not_found());
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_delete_job_empties_an_instance() {
    let (_emulator, client) = building().await;
    let before: Vec<BasicDigitalTwin> = client
        .query_twins("SELECT * FROM DIGITALTWINS", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(!before.is_empty());
    let job = client
        .begin_delete_job(Some(BeginDeleteJobOptions {
            interval: INTERVAL,
            ..Default::default()
        }))
        .unwrap();
    tokio::time::timeout(Duration::from_secs(60), job.into_future())
        .await
        .unwrap()
        .unwrap();
    let after: Vec<BasicDigitalTwin> = client
        .query_twins("SELECT * FROM DIGITALTWINS", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(after.is_empty());
    assert!(
        client
            .list_models(None)
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap()
            .is_empty()
    );
}
