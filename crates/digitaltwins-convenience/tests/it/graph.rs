//! Composite methods: upload and deletion of models, deletion of twins with relationships, waiting until queries return
//! a write.

use std::time::Duration;

use digitaltwins_convenience::{
    Error, ModelFiles, UploadModelsOptions, UploadedModels, WaitUntilVisibleOptions,
};
use serde_json::{Value, json};

use crate::store::{self, Documents};
use crate::support::{MockResponse, SentRequest};

fn model(id: u32, bases: &[u32]) -> Value {
    let ids: Vec<String> = bases.iter().map(|id| format!("dtmi:example:m{id};1")).collect();
    json!({"@context": "dtmi:dtdl:context;3", "@id": format!("dtmi:example:m{id};1"), "@type": "Interface", "extends": ids})
}

fn ids(models: &Value) -> Vec<String> {
    models
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["@id"].as_str().unwrap().replace("dtmi:example:", ""))
        .collect()
}

/// Returns the ids of the deleted models, as encoded in the paths.
fn deleted(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| line.strip_prefix("DELETE /models/dtmi%3Aexample%3A"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn models_are_uploaded_in_dependency_order_and_batches() {
    let (service, _, client) = store::service(|_, _| None);
    let models = [
        model(5, &[4]),
        model(4, &[3]),
        model(1, &[]),
        model(3, &[2, 1]),
        model(2, &[1]),
    ];
    let options = UploadModelsOptions {
        batch_size: 2,
        ..Default::default()
    };
    let stored = client.upload_models(&models, Some(options)).await.unwrap();
    let batches: Vec<_> = service.sent().iter().map(|sent| ids(&sent.json())).collect();
    assert_eq!(
        batches,
        [vec!["m1;1", "m2;1"], vec!["m3;1", "m4;1"], vec!["m5;1"]]
    );
    assert_eq!(stored.models.len(), 5);
    assert_eq!(
        client
            .upload_models::<Value>(&[], None)
            .await
            .unwrap()
            .models
            .len(),
        0
    );
}

/// ADT-MODEL-30: models that the service accepts only in separate requests are uploaded.
#[tokio::test(start_paused = true)]
async fn models_with_the_same_inner_id_go_in_different_batches() {
    let (service, _, client) = store::service(|_, _| None);
    let version = |number: u32| {
        let mode = json!({"@id": "dtmi:example:Tracker:mode;1", "@type": "Enum", "valueSchema": "integer",
            "enumValues": [{"name": "off", "enumValue": number}]});
        let mut model = model(number, &[]);
        model["contents"] = json!([{"@type": "Property", "name": "mode", "schema": mode}]);
        model
    };
    let models = [version(1), version(2), model(3, &[1]), model(4, &[2])];
    client.upload_models(&models, None).await.unwrap();
    let batches: Vec<_> = service.sent().iter().map(|sent| ids(&sent.json())).collect();
    assert_eq!(batches, [vec!["m1;1"], vec!["m2;1"], vec!["m3;1"], vec!["m4;1"]]);
}

/// ADT-MODEL-30, ADT-MODEL-31: the client validates models by the rules of the service.
#[tokio::test(start_paused = true)]
async fn models_are_validated_by_the_rules_of_the_service() {
    let (service, _, client) = store::service(|_, _| None);
    let mut twice = model(1, &[]);
    twice["@context"] = json!("dtmi:dtdl:context;2");
    twice["contents"] = json!([
        {"@type": "Telemetry", "name": "t", "schema": "double"},
        {"@type": "Telemetry", "name": "t", "schema": "double"},
    ]);
    client.upload_models(&[twice], None).await.unwrap();
    let mut extended = model(2, &[]);
    extended["@context"] = json!(["dtmi:dtdl:context;3", "dtmi:dtdl:extension:mqtt;1"]);
    let error = client.upload_models(&[extended], None).await.unwrap_err();
    assert!(
        error.is_invalid_input() && error.to_string().contains("mqtt"),
        "{error}"
    );
    assert_eq!(service.lines(), ["POST /models"]);
}

#[tokio::test(start_paused = true)]
async fn models_of_files_and_arrays_are_uploaded() {
    let (service, _, client) = store::service(|_, _| None);
    let text = format!(
        "\u{feff}{}",
        json!([model(2, &[1]), model(1, &[])])
            .to_string()
            .replace(',', ",\r\n")
    );
    let files = ModelFiles::from_text("models.json", text);
    let stored = client.upload_model_files(&files, None).await.unwrap();
    assert_eq!(stored.models.len(), 2);
    client
        .upload_models(&[json!([model(3, &[]), model(4, &[3])]), model(5, &[])], None)
        .await
        .unwrap();
    let batches: Vec<_> = service
        .sent()
        .iter()
        .filter(|sent| sent.method == "POST")
        .map(|sent| ids(&sent.json()))
        .collect();
    assert_eq!(batches, [vec!["m1;1", "m2;1"], vec!["m3;1", "m4;1", "m5;1"]]);
    let files = ModelFiles::from_text("broken.json", "[");
    let error = client.upload_model_files(&files, None).await.unwrap_err();
    assert!(
        error.is_invalid_input() && error.to_string().contains("broken.json"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_default_batch_size_is_30() {
    let (service, _, client) = store::service(|_, _| None);
    let models: Vec<Value> = (0..65).map(|n| model(n, &[])).collect();
    client.upload_models(&models, None).await.unwrap();
    let sizes: Vec<_> = service
        .sent()
        .iter()
        .map(|sent| ids(&sent.json()).len())
        .collect();
    assert_eq!(sizes, [30, 30, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_rolls_back_earlier_batches() {
    let (service, documents, client) = store::service(|_, _| None);
    documents
        .lock()
        .unwrap()
        .put("/models/dtmi:example:m4;1", model(4, &[]));
    let models = [model(1, &[]), model(2, &[1]), model(3, &[2]), model(4, &[3])];
    let options = UploadModelsOptions {
        batch_size: 1,
        ..Default::default()
    };
    let error = client.upload_models(&models, Some(options)).await.unwrap_err();
    assert!(
        error.is_already_exists() && error.left_behind().is_empty(),
        "{error}"
    );
    assert_eq!(deleted(&service.lines()), ["m3%3B1", "m2%3B1", "m1%3B1"]);
    assert_eq!(
        documents.lock().unwrap().by_path.len(),
        1,
        "only the model that existed before"
    );
}

#[tokio::test(start_paused = true)]
async fn models_that_cannot_be_rolled_back_are_named() {
    let (_, _, client) = store::service(
        |sent, _| match (sent.method.as_str(), sent.target.contains("m1")) {
            ("POST", _) if sent.body.contains("m2") => Some(MockResponse::error(400, "LimitExceeded")),
            ("DELETE", true) => Some(MockResponse::error(403, "Forbidden")),
            _ => None,
        },
    );
    let options = UploadModelsOptions {
        batch_size: 1,
        ..Default::default()
    };
    let error = client
        .upload_models(&[model(1, &[]), model(2, &[])], Some(options))
        .await
        .unwrap_err();
    assert!(error.is_limit_reached());
    assert_eq!(error.left_behind(), ["dtmi:example:m1;1"]);
    assert!(
        error.to_string().ends_with("(left behind: dtmi:example:m1;1)"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_with_an_unknown_outcome_is_rolled_back() {
    let (_, documents, client) = store::service(|sent, documents: &mut Documents| {
        let second = sent.method == "POST" && sent.body.contains("m2");
        second.then(|| {
            documents.put("/models/dtmi:example:m2;1", model(2, &[]));
            MockResponse::broken(azure_core::error::ErrorKind::Io)
        })
    });
    let options = UploadModelsOptions {
        batch_size: 1,
        ..Default::default()
    };
    let error = client
        .upload_models(&[model(1, &[]), model(2, &[])], Some(options))
        .await
        .unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
    assert!(documents.lock().unwrap().by_path.is_empty());
}

#[tokio::test(start_paused = true)]
async fn existing_models_can_be_skipped() {
    let (service, documents, client) = store::service(|_, _| None);
    documents
        .lock()
        .unwrap()
        .put("/models/dtmi:example:m1;1", model(1, &[]));
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    let stored = client
        .upload_models(&[model(1, &[]), model(2, &[1])], Some(options))
        .await
        .unwrap();
    assert_eq!(stored.models[0].id, "dtmi:example:m2;1");
    assert_eq!(stored.skipped, ["dtmi:example:m1;1"]);
    assert_eq!(service.lines(), ["GET /models", "POST /models"]);
}

#[tokio::test(start_paused = true)]
async fn models_are_validated_before_the_first_upload() {
    let (service, documents, client) = store::service(|_, _| None);
    documents
        .lock()
        .unwrap()
        .put("/models/dtmi:example:m8;1", model(8, &[9]));
    documents
        .lock()
        .unwrap()
        .put("/models/dtmi:example:m9;1", model(9, &[]));
    let refused = |result: Result<UploadedModels, Error>| {
        let error = result.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        error.to_string()
    };
    let mut broken = model(1, &[]);
    broken["contents"] =
        json!([{"@type": "Property", "name": "a b", "schema": "double"}, {"@type": "Property"}]);
    let text = refused(client.upload_models(&[broken.clone()], None).await);
    assert!(
        text.lines().count() > 2 && text.contains("dtmi:example:m1;1#/contents/0/name"),
        "{text}"
    );
    let text = refused(client.upload_models(&[json!({"@type": "Interface"})], None).await);
    assert!(text.contains("index 0"), "{text}");
    assert!(refused(client.upload_models(&[model(1, &[]), model(1, &[])], None).await).contains("twice"));
    assert!(
        refused(
            client
                .upload_models(&[model(1, &[2]), model(2, &[1])], None)
                .await
        )
        .contains("cycle")
    );
    for size in [0, 251] {
        let options = UploadModelsOptions {
            batch_size: size,
            ..Default::default()
        };
        assert!(refused(client.upload_models::<Value>(&[], Some(options)).await).contains("batch_size"));
    }
    assert!(service.lines().is_empty());
    // Missing dependencies are read from the service, transitively.
    client.upload_models(&[model(1, &[8])], None).await.unwrap();
    assert_eq!(service.lines().len(), 3);
    let text = refused(client.upload_models(&[model(2, &[7])], None).await);
    assert!(
        text.contains("dtmi:example:m7;1 is neither in `models` nor on the service"),
        "{text}"
    );
    // Without local validation, the service refuses the model.
    broken["@id"] = json!("dtmi:example:m3;1");
    client
        .upload_models(
            &[broken],
            Some(UploadModelsOptions {
                validate: false,
                ..Default::default()
            }),
        )
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn dependents_are_deleted_before_their_dependencies() {
    let (service, documents, client) = store::service(|_, _| None);
    for (id, bases) in [(1, &[][..]), (2, &[1]), (3, &[1, 2]), (4, &[]), (5, &[4, 3])] {
        documents
            .lock()
            .unwrap()
            .put(&format!("/models/dtmi:example:m{id};1"), model(id, bases));
    }
    let ids = client.delete_all_models().await.unwrap();
    assert_eq!(ids.ids.len(), 5);
    assert!(documents.lock().unwrap().by_path.is_empty());
    assert_eq!(service.lines().len(), 6, "no model was tried twice");
}

#[tokio::test(start_paused = true)]
async fn a_model_created_during_the_deletion_is_deleted_too() {
    let mut added = false;
    let (_, documents, client) = store::service(move |sent, documents| {
        if sent.method == "DELETE" && !std::mem::replace(&mut added, true) {
            documents.put("/models/dtmi:example:m2;1", model(2, &[1]));
        }
        None
    });
    documents
        .lock()
        .unwrap()
        .put("/models/dtmi:example:m1;1", model(1, &[]));
    assert_eq!(
        client.delete_all_models().await.unwrap().ids,
        ["dtmi:example:m2;1", "dtmi:example:m1;1"]
    );
}

fn twin(documents: &mut Documents, id: &str) {
    documents.put(
        &format!("/digitaltwins/{id}"),
        json!({"$dtId": id, "$metadata": {"$model": "dtmi:example:m1;1"}}),
    );
}

fn relate(documents: &mut Documents, source: &str, id: &str, target: &str) {
    let relationship =
        json!({"$relationshipId": id, "$sourceId": source, "$relationshipName": "to", "$targetId": target});
    documents.put(
        &format!("/digitaltwins/{source}/relationships/{id}"),
        relationship,
    );
}

#[tokio::test(start_paused = true)]
async fn a_twin_is_deleted_with_its_relationships() {
    let mut adds = 2;
    let (_, documents, client) = store::service(move |sent: &SentRequest, documents: &mut Documents| {
        // Another client adds a relationship just before the twin is deleted.
        if sent.line() == "DELETE /digitaltwins/a%20b" && adds > 0 {
            adds -= 1;
            relate(documents, "c", &format!("late-{adds}"), "a b");
        }
        None
    });
    {
        let mut documents = documents.lock().unwrap();
        for id in ["a b", "c", "d"] {
            twin(&mut documents, id);
        }
        relate(&mut documents, "a b", "out-1", "c");
        relate(&mut documents, "a b", "out-2", "d");
        relate(&mut documents, "d", "in-1", "a b");
        relate(&mut documents, "c", "other", "d");
    }
    assert_eq!(
        client
            .delete_digital_twin_with_relationships("a b")
            .await
            .unwrap()
            .relationships,
        5
    );
    let left: Vec<_> = documents.lock().unwrap().by_path.keys().cloned().collect();
    assert_eq!(
        left,
        [
            "/digitaltwins/c",
            "/digitaltwins/c/relationships/other",
            "/digitaltwins/d"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn deletion_gives_up_after_eight_attempts() {
    let (service, documents, client) = store::service(|sent, _| {
        (sent.line() == "DELETE /digitaltwins/a").then(|| MockResponse::error(400, "RelationshipsNotDeleted"))
    });
    twin(&mut documents.lock().unwrap(), "a");
    let error = client
        .delete_digital_twin_with_relationships("a")
        .await
        .unwrap_err();
    assert!(error.is_relationships_not_deleted());
    assert_eq!(
        service
            .lines()
            .iter()
            .filter(|line| line.starts_with("DELETE"))
            .count(),
        8
    );
}

/// Returns a hook that answers the given number of queries with the previous version of the twin, and later queries
/// with the current version.
fn lagging(
    queries: u32,
) -> impl FnMut(&SentRequest, &mut Documents) -> Option<MockResponse> + Send + 'static {
    let mut left = queries;
    move |sent, documents| {
        if sent.line() != "POST /query" {
            return None;
        }
        let version = documents.by_path["/digitaltwins/it's"].1;
        let shown = if left == 0 { version } else { version - 1 };
        left = left.saturating_sub(1);
        let rows = match shown {
            0 => json!([]),
            shown => json!([{"T": {"$dtId": "it's", "$etag": format!("W/\"{shown}\"")}}]),
        };
        Some(MockResponse::json(
            200,
            &json!({"value": rows, "continuationToken": null}),
        ))
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_a_query_shows_the_version() {
    for versions in [1, 2] {
        let (service, documents, client) = store::service(lagging(3));
        for _ in 0..versions {
            twin(&mut documents.lock().unwrap(), "it's");
        }
        client.wait_until_visible("it's", None).await.unwrap();
        let queries: Vec<_> = service
            .sent()
            .into_iter()
            .filter(|sent| sent.method == "POST")
            .collect();
        assert_eq!(queries.len(), 4);
        assert_eq!(
            queries[0].json()["query"],
            r"SELECT T FROM DIGITALTWINS T WHERE T.$dtId = 'it\'s'"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_times_out() {
    let (_, documents, client) = store::service(lagging(u32::MAX));
    twin(&mut documents.lock().unwrap(), "it's");
    let start = tokio::time::Instant::now();
    let wait = WaitUntilVisibleOptions {
        timeout: Duration::from_secs(5),
    };
    let error = client.wait_until_visible("it's", Some(wait)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(start.elapsed() >= Duration::from_secs(5) && start.elapsed() < Duration::from_secs(6));
    assert!(
        client
            .wait_until_visible("missing", None)
            .await
            .unwrap_err()
            .is_not_found()
    );
}
