//! Rolls out a configuration to the devices of a site: checks the configuration, creates it, extends its target
//! condition and deletes it.
//!
//! ```sh
//! cargo run -p iothub-convenience --example configuration_rollout
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod common;

use common::{Failure, Hub};
use iothub_convenience::{Configuration, ConfigurationContent, Precondition, RegistryEntry, TwinPatch};

const CONFIGURATION: &str = "fast-sensors";
const SITES: [&str; 2] = ["oslo", "rome"];

fn id(number: usize) -> String {
    format!("rollout-{number}")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete((0..4).map(id)).await?;
    let entries = (0..4).map(|number| {
        RegistryEntry::create(id(number)).with_twin(TwinPatch::new().set_tag("site", SITES[number % 2]))
    });
    let report = hub.client.bulk_create_or_update_devices(entries, None).await?;
    println!("{} devices are registered", report.done().count());

    let metric = "SELECT deviceId FROM devices WHERE properties.reported.interval = 5";
    let metrics = [("fast".to_owned(), metric.to_owned())].into_iter().collect();
    let checked = hub
        .client
        .test_configuration_queries("tags.site = 'oslo'", metrics)
        .await?
        .into_model()?;
    println!(
        "error in the target condition: {:?}",
        checked.target_condition_error
    );

    let content = ConfigurationContent::device([("properties.desired.interval", 5)])?;
    let configuration = Configuration::new(CONFIGURATION, content)
        .with_target_condition("tags.site = 'oslo'")
        .with_priority(10)
        .with_metric("fast", metric);
    let created = hub
        .client
        .create_configuration(&configuration)
        .await?
        .into_model()?;
    println!("{} targets {:?}", created.id, created.target_condition);

    // The update fails if another client has changed the configuration.
    let precondition = created.precondition()?;
    let wider = created.with_target_condition("tags.site IN ['oslo', 'rome']");
    let updated = hub
        .client
        .update_configuration(&wider, precondition)
        .await?
        .into_model()?;
    println!("{} targets {:?}", updated.id, updated.target_condition);

    let read = hub.client.get_configuration(CONFIGURATION).await?.into_model()?;
    println!(
        "system metrics: {:?}",
        read.system_metrics.and_then(|metrics| metrics.results)
    );
    let all = hub.client.get_configurations(None).await?.into_model()?;
    println!("{} configurations", all.len());

    hub.client
        .delete_configuration(CONFIGURATION, Precondition::Unconditional)
        .await?;
    hub.delete((0..4).map(id)).await
}
