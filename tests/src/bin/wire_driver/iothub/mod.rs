//! The calls of the IoT Hub clients.

mod arguments;
mod messages;
mod registry;
mod service;

use std::sync::Arc;

use arguments::Arguments;
use azure_core::http::RawResponse;
use iothub_convenience::{Error, IotHubClientOptions, IotHubRegistryManager};
use serde_json::{Value, json};

use super::{CallResult, Endpoints, Failure};

/// The IoT Hub clients under test.
pub(crate) struct IotHub {
    with_key: IotHubRegistryManager,
    /// The client for calls with a bearer token.
    with_token: IotHubRegistryManager,
}

impl IotHub {
    pub(crate) fn new(endpoints: &Endpoints) -> Result<Self, Failure> {
        let mut options = IotHubClientOptions::default();
        options.client_options.transport = Some(endpoints.transport()?);
        options.amqp.endpoint = Some(endpoints.amqp.clone());
        options.amqp.trusted_certificates = Some(endpoints.certificate.clone());
        let with_key = IotHubRegistryManager::from_connection_string(
            &endpoints.connection_string,
            Some(options.clone()),
        )?;
        let token = Arc::new(endpoints.credential());
        let with_token = IotHubRegistryManager::from_token_credential(&endpoints.host, token, Some(options))?;
        Ok(Self { with_key, with_token })
    }

    pub(crate) async fn call(&self, call: &str, arguments: &Value) -> CallResult {
        let arguments = Arguments(arguments);
        let hub = if arguments.string("auth") == "bearer" {
            &self.with_token
        } else {
            &self.with_key
        };
        run(hub, call, &arguments).await.map_err(|error| {
            json!({
                "type": format!("{:?}", error.kind()),
                "message": error.to_string(),
                "status_code": error.status(),
                "error_code": error.code(),
                "attempts": error.attempts(),
            })
        })
    }

    pub(crate) async fn close(&self) {
        self.with_key.close_amqp().await;
        self.with_token.close_amqp().await;
    }
}

/// Makes one call; returns `None` if the call is unknown.
async fn run(
    hub: &IotHubRegistryManager,
    call: &str,
    arguments: &Arguments<'_>,
) -> Result<Option<Value>, Error> {
    if let Some(result) = registry::run(hub, call, arguments).await? {
        return Ok(Some(result));
    }
    if let Some(result) = service::run(hub, call, arguments).await? {
        return Ok(Some(result));
    }
    messages::run(hub, call, arguments).await
}

/// Returns the JSON body of a response, or `null` if it is empty.
fn body(response: impl Into<RawResponse>) -> Value {
    let response: RawResponse = response.into();
    serde_json::from_slice(response.body()).unwrap_or_default()
}
