//! Configurations: created, changed, tested, applied to an edge device.

use std::collections::BTreeMap;

use iothub_convenience::{
    Configuration, ConfigurationContent, DeviceOptions, DeviceStatus, GetConfigurationsOptions,
};
use serde_json::json;

use super::{equal, eventually, holds, refused, register};
use crate::{Failure, environment::Environment};

/// A configuration is created, listed, changed and deleted under optimistic concurrency.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_a_configuration(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.configuration_id("configuration");
    let content = ConfigurationContent::device([("properties.desired.interval", json!(5))]);
    // No device meets the condition, so a hub in use is not changed.
    let configuration = Configuration::new(id, content)
        .with_target_condition(format!("tags.scenario = '{id}'"))
        .with_priority(1)
        .with_label("made", "by a scenario");
    let created = hub.create_configuration(&configuration).await?.into_model()?;
    equal("the priority", created.priority, Some(1))?;
    let again = hub.create_configuration(&configuration).await;
    holds(
        "it exists already",
        refused("the same configuration again", again)?.is_already_exists(),
    )?;

    let read = hub.get_configuration(id).await?.into_model()?;
    equal("the ETag", &read.etag, &created.etag)?;
    let unchanged = read.precondition()?;
    let changed = read.with_priority(2);
    let updated = hub
        .update_configuration(&changed, &unchanged)
        .await?
        .into_model()?;
    equal("the new priority", updated.priority, Some(2))?;
    holds(
        "a stale update fails",
        refused(
            "a stale update",
            hub.update_configuration(&changed, &unchanged).await,
        )?
        .is_precondition_failed(),
    )?;
    let listed = eventually(1, async || {
        let options = GetConfigurationsOptions { max_count: Some(20) };
        let all = hub.get_configurations(Some(options)).await?.into_model()?;
        Ok(all.into_iter().filter(|it| &it.id == id).collect())
    })
    .await?;
    equal("the listed ETag", &listed[0].etag, &updated.etag)?;

    hub.delete_configuration(id, updated.precondition()?).await?;
    holds(
        "it is gone",
        refused("a deleted configuration", hub.get_configuration(id).await)?.is_not_found(),
    )
}

/// A target condition and metrics are tested without a configuration.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn queries_are_tested(environment: &Environment) -> Result<(), Failure> {
    let queries = BTreeMap::from_iter(
        [("bad", "SELEC"), ("good", "SELECT deviceId FROM devices")]
            .map(|(name, query)| (name.to_owned(), query.to_owned())),
    );
    let tested = environment
        .hub
        .test_configuration_queries("tags.site = 'oslo'", queries)
        .await?
        .into_model()?;
    holds(
        "the condition is right",
        tested.target_condition_error.is_none_or(|error| error.is_empty()),
    )?;
    let errors = tested.custom_metric_query_errors.ok_or("no errors of metrics")?;
    holds("one metric is wrong", errors.contains_key("bad"))?;
    holds("the other is right", !errors.contains_key("good"))
}

/// Content is applied to an edge device, and refused for one that is none.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn edge_content(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let (edge, leaf) = (
        &environment.device_id("edge-content"),
        &environment.device_id("leaf"),
    );
    register(hub, leaf).await?;
    let options = DeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    hub.create_device_with_certificate_authority(edge, DeviceStatus::Enabled, Some(options))
        .await?;
    let desired = json!({"schemaVersion": "1.1", "modules": {}});
    let content = ConfigurationContent::edge_modules([
        ("$edgeAgent", json!({"properties.desired": desired})),
        (
            "$edgeHub",
            json!({"properties.desired": {"schemaVersion": "1.1"}}),
        ),
    ]);
    hub.apply_configuration_content_on_edge_device(edge, &content)
        .await?;
    let agent = hub.get_module_twin(edge, "$edgeAgent").await?.into_model()?;
    equal(
        "what was applied",
        agent.properties.desired.get("schemaVersion"),
        Some(&json!("1.1")),
    )?;
    let error = hub
        .apply_configuration_content_on_edge_device(leaf, &content)
        .await;
    equal(
        "the status for a leaf",
        refused("a leaf device", error)?.status(),
        Some(400),
    )
}
