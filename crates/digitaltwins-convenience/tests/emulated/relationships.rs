//! Relationships.

use digitaltwins_convenience::{
    BasicRelationship, ListRelationshipsOptions, Relationship, RelationshipPatch, ResponseExt, Upsert,
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{ANY, SPECIAL, empty, if_match};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pipe {
    diameter: Option<i32>,
}

async fn tanks(
    count: usize,
) -> (
    azure_iot_emulator::Emulator,
    digitaltwins_convenience::DigitalTwinsClient,
) {
    let (emulator, client) = empty().await;
    let model = json!({
        "@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Tank;1", "@type": "Interface",
        "contents": [
            {"@type": "Relationship", "name": "feeds", "target": "dtmi:example:Tank;1",
             "properties": [{"@type": "Property", "name": "diameter", "schema": "integer"}]},
            {"@type": "Relationship", "name": "near"},
        ],
    });
    client.create_models(&[model]).await.unwrap();
    for n in 0..count {
        let twin = json!({"$metadata": {"$model": "dtmi:example:Tank;1"}});
        client
            .upsert_digital_twin(&format!("tank-{n}"), &twin, Upsert::CreateOnly)
            .await
            .unwrap();
    }
    (emulator, client)
}

#[tokio::test]
async fn a_relationship_is_created_changed_and_deleted() {
    let (_emulator, client) = tanks(2).await;
    let pipe = Relationship::new(SPECIAL, "tank-0", "feeds", "tank-1", Pipe { diameter: Some(40) });
    let stored = client
        .upsert_relationship("tank-0", SPECIAL, &pipe, Upsert::CreateOnly)
        .await
        .unwrap();
    let first = stored.etag();
    assert_eq!(stored.into_model().unwrap().contents.diameter, Some(40));
    let wider = RelationshipPatch::diff(&pipe.contents, &Pipe { diameter: Some(50) }).unwrap();
    let second = client
        .update_relationship("tank-0", SPECIAL, &wider, if_match(first.clone()))
        .await
        .unwrap()
        .etag();
    let read = client
        .get_relationship::<Relationship<Pipe>>("tank-0", SPECIAL)
        .await
        .unwrap();
    assert_eq!(read.etag(), second);
    let read = read.into_model().unwrap();
    assert_eq!((read.id.as_str(), read.contents.diameter), (SPECIAL, Some(50)));
    let error = client
        .delete_relationship("tank-0", SPECIAL, if_match(first))
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed());
    client
        .delete_relationship("tank-0", SPECIAL, if_match(second))
        .await
        .unwrap();
    assert!(
        client
            .get_relationship::<Value>("tank-0", SPECIAL)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn lists_span_pages_and_deletion_removes_all_relationships() {
    let (_emulator, client) = tanks(35).await;
    for n in 1..35 {
        let (name, id) = (if n % 2 == 0 { "feeds" } else { "near" }, format!("r{n:02}"));
        let to = Relationship::new(&id, "tank-0", name, format!("tank-{n}"), ());
        client
            .upsert_relationship("tank-0", &id, &to, Upsert::CreateOrReplace)
            .await
            .unwrap();
        let from = Relationship::new("back", format!("tank-{n}"), "near", "tank-0", ());
        client
            .upsert_relationship(&from.source_id, "back", &from, Upsert::CreateOrReplace)
            .await
            .unwrap();
    }
    let all: Vec<BasicRelationship> = client
        .list_relationships("tank-0", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(all.len(), 34);
    let named = ListRelationshipsOptions {
        relationship_name: Some("feeds".to_owned()),
        ..Default::default()
    };
    let feeds: Vec<BasicRelationship> = client
        .list_relationships("tank-0", Some(named))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(feeds.len(), 17);
    let incoming: Vec<_> = client
        .list_incoming_relationships("tank-0", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(incoming.len(), 34);
    assert!(
        incoming
            .iter()
            .all(|relationship| relationship.id == "back" && relationship.link.is_some())
    );
    assert_eq!(
        client
            .delete_digital_twin_with_relationships("tank-0")
            .await
            .unwrap()
            .relationships,
        68
    );
    assert!(
        client
            .delete_digital_twin("tank-0", ANY)
            .await
            .unwrap_err()
            .is_not_found()
    );
    client.delete_digital_twin("tank-1", ANY).await.unwrap();
}
