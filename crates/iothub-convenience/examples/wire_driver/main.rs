//! Drives the client by lines of JSON, so that what it sends can be recorded and compared with what other clients send.
//!
//! It reads `{"call":"get_device","variant":"plain","args":{"device_id":"d"}}` from stdin and writes `{"result":…}`,
//! `{"error":…}` or `{"skipped":…}` to stdout, one line each. `WIRE_CONNECTION_STRING` and `WIRE_HOST` say where the hub
//! is, `WIRE_CA` names a file with the certificate to trust, `WIRE_TOKEN` is the token of calls that are to use one, and
//! `WIRE_AMQP` where AMQP is spoken. Without them it has nothing to do.
#![allow(clippy::print_stdout, reason = "its answers go to stdout")]

mod arguments;
mod messages;
mod registry;
mod service;

use std::io::BufRead;
use std::sync::Arc;

use arguments::Arguments;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::{ClientOptions, RawResponse};
use azure_core::time::{Duration, OffsetDateTime};
use iothub_convenience::{Error, IotHubClientOptions, IotHubRegistryManager, transport_trusting};
use serde_json::{Value, json};

/// What goes wrong outside of calls.
type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let Ok(connection_string) = std::env::var("WIRE_CONNECTION_STRING") else {
        println!("nothing to do: WIRE_CONNECTION_STRING is not set");
        return Ok(());
    };
    let with_key = IotHubRegistryManager::from_connection_string(&connection_string, Some(options()?))?;
    let token = Arc::new(Token(std::env::var("WIRE_TOKEN")?));
    let with_token =
        IotHubRegistryManager::from_token_credential(&std::env::var("WIRE_HOST")?, token, Some(options()?))?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let call = request["call"].as_str().unwrap_or_default();
        let arguments = Arguments(&request["args"]);
        let hub = if arguments.text("auth") == "bearer" {
            &with_token
        } else {
            &with_key
        };
        let answer = match run(hub, call, &arguments).await {
            Ok(Some(result)) => json!({"result": result}),
            Ok(None) => json!({"skipped": "this client has no such call"}),
            Err(error) => told(&error),
        };
        println!("{answer}");
    }
    Ok(())
}

fn options() -> Result<IotHubClientOptions, Failure> {
    let pem = std::fs::read_to_string(std::env::var("WIRE_CA")?)?;
    #[cfg_attr(
        not(feature = "amqp"),
        expect(unused_mut, reason = "only AMQP has more to set")
    )]
    let mut options = IotHubClientOptions {
        client_options: ClientOptions {
            transport: Some(transport_trusting(&pem)?),
            ..Default::default()
        },
        ..Default::default()
    };
    #[cfg(feature = "amqp")]
    {
        options.amqp.endpoint = std::env::var("WIRE_AMQP").ok();
        options.amqp.trusted_certificates = Some(pem);
    }
    Ok(options)
}

/// Makes one call; `None` if there is no such call.
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

fn told(error: &Error) -> Value {
    json!({"error": {
        "type": format!("{:?}", error.kind()),
        "message": error.to_string(),
        "status_code": error.status(),
        "error_code": error.code(),
        "attempts": error.attempts(),
    }})
}

/// The body of an answer, undecoded, `null` if there is none.
fn body(response: impl Into<RawResponse>) -> Value {
    let response: RawResponse = response.into();
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// A credential that gives a fixed token.
#[derive(Debug)]
struct Token(String);

#[async_trait]
impl TokenCredential for Token {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(
            self.0.clone(),
            OffsetDateTime::now_utc() + Duration::HOUR,
        ))
    }
}
