//! Construction and options of the Digital Twins client.

use std::time::Duration;

use digitaltwins_convenience::{CallOptions, DigitalTwinsClient, RetryOptions};
use futures::TryStreamExt as _;

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// Checks that a new client and its generated client reach the same instance.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn construction(environment: &Environment) -> Result<(), Failure> {
    let endpoint = environment.twins.endpoint();
    let credential = environment.credential(environment.twins_are_live())?;
    let client = DigitalTwinsClient::new(endpoint.as_str(), credential, environment.twins_options()?)?;
    ensure_equal("the endpoint", client.endpoint(), endpoint)?;
    client.list_models(None)?.try_next().await?;
    let page = client
        .protocol()
        .digital_twin_models_list(None, None, Some(1), None, None)
        .await?;
    ensure_equal("the status", page.status().as_u16(), 200)
}

/// Checks that call options apply to calls: a call with a timeout of 1 ns fails.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn twins_call_options(environment: &Environment) -> Result<(), Failure> {
    let without_time = environment.twins.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    let error = expect_error(
        "a call with a timeout of 1 ns",
        without_time.list_models(None)?.try_next().await,
    )?;
    ensure("it is a timeout", error.is_timeout())
}
