//! Configurations.

use std::collections::BTreeMap;

use iothub_convenience::{
    Configuration, ConfigurationContent, CreateOrUpdateDeviceOptions, DeviceStatus, GetConfigurationsOptions,
};
use serde_json::json;

use super::{ensure, ensure_equal, eventually, expect_error, register};
use crate::{Failure, environment::Environment};

/// Checks that a configuration is created, listed, changed and deleted under optimistic concurrency.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn configuration_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.configuration_id("configuration");
    let content = ConfigurationContent::device([("properties.desired.interval", 5)])?;
    // No device meets the condition, so the devices of a hub in use are not affected.
    let configuration = Configuration::new(id, content)
        .with_target_condition(format!("tags.scenario = '{id}'"))
        .with_priority(1)
        .with_label("created-by", "scenario");
    let created = hub.create_configuration(&configuration).await?.into_model()?;
    ensure_equal("the priority", created.priority, Some(1))?;
    let again = hub.create_configuration(&configuration).await;
    ensure(
        "it exists already",
        expect_error("the same configuration again", again)?.is_already_exists(),
    )?;

    let read = hub.get_configuration(id).await?.into_model()?;
    ensure_equal("the ETag", &read.etag, &created.etag)?;
    let unchanged = read.precondition()?;
    let changed = read.with_priority(2);
    let updated = hub
        .update_configuration(&changed, &unchanged)
        .await?
        .into_model()?;
    ensure_equal("the new priority", updated.priority, Some(2))?;
    ensure(
        "a stale update fails",
        expect_error(
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
    ensure_equal("the listed ETag", &listed[0].etag, &updated.etag)?;

    hub.delete_configuration(id, updated.precondition()?).await?;
    ensure(
        "it is deleted",
        expect_error("a deleted configuration", hub.get_configuration(id).await)?.is_not_found(),
    )
}

/// Checks that a target condition and metrics are tested without a configuration.
///
/// # Errors
///
/// If the service behaves differently.
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
    ensure(
        "the condition is right",
        tested.target_condition_error.is_none_or(|error| error.is_empty()),
    )?;
    let errors = tested.custom_metric_query_errors.ok_or("no errors of metrics")?;
    ensure("one metric is wrong", errors.contains_key("bad"))?;
    ensure("the other is right", !errors.contains_key("good"))
}

/// Checks that content is applied to an edge device, and refused for another device.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn edge_content(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let (edge, leaf) = (
        &environment.device_id("edge-content"),
        &environment.device_id("leaf"),
    );
    register(hub, leaf).await?;
    let options = CreateOrUpdateDeviceOptions {
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
    ])?;
    hub.apply_configuration_content_on_edge_device(edge, &content)
        .await?;
    let agent = hub.get_module_twin(edge, "$edgeAgent").await?.into_model()?;
    ensure_equal(
        "the applied property",
        agent.properties.desired.get("schemaVersion"),
        Some(&json!("1.1")),
    )?;
    let error = hub
        .apply_configuration_content_on_edge_device(leaf, &content)
        .await;
    ensure_equal(
        "the status for a leaf",
        expect_error("a leaf device", error)?.status(),
        Some(400),
    )
}
