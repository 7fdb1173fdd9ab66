//! Every answer that the API's description gives as an example is read, and nothing of it is lost.
//!
//! The folder `fixtures` has answers of the same shapes in our own words, by operation. Where the published examples
//! are at hand, they are read as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use azure_core::http::Response;
use digitaltwins_convenience::{
    BasicComponent, BasicDigitalTwin, BasicRelationship, DateTime, DeleteJob, DigitalTwinsClient,
    DigitalTwinsModelData, Error, EventRoute, ImportJob, Pager, Precondition, QueryPage, Upsert,
};
use futures::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{Answer, Service};

/// Sends `operation` to a service that answers `status` and `body`, and writes what it got as JSON.
async fn round_trip(operation: &str, status: u16, body: &Value) -> Result<Value, Error> {
    let answer = if body.is_null() {
        Answer::empty(status)
    } else {
        Answer::json(status, body)
    };
    let (_, client) = Service::answering([answer]);
    let any = Precondition::Unconditional;
    match operation {
        "digital_twins_get_by_id" => written::<BasicDigitalTwin>(client.get_digital_twin("t").await?),
        "digital_twins_add" => {
            let twin = BasicDigitalTwin::new("t", "m", serde_json::Map::new());
            written(
                client
                    .upsert_digital_twin("t", &twin, Upsert::CreateOrReplace)
                    .await?,
            )
        }
        "digital_twins_get_component" => written::<BasicComponent>(client.get_component("t", "c").await?),
        "digital_twins_get_relationship_by_id" => {
            written::<BasicRelationship>(client.get_relationship("t", "r").await?)
        }
        "digital_twins_add_relationship" => {
            let relationship = BasicRelationship::new("r", "s", "n", "t", serde_json::Map::new());
            written(
                client
                    .upsert_relationship("s", "r", &relationship, Upsert::CreateOrReplace)
                    .await?,
            )
        }
        "digital_twins_list_relationships" => {
            list(client.list_relationships::<BasicRelationship>("t", None).unwrap()).await
        }
        "digital_twins_list_incoming_relationships" => {
            list(client.list_incoming_relationships("t", None).unwrap()).await
        }
        "digital_twin_models_add" => {
            written::<Vec<DigitalTwinsModelData>>(client.create_models(&[json!({})]).await?)
        }
        "digital_twin_models_get_by_id" => {
            written::<DigitalTwinsModelData>(client.get_model("m", None).await?)
        }
        "digital_twin_models_list" => list(client.list_models(None).unwrap()).await,
        "query_query_twins" => query(&client).await,
        "event_routes_get_by_id" => written::<EventRoute>(client.get_event_route("r").await?),
        "event_routes_list" => list(client.list_event_routes(None).unwrap()).await,
        "import_jobs_add" => written::<ImportJob>(client.create_import_job("j", "i", "o").await?),
        "import_jobs_get_by_id" => written::<ImportJob>(client.get_import_job("j").await?),
        "import_jobs_cancel" => written::<ImportJob>(client.cancel_import_job("j").await?),
        "import_jobs_list" => list(client.list_import_jobs(None).unwrap()).await,
        "delete_jobs_add" => written::<DeleteJob>(client.create_delete_job(None).await?),
        "delete_jobs_get_by_id" => written::<DeleteJob>(client.get_delete_job("j").await?),
        "delete_jobs_list" => list(client.list_delete_jobs(None).unwrap()).await,
        "digital_twin_models_delete" => nothing(client.delete_model("m").await),
        "digital_twin_models_update" => nothing(client.decommission_model("m").await),
        "digital_twins_delete" => nothing(client.delete_digital_twin("t", any).await),
        "digital_twins_update" => nothing(client.update_digital_twin("t", &Default::default(), any).await),
        "digital_twins_update_component" => {
            nothing(client.update_component("t", "c", &Default::default(), any).await)
        }
        "digital_twins_update_relationship" => nothing(
            client
                .update_relationship("t", "r", &Default::default(), any)
                .await,
        ),
        "digital_twins_delete_relationship" => nothing(client.delete_relationship("t", "r", any).await),
        "digital_twins_send_telemetry" => nothing(client.publish_telemetry("t", &json!({}), None).await),
        "digital_twins_send_component_telemetry" => nothing(
            client
                .publish_component_telemetry("t", "c", &json!({}), None)
                .await,
        ),
        "event_routes_add" => nothing(
            client
                .upsert_event_route("r", &EventRoute::new("e", "true"))
                .await,
        ),
        "event_routes_delete" => nothing(client.delete_event_route("r").await),
        "import_jobs_delete" => nothing(client.delete_import_job("j").await),
        other => panic!("no such operation: {other}"),
    }
}

