//! Direct methods.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::IotHub;
use super::codes::Code;
use super::errors::{HubError, Result};
use super::simulated::MethodScript;
use super::twins::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};

/// The most bytes of a call.
pub(crate) const SIZE_LIMIT: usize = 128 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    method_name: Option<String>,
    #[serde(default)]
    payload: Value,
    response_timeout_in_seconds: Option<i64>,
    connect_timeout_in_seconds: Option<i64>,
}

/// A call to a device or module.
pub(crate) struct MethodCall<'a> {
    pub(crate) method: &'a str,
    pub(crate) payload: Value,
    pub(crate) timeouts: Timeouts,
}

/// How long to wait for a device to connect, and for the whole call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    response: Duration,
    connect: Duration,
}

impl Timeouts {
    /// Checks the seconds that a caller wants.
    pub(crate) fn check(response: Option<i64>, connect: Option<i64>) -> Result<Self> {
        let response = timeout("responseTimeoutInSeconds", response.unwrap_or(30), 5)?;
        let connect = timeout("connectTimeoutInSeconds", connect.unwrap_or(0), 0)?;
        if connect > response {
            let text = format!(
                "Device connection timeout {} s cannot be longer than an overall call timeout {} s.",
                connect.whole_seconds(),
                response.whole_seconds()
            );
            return Err(failure(Code::ARGUMENT_INVALID, text));
        }
        Ok(Self { response, connect })
    }
}

impl IotHub {
    pub(crate) async fn invoke_method(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
    ) -> Result<ServiceResponse> {
        if request.body.len() > SIZE_LIMIT {
            return Err(failure(
                Code::MESSAGE_TOO_LARGE,
                format!("The call is longer than {SIZE_LIMIT} bytes."),
            ));
        }
        let call: Call = serde_json::from_slice(&request.body).map_err(|error| {
            failure(
                Code::IOT_HUB_FORMAT_ERROR,
                format!("The call can't be read: {error}"),
            )
        })?;
        let method = call.method_name.as_deref().filter(|name| !name.is_empty());
        let method = method.ok_or_else(|| failure(Code::ARGUMENT_INVALID, "methodName is missing."))?;
        let call = MethodCall {
            method,
            payload: call.payload,
            timeouts: Timeouts::check(call.response_timeout_in_seconds, call.connect_timeout_in_seconds)?,
        };
        let (status, payload) = self.call_method(key, call).await?;
        Ok(ServiceResponse::json(
            StatusCode::OK,
            &json!({ "status": status, "payload": payload }),
        ))
    }

    /// Calls a method; the device's status and payload.
    pub(crate) async fn call_method(&self, key: TwinKey<'_>, call: MethodCall<'_>) -> Result<(i32, Value)> {
        let start = self.clock.now();
        let script = self.reachable(key, call.method, call.timeouts.connect).await?;
        self.answer(script, call.payload, start.saturating_add(call.timeouts.response))
            .await
    }

    /// What the device makes of the method, once it is connected and knows it.
    async fn reachable(&self, key: TwinKey<'_>, method: &str, timeout: Duration) -> Result<MethodScript> {
        let deadline = self.clock.now().saturating_add(timeout);
        let mut changes = self.scripts.subscribe();
        loop {
            if let Some(script) = self.script_of(key, method)? {
                return Ok(script);
            }
            if self.clock.now() >= deadline {
                let info = json!({ "timeout": time_span(timeout) });
                let text = "Timed out waiting for device to connect.";
                return Err(HubError::nested(Code::DEVICE_NOT_ONLINE, text, info));
            }
            tokio::select! {
                // It can't fail: the sender lives as long as the hub.
                _ = changes.changed() => {}
                () = self.clock.sleep_until(deadline) => {}
            }
        }
    }

    /// `None` if the device is not connected or does not know the method.
    fn script_of(&self, key: TwinKey<'_>, method: &str) -> Result<Option<MethodScript>> {
        let store = self.store.read();
        let not_found = |error: HubError| failure(error.code, error.text);
        let device = store.device(key.device_id).map_err(not_found)?;
        let identity = match key.module_id {
            Some(id) => &device.module(id).map_err(not_found)?.identity,
            None => &device.identity,
        };
        if !identity.connection.connected {
            return Ok(None);
        }
        Ok(self.scripts.method(identity.generation, method))
    }

    async fn answer(
        &self,
        script: MethodScript,
        sent: Value,
        deadline: OffsetDateTime,
    ) -> Result<(i32, Value)> {
        let (status, payload, delay) = match script {
            MethodScript::Reply {
                status,
                payload,
                delay_milliseconds,
            } => (
                status,
                payload,
                std::time::Duration::from_millis(delay_milliseconds),
            ),
            MethodScript::Echo { status } => (status, sent, std::time::Duration::ZERO),
            MethodScript::Silent => (0, Value::Null, std::time::Duration::MAX),
        };
        let delay = Duration::try_from(delay).unwrap_or(Duration::MAX);
        let ready = self.clock.now().saturating_add(delay);
        self.clock.sleep_until(ready.min(deadline)).await;
        if ready > deadline {
            return Err(failure(
                Code::GATEWAY_TIMEOUT,
                "Timed out waiting for the response from device.",
            ));
        }
        Ok((status, payload))
    }
}

pub(crate) fn failure(code: Code, text: impl Into<String>) -> HubError {
    HubError::nested(code, text, json!({}))
}

fn timeout(name: &str, seconds: i64, least: i64) -> Result<Duration> {
    if (least..=300).contains(&seconds) {
        return Ok(Duration::seconds(seconds));
    }
    Err(failure(
        Code::ARGUMENT_INVALID,
        format!("{name} must be {least} to 300, not {seconds}."),
    ))
}

/// `hh:mm:ss`
fn time_span(duration: Duration) -> String {
    let seconds = duration.whole_seconds();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}
