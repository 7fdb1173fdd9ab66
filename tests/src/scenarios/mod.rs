//! What a user does with the clients, one file per noun and one table of all.
//!
//! A scenario takes its ids from the [`Environment`](crate::environment::Environment), so that it can run on a service
//! that is in use and [`Scenario::run`] deletes what it has created, also after a failure. It returns an error that says
//! what differs. Every public method of both clients is called by a scenario; `tests/scenarios.rs` checks that.

pub mod bulk;
pub mod components;
pub mod configurations;
pub mod delete_jobs;
pub mod devices;
pub mod digital_twins;
pub mod event_routes;
pub mod graph;
pub mod hub_client;
pub mod import_jobs;
pub mod jobs;
pub mod messages;
pub mod methods;
pub mod models;
pub mod modules;
pub mod plug_and_play;
pub mod queries;
pub mod relationships;
pub mod statistics;
mod table;
pub mod telemetry;
pub mod twin_queries;
pub mod twins;
pub mod twins_client;

pub use table::{Client, Outcome, SCENARIOS, Scenario};

use std::fmt::Debug;
use std::time::{Duration, Instant};

use digitaltwins_convenience::{DigitalTwin, DigitalTwinsClient, Upsert};
use futures::TryStreamExt as _;
use iothub_convenience::{Authentication, DeviceStatus, IotHubRegistryManager, SymmetricKey};
use serde_json::{Map, Value, json};

use crate::Failure;
pub(crate) use crate::resources::{tank, valve};

/// How long a live service may take until a query sees what was written.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fails unless both are equal, and says what they are.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, is: T, should_be: T) -> Result<(), Failure> {
    if is == should_be {
        Ok(())
    } else {
        Err(format!("{what} is {is:?} and should be {should_be:?}").into())
    }
}

/// Fails, naming `what`, unless it holds.
pub(crate) fn holds(what: &str, condition: bool) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err(format!("{what}: does not hold").into())
    }
}

/// The error of a call that should fail.
pub(crate) fn refused<T, E>(what: &str, result: Result<T, E>) -> Result<E, Failure> {
    match result {
        Err(error) => Ok(error),
        Ok(_) => Err(format!("{what}: was accepted").into()),
    }
}

/// Asks until the answer has `count` rows.
pub(crate) async fn eventually<T>(
    count: usize,
    query: impl AsyncFn() -> Result<Vec<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    let start = Instant::now();
    loop {
        let rows = query().await?;
        if rows.len() == count {
            return Ok(rows);
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("the query gives {} rows instead of {count}", rows.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Waits until queries show a device.
pub(crate) async fn until_visible(hub: &IotHubRegistryManager, id: &str) -> Result<(), Failure> {
    eventually(1, async || {
        let query = format!("SELECT deviceId FROM devices WHERE deviceId = '{id}'");
        Ok(hub.query_iot_hub::<Value>(query, None)?.try_collect().await?)
    })
    .await?;
    Ok(())
}

/// Registers a device with keys generated here.
pub(crate) async fn register(hub: &IotHubRegistryManager, id: &str) -> Result<(), Failure> {
    hub.create_device_with_sas(id, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
        .await?;
    Ok(())
}

/// The keys of a device identity.
pub(crate) fn keys_of(authentication: Option<&Authentication>) -> Result<&SymmetricKey, Failure> {
    authentication
        .and_then(|authentication| authentication.symmetric_key.as_ref())
        .ok_or_else(|| "an identity without keys".into())
}

/// A tank with a valve as its component and pipes to other tanks.
pub(crate) fn tank_models(name: &str) -> [Value; 2] {
    [
        json!({
            "@context": "dtmi:dtdl:context;2", "@id": tank(name), "@type": "Interface",
            "contents": [
                {"@type": "Property", "name": "level", "schema": "double"},
                {"@type": "Property", "name": "label", "schema": "string"},
                {"@type": "Component", "name": "valve", "schema": valve(name)},
                {"@type": "Relationship", "name": "feeds", "target": tank(name),
                 "properties": [{"@type": "Property", "name": "width", "schema": "integer"}]}
            ]
        }),
        json!({
            "@context": "dtmi:dtdl:context;2", "@id": valve(name), "@type": "Interface",
            "contents": [{"@type": "Property", "name": "open", "schema": "boolean"}]
        }),
    ]
}

/// Uploads the models of a scenario.
pub(crate) async fn upload(client: &DigitalTwinsClient, name: &str) -> Result<(), Failure> {
    client.create_models(&tank_models(name)).await?;
    Ok(())
}

/// Puts a tank.
pub(crate) async fn put_tank(
    client: &DigitalTwinsClient,
    name: &str,
    id: &str,
    level: f64,
) -> Result<(), Failure> {
    let contents = json!({"level": level, "label": id, "valve": {"$metadata": {}, "open": false}});
    let contents: Map<String, Value> = serde_json::from_value(contents)?;
    client
        .upsert_digital_twin(
            id,
            &DigitalTwin::new(id, tank(name), contents),
            Upsert::CreateOrReplace,
        )
        .await?;
    Ok(())
}
