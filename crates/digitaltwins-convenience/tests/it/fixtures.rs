//! Lossless round trips of the responses in the folder `fixtures`, which has at least one per operation.

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

use crate::support::{MockResponse, MockService};

/// Calls `operation` on a service that responds with `status` and `body`, and returns the decoded response as JSON.
async fn round_trip(operation: &str, status: u16, body: &Value) -> Result<Value, Error> {
    let response = if body.is_null() {
        MockResponse::empty(status)
    } else {
        MockResponse::json(status, body)
    };
    let (_, client) = MockService::with_responses([response]);
    let any = Precondition::Unconditional;
    match operation {
        "digital_twins_get_by_id" => to_json::<BasicDigitalTwin>(client.get_digital_twin("t").await?),
        "digital_twins_add" => {
            let twin = BasicDigitalTwin::new("t", "m", serde_json::Map::new());
            to_json(
                client
                    .upsert_digital_twin("t", &twin, Upsert::CreateOrReplace)
                    .await?,
            )
        }
        "digital_twins_get_component" => to_json::<BasicComponent>(client.get_component("t", "c").await?),
        "digital_twins_get_relationship_by_id" => {
            to_json::<BasicRelationship>(client.get_relationship("t", "r").await?)
        }
        "digital_twins_add_relationship" => {
            let relationship = BasicRelationship::new("r", "s", "n", "t", serde_json::Map::new());
            to_json(
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
            to_json::<Vec<DigitalTwinsModelData>>(client.create_models(&[json!({})]).await?)
        }
        "digital_twin_models_get_by_id" => {
            to_json::<DigitalTwinsModelData>(client.get_model("dtmi:m;1", None).await?)
        }
        "digital_twin_models_list" => list(client.list_models(None).unwrap()).await,
        "query_query_twins" => query(&client).await,
        "event_routes_get_by_id" => to_json::<EventRoute>(client.get_event_route("r").await?),
        "event_routes_list" => list(client.list_event_routes(None).unwrap()).await,
        "import_jobs_add" => to_json::<ImportJob>(client.create_import_job("j", "i", "o").await?),
        "import_jobs_get_by_id" => to_json::<ImportJob>(client.get_import_job("j").await?),
        "import_jobs_cancel" => to_json::<ImportJob>(client.cancel_import_job("j").await?),
        "import_jobs_list" => list(client.list_import_jobs(None).unwrap()).await,
        "delete_jobs_add" => to_json::<DeleteJob>(client.create_delete_job(None).await?),
        "delete_jobs_get_by_id" => to_json::<DeleteJob>(client.get_delete_job("j").await?),
        "delete_jobs_list" => list(client.list_delete_jobs(None).unwrap()).await,
        "digital_twin_models_delete" => no_body(client.delete_model("dtmi:m;1").await),
        "digital_twin_models_update" => no_body(client.decommission_model("dtmi:m;1").await),
        "digital_twins_delete" => no_body(client.delete_digital_twin("t", any).await),
        "digital_twins_update" => no_body(client.update_digital_twin("t", &Default::default(), any).await),
        "digital_twins_update_component" => {
            no_body(client.update_component("t", "c", &Default::default(), any).await)
        }
        "digital_twins_update_relationship" => no_body(
            client
                .update_relationship("t", "r", &Default::default(), any)
                .await,
        ),
        "digital_twins_delete_relationship" => no_body(client.delete_relationship("t", "r", any).await),
        "digital_twins_send_telemetry" => no_body(client.publish_telemetry("t", &json!({}), None).await),
        "digital_twins_send_component_telemetry" => no_body(
            client
                .publish_component_telemetry("t", "c", &json!({}), None)
                .await,
        ),
        "event_routes_add" => no_body(
            client
                .upsert_event_route("r", &EventRoute::new("e", "true"))
                .await,
        ),
        "event_routes_delete" => no_body(client.delete_event_route("r").await),
        "import_jobs_delete" => no_body(client.delete_import_job("j").await),
        other => panic!("no such operation: {other}"),
    }
}

fn to_json<T: DeserializeOwned + Serialize>(response: Response<T>) -> Result<Value, Error> {
    Ok(serde_json::to_value(response.into_model()?).unwrap())
}

fn no_body<T>(result: Result<T, Error>) -> Result<Value, Error> {
    result.map(|_| Value::Null)
}

/// Returns the first page of a list as JSON, with its `nextLink`.
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

/// Normalizes JSON: converts dates to one format, shortens links to their last segment, and omits members whose null or
/// empty value means "absent".
fn normalized(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<DateTime>() {
            Ok(time) => json!(time.to_string()),
            Err(_) => value.clone(),
        },
        Value::Array(items) => items.iter().map(normalized).collect(),
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
                    // The client resolves relative links, so only the token at the end is comparable.
                    ("nextLink", Value::String(link)) => (name.clone(), json!(link.rsplit('/').next())),
                    _ => (name.clone(), normalized(value)),
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
    assert_eq!(normalized(&read), normalized(body), "{name}");
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
async fn fixtures_survive_a_round_trip() {
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
