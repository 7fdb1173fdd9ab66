//! Queries of both services over several pages.

use digitaltwins_convenience::{BasicDigitalTwin, QueryTwinsOptions};
use futures::TryStreamExt as _;
use iothub_convenience::{Precondition, QueryIotHubOptions, Twin, TwinPatch};
use serde_json::Value;

use super::{clear, equal, eventually, put_tank, refused, register, tank, unregister, upload};
use crate::{Failure, environment::Environment};

/// A condition on tags finds the matching device twins, page by page.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn devices_by_tags(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let ids: Vec<String> = (0..7)
        .map(|number| format!("scenario-queries-{number}"))
        .collect();
    for (number, id) in ids.iter().enumerate() {
        unregister(hub, id).await?;
        register(hub, id).await?;
        let patch = TwinPatch::new()
            .set_tag("scenario", "queries")
            .set_tag("number", number);
        hub.update_twin(id, &patch, Precondition::Unconditional).await?;
    }
    let query =
        "SELECT * FROM devices WHERE tags.scenario = 'queries' AND (tags.number >= 5 OR NOT tags.number > 1)";
    let options = QueryIotHubOptions {
        page_size: Some(2),
        ..Default::default()
    };
    let twins = eventually(4, async || {
        let twins = hub.query_iot_hub::<Twin>(query, Some(options.clone()))?;
        Ok(twins.try_collect::<Vec<_>>().await?)
    })
    .await?;
    let mut found: Vec<_> = twins.into_iter().filter_map(|twin| twin.device_id).collect();
    found.sort();
    equal(
        "the devices",
        found,
        [0, 1, 5, 6].map(|number| ids[number].clone()).to_vec(),
    )?;

    let invalid = hub
        .query_iot_hub::<Twin>("SELEC * FROM devices", None)?
        .try_next()
        .await;
    let error = refused("a query that is none", invalid)?;
    equal("the status of a query that is none", error.status(), Some(400))?;
    for id in &ids {
        unregister(hub, id).await?;
    }
    Ok(())
}

/// A condition on properties and models finds the matching digital twins, page by page.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn digital_twins_by_properties(environment: &Environment) -> Result<(), Failure> {
    const NAME: &str = "queries";
    let client = &environment.twins;
    let ids: Vec<String> = (0..7)
        .map(|number| format!("scenario-queries-{number}"))
        .collect();
    let twins: Vec<&str> = ids.iter().map(String::as_str).collect();
    upload(client, NAME, &twins).await?;
    for (number, id) in (0_u32..).zip(&twins) {
        put_tank(client, NAME, id, f64::from(number) / 2.0).await?;
    }
    let query = format!(
        "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('{}') AND (level >= 2.5 OR NOT level > 0.5)",
        tank(NAME)
    );
    let options = QueryTwinsOptions {
        page_size: Some(3),
        ..Default::default()
    };
    let rows = eventually(4, async || {
        Ok(client
            .query_twins::<BasicDigitalTwin>(&query, Some(options.clone()))?
            .try_collect::<Vec<_>>()
            .await?)
    })
    .await?;
    let mut found: Vec<_> = rows.into_iter().map(|twin| twin.id).collect();
    found.sort();
    equal(
        "the twins",
        found,
        [0, 1, 5, 6].map(|number| ids[number].clone()).to_vec(),
    )?;

    let result = client.query_twins::<Value>("foo", None)?.try_next().await;
    let error = refused("a query that is none", result)?;
    equal("its code", error.code(), Some("SqlQueryError"))?;
    clear(client, NAME, &twins).await
}
