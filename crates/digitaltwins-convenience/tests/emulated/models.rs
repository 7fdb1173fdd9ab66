//! Models.

use digitaltwins_convenience::{GetModelOptions, ListModelsOptions, UploadModelsOptions, Upsert, error_code};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::{building, empty};

fn model(id: usize, bases: &[usize]) -> Value {
    let ids: Vec<String> = bases.iter().map(|id| format!("dtmi:example:m{id};1")).collect();
    json!({"@context": "dtmi:dtdl:context;3", "@id": format!("dtmi:example:m{id};1"), "@type": "Interface",
           "displayName": format!("Model {id}"), "extends": ids, "contents": []})
}

/// Returns a tree of models, leaves first.
fn tree(count: usize) -> Vec<Value> {
    (0..count)
        .rev()
        .map(|n| {
            if n == 0 {
                model(0, &[])
            } else {
                model(n, &[(n - 1) / 2])
            }
        })
        .collect()
}

#[tokio::test]
async fn an_ontology_is_uploaded_listed_and_deleted() {
    let (_emulator, client) = empty().await;
    let stored = client.upload_models(&tree(75), None).await.unwrap();
    assert_eq!(stored.models.len(), 75);
    let stored = stored.models;
    assert_eq!(stored[0].display_name["en"], "Model 0");
    assert!(stored[0].upload_time.as_ref().unwrap().to_offset().is_some());
    let options = ListModelsOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let listed: Vec<_> = client
        .list_models(Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 75);
    let options = ListModelsOptions {
        dependencies_for: vec!["dtmi:example:m74;1".to_owned()],
        include_model_definition: true,
        ..Default::default()
    };
    let needed: Vec<_> = client
        .list_models(Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(needed.len(), 7, "itself and six bases");
    assert!(needed.iter().all(|model| model.model.is_some()));
    let deleted = client.delete_all_models().await.unwrap().ids;
    assert_eq!(deleted.len(), 75);
    assert_eq!(deleted.last().map(String::as_str), Some("dtmi:example:m0;1"));
    assert!(
        client
            .list_models(None)
            .unwrap()
            .try_next()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_failed_upload_is_rolled_back() {
    let (_emulator, client) = empty().await;
    client.create_models(&[model(9, &[])]).await.unwrap();
    let models: Vec<Value> = (0..10)
        .map(|n| model(n, if n == 0 { &[][..] } else { &[0] }))
        .collect();
    let options = UploadModelsOptions {
        batch_size: 3,
        ..Default::default()
    };
    let error = client
        .upload_models(&models, Some(options.clone()))
        .await
        .unwrap_err();
    assert!(
        error.is_already_exists() && error.left_behind().is_empty(),
        "{error}"
    );
    let left: Vec<_> = client.list_models(None).unwrap().try_collect().await.unwrap();
    assert_eq!(
        left.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(),
        ["dtmi:example:m9;1"]
    );
    let stored = client
        .upload_models(
            &models,
            Some(UploadModelsOptions {
                skip_existing: true,
                ..options
            }),
        )
        .await
        .unwrap();
    assert_eq!(stored.models.len(), 9);
}

#[tokio::test]
async fn a_model_is_read_decommissioned_and_deleted() {
    let (_emulator, client) = building().await;
    let options = GetModelOptions {
        include_model_definition: true,
    };
    let model = client
        .get_model("dtmi:example:Lamp;1", Some(options))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(model.model.unwrap()["@id"], "dtmi:example:Lamp;1");
    let bare = client
        .get_model("dtmi:example:Lamp;1", None)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!((bare.model, bare.decommissioned), (None, false));
    client.decommission_model("dtmi:example:Lamp;1").await.unwrap();
    let lamp = json!({"$metadata": {"$model": "dtmi:example:Lamp;1"}});
    let error = client
        .upsert_digital_twin("lamp", &lamp, Upsert::CreateOnly)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(error_code::MODEL_DECOMMISSIONED));
    let error = client
        .delete_model("dtmi:example:Thermostat;1")
        .await
        .unwrap_err();
    assert!(error.is_model_in_use() && error.is_conflict(), "{error}");
    client.delete_model("dtmi:example:Lamp;1").await.unwrap();
    assert!(
        client
            .get_model("dtmi:example:Lamp;1", None)
            .await
            .unwrap_err()
            .is_not_found()
    );
}
