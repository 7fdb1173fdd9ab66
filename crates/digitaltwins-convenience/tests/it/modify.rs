//! Read-modify-write.

use digitaltwins_convenience::DigitalTwin;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::store;
use crate::support::MockResponse;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Door {
    #[serde(default)]
    openings: u64,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    place: Place,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    #[serde(default)]
    floor: u32,
}

const PATH: &str = "/digitaltwins/door";

fn door() -> serde_json::Value {
    json!({"$dtId": "door", "openings": 1, "secret": {"z": 1, "a": 2}, "$metadata": {"$model": "dtmi:example:Door;1"}})
}

fn open(door: &mut DigitalTwin<Door>) {
    door.contents.openings += 1;
}

#[tokio::test(start_paused = true)]
async fn only_differences_are_written() {
    let (service, documents, client) = store::service(|_, _| None);
    documents.lock().unwrap().put(PATH, door());
    let changed = client
        .modify_digital_twin::<Door>("door", |door| {
            door.contents.openings = 7;
            door.contents.label = Some("main".to_owned());
            door.contents.place.floor = 3;
            door.id = "not written".to_owned();
        })
        .await
        .unwrap();
    // On the service, `openings` has a value; `label` and `place` do not.
    assert_eq!(
        service.sent()[1].json(),
        json!([
            {"op": "replace", "path": "/openings", "value": 7},
            {"op": "add", "path": "/label", "value": "main"},
            {"op": "add", "path": "/place", "value": {"floor": 3}},
        ])
    );
    assert_eq!(service.sent()[1].header("if-match"), Some("W/\"1\""));
    assert_eq!(changed.etag.unwrap().as_ref(), "W/\"2\"");
    assert_eq!(
        documents.lock().unwrap().by_path[PATH].0["secret"],
        json!({"z": 1, "a": 2})
    );
}

#[tokio::test(start_paused = true)]
async fn no_change_sends_no_patch() {
    let (service, documents, client) = store::service(|_, _| None);
    documents.lock().unwrap().put(PATH, door());
    let twin = client.modify_digital_twin::<Door>("door", |_| {}).await.unwrap();
    assert_eq!(twin.contents.openings, 1);
    assert_eq!(service.lines(), ["GET /digitaltwins/door"]);
}

#[tokio::test(start_paused = true)]
async fn a_concurrent_change_is_kept() {
    let mut others = 3;
    let (service, documents, client) = store::service(move |sent, documents| {
        if sent.method == "PATCH" && others > 0 {
            others -= 1;
            let mut other = documents.by_path[PATH].0.clone();
            other["openings"] = json!(other["openings"].as_u64().unwrap() + 10);
            documents.put(PATH, other);
        }
        None
    });
    documents.lock().unwrap().put(PATH, door());
    let twin = client.modify_digital_twin("door", open).await.unwrap();
    assert_eq!(twin.contents.openings, 32);
    assert_eq!(documents.lock().unwrap().by_path[PATH].0["openings"], 32);
    assert_eq!(service.lines().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn conflicts_end_after_ten_attempts() {
    let (service, documents, client) = store::service(|sent, _| {
        (sent.method == "PATCH").then(|| MockResponse::error(412, "PreconditionFailed"))
    });
    documents.lock().unwrap().put(PATH, door());
    let error = client.modify_digital_twin("door", open).await.unwrap_err();
    assert!(error.is_precondition_failed());
    assert_eq!(service.lines().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_write_with_a_lost_response_is_applied_once() {
    let mut lost = false;
    let (_, documents, client) = store::service(move |sent, documents| {
        if sent.method != "PATCH" || std::mem::replace(&mut lost, true) {
            return None;
        }
        // The service applies the patch, but the response is lost.
        let mut stored = documents.by_path[PATH].0.clone();
        let patch: json_patch::Patch = serde_json::from_str(&sent.body).unwrap();
        json_patch::patch(&mut stored, &patch).unwrap();
        documents.put(PATH, stored);
        Some(MockResponse::broken(azure_core::error::ErrorKind::Io))
    });
    documents.lock().unwrap().put(PATH, door());
    let twin = client.modify_digital_twin("door", open).await.unwrap();
    assert_eq!(twin.contents.openings, 2);
    assert_eq!(documents.lock().unwrap().by_path[PATH].0["openings"], 2);
    assert_eq!(twin.etag.unwrap().as_ref(), "W/\"2\"");
}

#[tokio::test(start_paused = true)]
async fn a_missing_twin_is_not_found() {
    let (_, _, client) = store::service(|_, _| None);
    assert!(
        client
            .modify_digital_twin("door", open)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_property_may_have_a_source_time() {
    use digitaltwins_convenience::PropertyMetadata;
    let (service, documents, client) = store::service(|sent, _| {
        // The mock store creates no metadata, unlike the service.
        (sent.method == "PATCH").then(|| MockResponse::empty(204).header("etag", "W/\"2\""))
    });
    documents.lock().unwrap().put(PATH, door());
    let time = time::macros::datetime!(2024-05-01 10:00 UTC);
    let change = |door: &mut DigitalTwin<Door>| {
        door.contents.label = Some("main".to_owned());
        door.metadata
            .properties
            .insert("label".to_owned(), PropertyMetadata::with_source_time(time));
    };
    client.modify_digital_twin("door", change).await.unwrap();
    assert_eq!(
        service.sent()[1].json(),
        json!([
            {"op": "add", "path": "/label", "value": "main"},
            {"op": "add", "path": "/$metadata/label/sourceTime", "value": "2024-05-01T10:00:00Z"},
        ])
    );
}
