//! Construction and options of the hub client.

use std::time::Duration;

use iothub_convenience::{CallOptions, IotHubRegistryManager, RetryOptions};

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// Checks that a client created from a connection string, and its generated client, reach the same hub.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn connection_strings(environment: &Environment) -> Result<(), Failure> {
    let connection_string = environment.hub_connection_string()?;
    let hub = IotHubRegistryManager::from_connection_string(&connection_string, environment.hub_options()?)?;
    ensure_equal("the host", hub.host_name(), environment.hub.host_name())?;
    ensure_equal("the endpoint", hub.endpoint(), environment.hub.endpoint())?;
    let statistics = hub.protocol().statistics_get_service_statistics().await?;
    ensure_equal("the status", statistics.status().as_u16(), 200)
}

/// Checks that a client with an Entra credential reads the hub.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn token_credentials(environment: &Environment) -> Result<(), Failure> {
    let credential = environment.credential(environment.hub_is_live())?;
    let host = environment.hub.host_name();
    let hub = IotHubRegistryManager::from_token_credential(&host, credential, environment.hub_options()?)?;
    let statistics = hub.get_device_registry_statistics().await?.into_model()?;
    ensure("there is a total", statistics.total_device_count.is_some())
}

/// Checks that call options apply to calls: a call with a timeout of 1 ns fails.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn hub_call_options(environment: &Environment) -> Result<(), Failure> {
    let without_time = environment.hub.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    let error = expect_error(
        "a call with a timeout of 1 ns",
        without_time.get_service_statistics().await,
    )?;
    ensure("it is a timeout", error.is_timeout())
}