fn written<T: DeserializeOwned + Serialize>(response: Response<T>) -> Result<Value, Error> {
    Ok(serde_json::to_value(response.into_model()?).unwrap())
}

fn nothing<T>(result: Result<T, Error>) -> Result<Value, Error> {
    result.map(|_| Value::Null)
}

/// The first page of a list, and where the next begins.
async fn list<T: DeserializeOwned + Serialize + Send + 'static>(pager: Pager<T>) -> Result<Value, Error> {
    let mut pages = pager.into_pages();
    let page = pages.try_next().await?.expect("a page").into_model()?;
    Ok(page_json(
        serde_json::to_value(page.items).unwrap(),
        pages.continuation_token(),
        "nextLink",
    ))
}

async fn query(client: &DigitalTwinsClient) -> Result<Value, Error> {
    let pager = client
        .query_twins::<Value>("SELECT * FROM DIGITALTWINS", None)
        .unwrap();
    let mut pages = pager.into_pages();
    let page: QueryPage<Value> = pages.try_next().await?.expect("a page").into_model()?;
    Ok(page_json(
        serde_json::to_value(page.rows).unwrap(),
        pages.continuation_token(),
        "continuationToken",
    ))
}

fn page_json(items: Value, token: Option<String>, next: &str) -> Value {
    let mut json = json!({"value": items});
    if let Some(token) = token {
        json[next] = json!(token);
    }
    json
}

/// The same JSON with every date in one spelling, only the end of links, and without nulls that stand for "none".
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<DateTime>() {
            Ok(time) => json!(time.to_string()),
            Err(_) => value.clone(),
        },
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(name, value)| {
                    let optional =
                        name.ends_with("DateTime") || *name == "nextLink" || *name == "continuationToken";
                    let empty = value.as_object().is_some_and(serde_json::Map::is_empty);
                    !(optional && value.is_null()
                        || empty && (*name == "displayName" || *name == "description"))
                })
                .map(|(name, value)| match (name.as_str(), value) {
                    // A relative link was resolved; what it was resolved against is not in the body.
                    ("nextLink", Value::String(link)) => (name.clone(), json!(link.rsplit('/').next())),
                    _ => (name.clone(), normal(value)),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

async fn check(name: &str, operation: &str, status: u16, body: &Value) {
    let read = round_trip(operation, status, body)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(normal(&read), normal(body), "{name}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test]
async fn our_fixtures_are_read_without_loss() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut operations = BTreeSet::new();
    for folder in files(&root) {
        let operation = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in files(&folder) {
            let fixture = read(&file);
            let status = u16::try_from(fixture["status"].as_u64().unwrap()).unwrap();
            check(&file.display().to_string(), &operation, status, &fixture["body"]).await;
        }
        operations.insert(operation);
    }
    let all: BTreeSet<String> = digitaltwins_protocol::OPERATIONS
        .iter()
        .map(|operation| operation.id.to_owned())
        .collect();
    assert_eq!(operations, all, "every operation has a fixture");
}

/// Which operation a published example is about: the description says.
fn published() -> Option<Vec<(String, String)>> {
    let folder = std::env::var_os("UPSTREAM_SPECS")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/upstream"));
    let description = folder.join("digitaltwins-2023-10-31.json");
    if !description.exists() {
        println!("skipped: the published examples are not at hand");
        return None;
    }
    let mut examples = Vec::new();
    for methods in read(&description)["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            for example in operation["x-ms-examples"]
                .as_object()
                .into_iter()
                .flat_map(|map| map.values())
            {
                let file = folder.join(example["$ref"].as_str().unwrap().trim_start_matches("./"));
                examples.push((snake_case(id), file.display().to_string()));
            }
        }
    }
    Some(examples)
}

fn snake_case(id: &str) -> String {
    let mut text = String::new();
    for (index, letter) in id.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 && !text.ends_with('_') {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[tokio::test]
async fn published_examples_are_read_without_loss() {
    let Some(examples) = published() else { return };
    assert!(examples.len() >= 40, "{}", examples.len());
    for (operation, file) in examples {
        for (status, response) in read(Path::new(&file))["responses"].as_object().unwrap() {
            check(&file, &operation, status.parse().unwrap(), &response["body"]).await;
        }
    }
}
