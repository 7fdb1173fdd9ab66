//! Starts the emulator with the command-line options.

use std::error::Error;
use std::time::Duration;

use azure_iot_emulator::{Builder, Emulator};

use crate::file::{read_hub, read_json, read_text};
use crate::options::Options;

pub(crate) async fn start(options: &Options) -> Result<Emulator, Box<dyn Error>> {
    let mut builder = Emulator::builder()
        .address(options.address)
        .management_port(options.management_port)
        .hub_name(&options.hub_name)
        .throttling(options.throttle);
    for name in &options.host_name {
        builder = builder.host_name(name);
    }
    for (policy, key) in &options.policy_key {
        builder = builder.policy_key(policy, key);
    }
    if let Some(clock) = &options.clock {
        builder = builder.clock(clock.clone());
    }
    if let Some(path) = &options.data_file {
        builder = builder.data_file(path);
    }
    builder = with_iothub(builder, options)?;
    builder = with_provisioning(builder, options);
    builder = with_digitaltwins(builder, options)?;
    if let Some(path) = &options.state {
        builder = builder.state(read_json("--state", path)?);
    }
    Ok(builder.start().await?)
}

fn with_iothub(mut builder: Builder, options: &Options) -> Result<Builder, String> {
    if options.no_iothub {
        return Ok(builder.without_iothub());
    }
    builder = builder
        .iothub_port(options.iothub_port)
        .amqp_port(options.amqp_port)
        .blob_port(options.blob_port)
        .tier(options.tier);
    if let Some(path) = &options.models {
        builder = builder.models(path);
    }
    if options.no_local_auth {
        builder = builder.without_local_authentication();
    }
    if let Some(namespace) = &options.device_registry {
        let delay = Duration::from_secs(options.device_registry_delay);
        builder = builder.device_registry(namespace, delay);
    }
    if let Some(path) = &options.hub {
        builder = builder.preset(read_hub("--hub", path)?);
    }
    Ok(builder)
}

fn with_provisioning(builder: Builder, options: &Options) -> Builder {
    if options.no_provisioning {
        return builder.without_provisioning();
    }
    builder
        .provisioning_port(options.provisioning_port)
        .provisioning_name(&options.provisioning_name)
        .provisioning_id_scope(&options.id_scope)
        .provisioning_retry_after(options.retry_after)
}

fn with_digitaltwins(mut builder: Builder, options: &Options) -> Result<Builder, String> {
    if options.no_digitaltwins {
        return Ok(builder.without_digitaltwins());
    }
    builder = builder
        .digitaltwins_port(options.digitaltwins_port)
        .query_lag(Duration::from_secs(options.query_lag));
    for file in &options.event_webhook_ca {
        builder = builder.event_webhook_certificates(read_text("--event-webhook-ca", file)?);
    }
    for (name, url) in &options.event_webhook {
        builder = builder.event_webhook(name, url.clone());
    }
    if let Some(directory) = &options.blob_directory {
        builder = builder.blob_directory(directory);
    }
    if options.building {
        builder = builder.building();
    }
    Ok(builder)
}
