//! The client of the hub itself: made, configured, taken apart.

use std::time::Duration;

use iothub_convenience::{CallOptions, IotHubRegistryManager, RetryOptions};

use super::{equal, holds, refused};
use crate::{Failure, environment::Environment};

/// A client from a connection string reaches the same hub, and so does the generated client below it.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn connection_strings(environment: &Environment) -> Result<(), Failure> {
    let connection_string = environment.hub_connection_string()?;
    let hub = IotHubRegistryManager::from_connection_string(&connection_string, environment.hub_options()?)?;
    equal("the host", hub.host_name(), environment.hub.host_name())?;
    let statistics = hub.protocol().statistics_get_service_statistics().await?;
    equal("the status", statistics.status().as_u16(), 200)
}

/// A client with an Entra credential reads the hub.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn token_credentials(environment: &Environment) -> Result<(), Failure> {
    let credential = environment.credential(environment.hub_is_live())?;
    let host = environment.hub.host_name();
    let hub = IotHubRegistryManager::from_token_credential(&host, credential, environment.hub_options()?)?;
    let statistics = hub.get_device_registry_statistics().await?.into_model()?;
    holds("there is a total", statistics.total_device_count.is_some())
}

/// Call options reach a call: a timeout that no attempt can keep.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn hub_call_options(environment: &Environment) -> Result<(), Failure> {
    let hasty = environment.hub.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    let error = refused("a call in no time", hasty.get_service_statistics().await)?;
    holds("it is a timeout", error.is_timeout())
}
