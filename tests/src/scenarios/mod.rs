//! Typical uses of the clients, one file per noun.
//!
//! A scenario takes an [`Environment`](crate::environment::Environment) and uses ids that begin with its own name, so it
//! can run in parallel with others and against a service that is in use. It deletes what it has created, and returns an
//! error if an assertion does not hold.

pub mod devices;
pub mod digital_twins;
pub mod models;
pub mod queries;
pub mod relationships;
pub mod twins;

use std::fmt::Debug;
use std::time::{Duration, Instant};

use digitaltwins_convenience::{DigitalTwin, DigitalTwinsClient, Precondition, Upsert};
use iothub_convenience::{DeviceStatus, IotHubRegistryManager, SymmetricKey};
use serde_json::{Map, Value, json};

use crate::Failure;

/// Time limit for a query of a real service to see a write.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fails with both values unless they are equal.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, is: T, should_be: T) -> Result<(), Failure> {
    if is == should_be {
        Ok(())
    } else {
        Err(format!("{what} is {is:?} and should be {should_be:?}").into())
    }
}

/// Fails with the description `what` unless the condition holds.
pub(crate) fn holds(what: &str, condition: bool) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err(format!("{what}: does not hold").into())
    }
}

/// Returns the error of a call that must fail.
pub(crate) fn refused<T, E>(what: &str, result: Result<T, E>) -> Result<E, Failure> {
    match result {
        Err(error) => Ok(error),
        Ok(_) => Err(format!("{what}: was accepted").into()),
    }
}

/// Polls a query until it returns `count` rows.
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
            return Err(format!("the query returns {} rows instead of {count}", rows.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Registers a device with keys generated here.
pub(crate) async fn register(hub: &IotHubRegistryManager, id: &str) -> Result<(), Failure> {
    hub.create_device_with_sas(id, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
        .await?;
    Ok(())
}

/// Deletes a device; a missing device is not an error.
pub(crate) async fn unregister(hub: &IotHubRegistryManager, id: &str) -> Result<(), Failure> {
    match hub.delete_device(id, Precondition::Unconditional).await {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

/// Returns the models of a tank, with a valve as component and pipes to other tanks as relationships.
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

pub(crate) fn tank(name: &str) -> String {
    format!("dtmi:example:scenario:{name}:Tank;1")
}

pub(crate) fn valve(name: &str) -> String {
    format!("dtmi:example:scenario:{name}:Valve;1")
}

/// Deletes what an interrupted run of the scenario may have left behind, then uploads its models.
pub(crate) async fn upload(client: &DigitalTwinsClient, name: &str, twins: &[&str]) -> Result<(), Failure> {
    clear(client, name, twins).await?;
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

/// Deletes the relationships, twins and models of a scenario that exist.
pub(crate) async fn clear(client: &DigitalTwinsClient, name: &str, twins: &[&str]) -> Result<(), Failure> {
    use futures::TryStreamExt as _;
    fn gone<T>(result: Result<T, digitaltwins_convenience::Error>) -> Result<(), Failure> {
        match result {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }
    for id in twins {
        let listed = client
            .list_relationships::<Value>(id, None)?
            .try_collect::<Vec<_>>()
            .await;
        for relationship in listed.unwrap_or_default() {
            let relationship = relationship["$relationshipId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            gone(
                client
                    .delete_relationship(id, &relationship, Precondition::Unconditional)
                    .await,
            )?;
        }
    }
    for id in twins {
        gone(client.delete_digital_twin(id, Precondition::Unconditional).await)?;
    }
    for model in [tank(name), valve(name)] {
        gone(client.delete_model(&model).await)?;
    }
    Ok(())
}
