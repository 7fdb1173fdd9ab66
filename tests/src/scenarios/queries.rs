//! Queries of the hub.

use futures::TryStreamExt as _;
use iothub_convenience::{Precondition, QueryIotHubOptions, QueryRow, Twin, TwinPatch};

use super::{ensure_equal, eventually, expect_error, register};
use crate::{Failure, environment::Environment};

/// Checks that a condition on tags selects twins, over several pages.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn devices_by_tags(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let ids: Vec<String> = (0..7)
        .map(|number| environment.device_id(&format!("query-{number}")))
        .collect();
    let run = environment.id("queries");
    for (number, id) in ids.iter().enumerate() {
        register(hub, id).await?;
        let patch = TwinPatch::new()
            .set_tag("scenario", &run)
            .set_tag("number", number);
        hub.update_twin(id, &patch, Precondition::Unconditional).await?;
    }
    let query = format!(
        "SELECT * FROM devices WHERE tags.scenario = '{run}' AND (tags.number >= 5 OR NOT tags.number > 1)"
    );
    let options = QueryIotHubOptions {
        page_size: Some(2),
        ..Default::default()
    };
    let twins = eventually(4, async || {
        let twins = hub.query_iot_hub::<Twin>(&query, Some(options.clone()))?;
        Ok(twins.try_collect::<Vec<_>>().await?)
    })
    .await?;
    let mut found: Vec<_> = twins.into_iter().filter_map(|twin| twin.device_id).collect();
    found.sort();
    ensure_equal(
        "the devices",
        found,
        [0, 1, 5, 6].map(|number| ids[number].clone()).to_vec(),
    )?;

    let invalid = hub
        .query_iot_hub::<Twin>("SELEC * FROM devices", None)?
        .try_next()
        .await;
    let error = expect_error("an invalid query", invalid)?;
    ensure_equal("the status of an invalid query", error.status(), Some(400))?;

    let counts = "SELECT COUNT() AS number FROM devices WHERE tags.scenario = ";
    let rows = hub.query_iot_hub_rows(format!("{counts}'{run}'"), None)?;
    let rows: Vec<QueryRow> = rows.try_collect().await?;
    let counted: Vec<_> = rows.iter().map(|row| row.as_json()["number"].clone()).collect();
    ensure_equal("the count", counted, vec![7.into()])
}
