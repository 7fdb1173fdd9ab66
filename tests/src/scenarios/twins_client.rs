//! The client of Digital Twins itself: made, configured, taken apart.

use std::time::Duration;

use digitaltwins_convenience::{CallOptions, DigitalTwinsClient, RetryOptions};
use futures::TryStreamExt as _;

use super::{equal, holds, refused};
use crate::{Failure, environment::Environment};

/// A new client reaches the same instance, and so does the generated client below it.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn construction(environment: &Environment) -> Result<(), Failure> {
    let endpoint = environment.twins.endpoint();
    let credential = environment.credential(environment.twins_are_live())?;
    let client = DigitalTwinsClient::new(endpoint.as_str(), credential, environment.twins_options()?)?;
    equal("the endpoint", client.endpoint(), endpoint)?;
    client.list_models(None)?.try_next().await?;
    let page = client
        .protocol()
        .digital_twin_models_list(None, None, Some(1), None, None)
        .await?;
    equal("the status", page.status().as_u16(), 200)
}

/// Call options reach a call: a timeout that no attempt can keep.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn twins_call_options(environment: &Environment) -> Result<(), Failure> {
    let hasty = environment.twins.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    let error = refused("a call in no time", hasty.list_models(None)?.try_next().await)?;
    holds("it is a timeout", error.is_timeout())
}
