//! Bulk upserts and import files.

use azure_iot_emulator::Fault;
use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, BulkUpsertOptions, GraphItem, ImportFileValidator, ImportFileWriter,
    ProgressCallback, Relationship,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};

use crate::empty;

fn model() -> Value {
    json!({
        "@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Node;1", "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "number", "schema": "integer"},
            {"@type": "Relationship", "name": "next", "target": "dtmi:example:Node;1"},
        ],
    })
}

fn graph(count: usize) -> Vec<GraphItem> {
    let mut items = Vec::new();
    for n in 0..count {
        let contents = Map::from_iter([("number".to_owned(), json!(n))]);
        items.push(BasicDigitalTwin::new(format!("n{n}"), "dtmi:example:Node;1", contents).into());
        if n > 0 {
            let (id, from, to) = (format!("r{n}"), format!("n{n}"), format!("n{}", n - 1));
            items.push(BasicRelationship::new(id, from, "next", to, Map::new()).into());
        }
    }
    items
}

#[tokio::test]
async fn a_graph_is_stored_despite_throttling() {
    let (emulator, client) = empty().await;
    client.create_models(&[model()]).await.unwrap();
    emulator
        .faults()
        .add(
            Fault::status(429)
                .retry_after(0)
                .on("PUT", "/digitaltwins/*")
                .times(15),
        )
        .unwrap();
    let (sender, progress) = std::sync::mpsc::channel();
    let options = BulkUpsertOptions {
        on_progress: Some(ProgressCallback::new(move |progress| {
            sender.send(*progress).unwrap();
        })),
        ..Default::default()
    };
    let report = client.bulk_upsert(graph(150), Some(options)).await.unwrap();
    assert_eq!(report.results.len(), 299);
    assert!(report.is_successful(), "{report:?}");
    let last = progress.iter().last().unwrap();
    assert_eq!((last.done, last.failed, last.total), (299, 0, Some(299)));
    assert!(emulator.faults().list().is_empty(), "every fault has occurred");
    client.wait_until_visible("n149", None).await.unwrap();
    let mut count = client
        .query_twins::<Value>("SELECT COUNT() FROM RELATIONSHIPS", None)
        .unwrap();
    assert_eq!(count.try_next().await.unwrap().unwrap(), json!({"COUNT": 149}));
}

#[tokio::test]
async fn a_graph_that_was_read_makes_a_valid_import_file() {
    let (_emulator, client) = empty().await;
    client.create_models(&[model()]).await.unwrap();
    let stored: Vec<_> = client
        .bulk_upsert_stream(stream::iter(graph(30)), None)
        .unwrap()
        .collect()
        .await;
    assert!(stored.iter().all(|outcome| outcome.result.is_ok()));
    client.wait_until_visible("n29", None).await.unwrap();
    let mut file = ImportFileWriter::new(Vec::new(), "a", "o").unwrap();
    file.model(model()).unwrap();
    let twins: Vec<BasicDigitalTwin> = client
        .query_twins("SELECT * FROM DIGITALTWINS", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    for twin in &twins {
        file.twin(twin).unwrap();
    }
    let relationships: Vec<Relationship> = client
        .query_twins("SELECT * FROM RELATIONSHIPS", None)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    for relationship in &relationships {
        file.relationship(relationship).unwrap();
    }
    let file = file.finish().unwrap();
    let report = ImportFileValidator::new()
        .with_self_contained()
        .check(&file[..])
        .unwrap();
    assert!(report.is_ok(), "{:?}", report.problems);
    assert_eq!((report.models, report.twins, report.relationships), (1, 30, 29));
}
