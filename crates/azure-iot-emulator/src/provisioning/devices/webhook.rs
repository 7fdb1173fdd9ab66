//! One call of the webhook of a custom allocation.

use std::time::Duration;

use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use reqwest::{Client, redirect};
use serde::Deserialize;
use serde_json::Value;

use crate::provisioning::rules::enrollment_input::InitialTwinInput;
use crate::provisioning::rules::object;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum length of a reply, in bytes.
const MAX_REPLY: usize = 96 * 1024;

/// The reply of a webhook.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WebhookReply {
    pub(super) iot_hub_host_name: Option<String>,
    pub(super) initial_twin: Option<InitialTwinInput>,
    pub(super) payload: Option<Value>,
}

/// The outcome of a call.
pub(super) enum WebhookOutcome {
    Reply(Box<WebhookReply>),
    Unauthorized,
    Failed(String),
    /// The webhook must be called again later.
    Retry(String),
}

/// Posts a body to a webhook. Neither redirects nor proxies are followed.
pub(super) async fn call(url: &str, body: &Value) -> WebhookOutcome {
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return WebhookOutcome::Failed(format!("the client could not be created: {error}")),
    };
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string());
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return WebhookOutcome::Retry(format!("the webhook could not be reached: {error}")),
    };
    let status = response.status();
    match status {
        StatusCode::OK => read(response).await,
        StatusCode::UNAUTHORIZED => WebhookOutcome::Unauthorized,
        _ if status.as_u16() >= 429 => WebhookOutcome::Retry(format!("the webhook responded with {status}")),
        _ => WebhookOutcome::Failed(format!("the webhook responded with {status}")),
    }
}

async fn read(response: reqwest::Response) -> WebhookOutcome {
    let body = Limited::new(reqwest::Body::from(response), MAX_REPLY).collect();
    let body = match body.await {
        Ok(body) => body.to_bytes(),
        Err(error) => return WebhookOutcome::Failed(format!("its response could not be read: {error}")),
    };
    let reply = serde_json::from_slice::<Value>(&body).map_err(|error| error.to_string());
    let reply = reply.and_then(|reply| {
        object::check(&reply)?;
        serde_json::from_value(reply).map_err(|error| error.to_string())
    });
    match reply {
        Ok(reply) => WebhookOutcome::Reply(Box::new(reply)),
        Err(reason) => WebhookOutcome::Failed(format!("its response is not valid: {reason}")),
    }
}
