//! Queries of digital twins.

use digitaltwins_convenience::{BasicDigitalTwin, QueryTwinsOptions};
use futures::TryStreamExt as _;
use serde_json::Value;

use super::{ensure_equal, eventually, expect_error, put_tank, tank, upload};
use crate::{Failure, environment::Environment};

/// Checks that a condition on properties and models selects digital twins, over several pages.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn digital_twins_by_properties(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("queries");
    let client = &environment.twins;
    let ids: Vec<String> = (0..7)
        .map(|number| environment.twin_id(&format!("query-{number}")))
        .collect();
    upload(client, name).await?;
    for (number, id) in (0_u32..).zip(&ids) {
        put_tank(client, name, id, f64::from(number) / 2.0).await?;
    }
    let query = format!(
        "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('{}') AND (level >= 2.5 OR NOT level > 0.5)",
        tank(name)
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
    ensure_equal(
        "the twins",
        found,
        [0, 1, 5, 6].map(|number| ids[number].clone()).to_vec(),
    )?;

    let result = client.query_twins::<Value>("foo", None)?.try_next().await;
    let error = expect_error("an invalid query", result)?;
    ensure_equal("its code", error.code(), Some("SqlQueryError"))
}
