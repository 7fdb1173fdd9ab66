//! The span tree.

use std::sync::Arc;

use azure_core::http::{ClientOptions, InstrumentationOptions};
use digitaltwins_convenience::{
    BasicDigitalTwin, DigitalTwinsClient, GraphItem, ModelFiles, Precondition, UploadModelsOptions, Upsert,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};

use crate::store;
use crate::support::{MockResponse, SentRequest};
use crate::tracer::Recorder;

/// Returns a recorder, and a client for a service with a model and a twin `t` with a relationship to `u`.
fn traced() -> (Recorder, DigitalTwinsClient) {
    let recorder = Recorder::default();
    let options = ClientOptions {
        instrumentation: InstrumentationOptions {
            tracer_provider: Some(Arc::new(recorder.clone())),
        },
        ..Default::default()
    };
    let (_, documents, client) = store::service_with_options(options, |sent: &SentRequest, documents| {
        let version = documents
            .by_path
            .get("/digitaltwins/t")
            .map(|(_, version)| *version);
        let row = json!([{"T": {"$dtId": "t", "$etag": format!("W/\"{}\"", version.unwrap_or_default())}}]);
        (sent.line() == "POST /query")
            .then(|| MockResponse::json(200, &json!({"value": row, "continuationToken": null})))
    });
    {
        let mut documents = documents.lock().unwrap();
        for id in ["t", "u"] {
            let twin = json!({"$dtId": id, "n": 1, "$metadata": {"$model": "dtmi:example:m1;1"}});
            documents.put(&format!("/digitaltwins/{id}"), twin);
        }
        let relationship =
            json!({"$relationshipId": "r", "$sourceId": "t", "$relationshipName": "to", "$targetId": "u"});
        documents.put("/digitaltwins/t/relationships/r", relationship);
        documents.put("/models/dtmi:example:m1;1", json!({"@id": "dtmi:example:m1;1"}));
    }
    (recorder, client)
}

#[tokio::test(start_paused = true)]
async fn a_call_is_a_span_with_its_requests() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let (recorder, client) = traced();
    client.get_digital_twin::<Value>("t").await.unwrap();
    let twin = json!({"$metadata": {"$model": "dtmi:example:m1;1"}});
    client
        .upsert_digital_twin("v", &twin, Upsert::CreateOrReplace)
        .await
        .unwrap();
    client
        .delete_digital_twin("missing", Precondition::Unconditional)
        .await
        .unwrap_err();
    client
        .list_models(None)
        .unwrap()
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    client
        .query_twins::<Value>("SELECT", None)
        .unwrap()
        .try_next()
        .await
        .unwrap();
    insta::assert_snapshot!(recorder.tree());
}

#[tokio::test(start_paused = true)]
async fn a_composite_method_is_the_parent_of_its_requests() {
    let _turn = crate::SUBSCRIBER.lock().await;
    let (recorder, client) = traced();
    client
        .modify_digital_twin::<Map<String, Value>>("t", |twin| {
            twin.contents.insert("n".to_owned(), json!(2));
        })
        .await
        .unwrap();
    client.wait_until_visible("t", None).await.unwrap();
    let twin = BasicDigitalTwin::new("w", "dtmi:example:m1;1", Map::new());
    let report = client.bulk_upsert([twin.clone()], None).await.unwrap();
    assert!(report.is_successful());
    let outcomes = client
        .bulk_upsert_stream(stream::iter([GraphItem::from(twin)]), None)
        .unwrap();
    assert_eq!(outcomes.count().await, 1);
    let model = json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:m2;1", "@type": "Interface"});
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    client
        .upload_models(&[model], Some(options.clone()))
        .await
        .unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../dtdl/examples/models");
    let files = ModelFiles::read(folder).unwrap();
    client.upload_model_files(&files, Some(options)).await.unwrap();
    client.delete_all_models().await.unwrap();
    client.delete_digital_twin_with_relationships("t").await.unwrap();
    client
        .delete_digital_twin_with_relationships("t")
        .await
        .unwrap_err();
    insta::assert_snapshot!(recorder.tree());
}
