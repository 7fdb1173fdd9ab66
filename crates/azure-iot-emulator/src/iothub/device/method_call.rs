//! Direct method calls, to which simulated devices respond as scripted.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::iothub::codes::Code;
use crate::iothub::device::scripts::MethodScript;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::store::twin_key::TwinKey;

/// Maximum size of a call in bytes.
pub(crate) const SIZE_LIMIT: usize = 128 * 1024;

/// A call of a device's or module's method.
pub(crate) struct MethodCall<'a> {
    pub(crate) method: &'a str,
    pub(crate) payload: Value,
    pub(crate) timeouts: Timeouts,
}

/// The timeout for the device to connect, and the timeout for the whole call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    response: Duration,
    connect: Duration,
}

impl Timeouts {
    /// Validates timeouts in seconds, and applies the defaults.
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
    /// Calls a method and returns the device's status and payload.
    pub(crate) async fn call_method(&self, key: TwinKey<'_>, call: MethodCall<'_>) -> Result<(i32, Value)> {
        let start = self.clock().now();
        let script = self
            .wait_for_script(key, call.method, call.timeouts.connect)
            .await?;
        self.run_script(script, call.payload, start.saturating_add(call.timeouts.response))
            .await
    }

    /// Waits until the device is connected and has a script for the method. Returns the script.
    async fn wait_for_script(
        &self,
        key: TwinKey<'_>,
        method: &str,
        timeout: Duration,
    ) -> Result<MethodScript> {
        let deadline = self.clock().now().saturating_add(timeout);
        let mut changes = self.scripts().subscribe();
        loop {
            if let Some(script) = self.script_of(key, method)? {
                return Ok(script);
            }
            if self.clock().now() >= deadline {
                let info = json!({ "timeout": time_span(timeout) });
                let text = "Timed out waiting for device to connect.";
                return Err(HubError::nested(Code::DEVICE_NOT_ONLINE, text, info));
            }
            tokio::select! {
                // Cannot fail, because the sender lives as long as the hub.
                _ = changes.changed() => {}
                () = self.clock().sleep_until(deadline) => {}
            }
        }
    }

    /// Returns the script of a method; `None` if the device is not connected or has no such script.
    fn script_of(&self, key: TwinKey<'_>, method: &str) -> Result<Option<MethodScript>> {
        self.read(|store| {
            let device = store.device(key.device_id)?;
            let identity = match key.module_id {
                Some(id) => &device.module(id)?.identity,
                None => &device.identity,
            };
            if !identity.connection.connected {
                return Ok(None);
            }
            Ok(self.scripts().method(identity.generation, method))
        })
        .map_err(|error: HubError| failure(error.code, error.text))
    }

    async fn run_script(
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
        let ready = self.clock().now().saturating_add(delay);
        self.clock().sleep_until(ready.min(deadline)).await;
        if ready > deadline {
            return Err(failure(
                Code::GATEWAY_TIMEOUT,
                "Timed out waiting for the response from device.",
            ));
        }
        Ok((status, payload))
    }
}

/// Creates an error in the format of direct methods.
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

/// Formats a duration as `hh:mm:ss`.
fn time_span(duration: Duration) -> String {
    let seconds = duration.whole_seconds();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}
