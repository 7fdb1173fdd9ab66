//! Construction and options of the provisioning service's client.

use std::time::Duration;

use provisioning_convenience::{CallOptions, ProvisioningServiceClient, RetryOptions};

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// Checks that clients created from a connection string and with an Entra credential, and the generated client, reach the same
/// service.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn service_client_construction(environment: &Environment) -> Result<(), Failure> {
    let text = environment.provisioning_connection_string()?;
    let dps = ProvisioningServiceClient::from_connection_string(&text, environment.provisioning_options()?)?;
    ensure_equal(
        "the endpoint",
        dps.endpoint(),
        environment.provisioning()?.endpoint(),
    )?;
    let by_token = ProvisioningServiceClient::from_token_credential(
        dps.endpoint().as_str(),
        environment.credential(false)?,
        environment.provisioning_options()?,
    )?;
    let id = environment.id("absent");
    for client in [&dps, &by_token] {
        let error = expect_error(
            "an absent enrollment",
            client.get_individual_enrollment(&id).await,
        )?;
        ensure("it is missing", error.is_not_found())?;
    }
    let generated = dps.protocol().individual_enrollment_get(&id).await;
    ensure("the generated client fails too", generated.is_err())
}

/// Checks that call options apply to calls: a call with a timeout of 1 ns fails.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn provisioning_call_options(environment: &Environment) -> Result<(), Failure> {
    let options = || CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    };
    let dps = environment.provisioning()?.with_call_options(options());
    let call = dps.get_registration(&environment.id("absent")).await;
    ensure(
        "it is a timeout",
        expect_error("a call in 1 ns", call)?.is_timeout(),
    )
}
