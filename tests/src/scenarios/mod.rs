//! Scenarios: calls of the clients with assertions, one file per noun, and a table of all scenarios.
//!
//! A scenario takes its ids from the [`Environment`](crate::environment::Environment), so it can run on a service that
//! is in use and [`Scenario::run`] can delete what it has created, even after a failure. It fails with a message that
//! describes the difference from the expected behavior. Every public method of the clients is called by a scenario;
//! `tests/scenarios.rs` checks that.

pub mod bulk;
pub mod components;
pub mod configurations;
pub mod delete_jobs;
pub mod devices;
pub mod digital_twins;
pub mod enrollments;
pub mod event_routes;
pub mod graph;
pub mod hub_client;
pub mod import_jobs;
pub mod jobs;
pub mod keys;
pub mod messages;
pub mod methods;
pub mod models;
pub mod modules;
pub mod plug_and_play;
pub mod provisioning_clients;
pub mod provisioning_devices;
pub mod queries;
pub mod registrations;
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

/// The maximum time until queries of a live service see a write.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(60);

/// Fails unless `actual` is `expected`.
pub(crate) fn ensure_equal<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Result<(), Failure> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, found {actual:?}").into())
    }
}

/// Fails unless `condition`, which `claim` states, is true.
pub(crate) fn ensure(claim: &str, condition: bool) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err(format!("not true: {claim}").into())
    }
}

/// Returns the error of a call that must fail.
pub(crate) fn expect_error<T, E>(what: &str, result: Result<T, E>) -> Result<E, Failure> {
    match result {
        Err(error) => Ok(error),
        Ok(_) => Err(format!("{what}: expected an error, but the call succeeded").into()),
    }
}

/// Repeats a query until it returns `count` rows.
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
        if start.elapsed() > VISIBILITY_TIMEOUT {
            return Err(format!("the query returns {} rows instead of {count}", rows.len()).into());
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

/// Creates a device with generated keys.
pub(crate) async fn register(hub: &IotHubRegistryManager, id: &str) -> Result<(), Failure> {
    hub.create_device_with_sas(id, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
        .await?;
    Ok(())
}

/// Returns the keys of an identity.
pub(crate) fn keys_of(authentication: Option<&Authentication>) -> Result<&SymmetricKey, Failure> {
    authentication
        .and_then(|authentication| authentication.symmetric_key.as_ref())
        .ok_or_else(|| "an identity without keys".into())
}

/// Returns the models of a tank, with relationships to other tanks, and of a valve, its component.
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

/// Creates or replaces a tank.
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
