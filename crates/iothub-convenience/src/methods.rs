//! Direct methods.

use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{Context, RawResponse, Response};
use azure_service_core::ResponseTimeout;
use iothub_protocol::types;
use serde_json::Value;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, ErrorCode, Result};
use crate::identity::{check_device_id, check_module_id};

/// How long the service waits for the device's answer, unless told otherwise.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// How much longer the client waits for the service than the service for the device.
const MARGIN: Duration = Duration::from_secs(15);

const COMMAND_STATUS: HeaderName = HeaderName::from_static("x-ms-command-statuscode");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

fn request_id(headers: &Headers) -> Option<String> {
    headers.get_optional_string(&REQUEST_ID)
}

/// A method to call on a device or module.
///
/// No payload, the payload `null` and any other JSON value are three different things, and are sent as such.
///
/// # Example
///
/// ```
/// use iothub_convenience::DirectMethod;
/// use serde_json::json;
/// use std::time::Duration;
///
/// let reboot = DirectMethod::new("reboot")
///     .with_payload(json!({"delay": 5}))
///     .with_connect_timeout(Duration::from_secs(10))
///     .with_response_timeout(Duration::from_secs(60));
/// assert_eq!(reboot.name(), "reboot");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DirectMethod {
    name: String,
    payload: Option<Value>,
    response_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
}

impl DirectMethod {
    /// The method with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            payload: None,
            response_timeout: None,
            connect_timeout: None,
        }
    }

    /// The method with this payload, at most 128 KiB.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<Value>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    /// How long the service waits for the device's answer: 5 to 300 seconds, 30 unless given. Fractions of a second
    /// are rounded up.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = Some(timeout);
        self
    }

    /// How long the service waits for a device that is not connected: 0 to 300 seconds and not longer than the
    /// response timeout, 0 unless given. Fractions of a second are rounded up.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The body of the request, and of a job that calls the method.
    pub(crate) fn to_body(&self) -> types::CloudToDeviceMethod {
        types::CloudToDeviceMethod {
            method_name: Some(self.name.clone()),
            payload: self.payload.clone(),
            response_timeout_in_seconds: self.response_timeout.map(whole_seconds),
            connect_timeout_in_seconds: self.connect_timeout.map(whole_seconds),
        }
    }

    /// Connect timeout, response timeout and payload of a command.
    pub(crate) fn parts(&self) -> (Option<i32>, Option<i32>, Option<Value>) {
        let seconds = |timeout: Option<Duration>| timeout.map(whole_seconds);
        (
            seconds(self.connect_timeout),
            seconds(self.response_timeout),
            self.payload.clone(),
        )
    }

    /// How long the client waits for the service.
    pub(crate) fn http_timeout(&self) -> Duration {
        self.connect_timeout
            .unwrap_or_default()
            .saturating_add(self.response_timeout.unwrap_or(RESPONSE_TIMEOUT))
            .saturating_add(MARGIN)
    }
}

/// The seconds, rounded up.
fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// What became of a direct method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DirectMethodOutcome {
    /// The device has answered. Whether it is content, its own [status](DirectMethodAnswer::status) tells.
    Answered(DirectMethodAnswer),
    /// The device is not connected, or does not listen for methods. The method was not delivered.
    Offline,
    /// The device is connected and did not answer in time. It may have carried out the method.
    NoAnswerInTime,
    /// There is no such device or module.
    NotFound,
}

/// A device's answer to a direct method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DirectMethodAnswer {
    /// A number of the device's choice. Many devices follow HTTP: 200 is good.
    pub status: i32,
    /// What the device sent along; `None` if nothing, `Some(Value::Null)` if `null`.
    pub payload: Option<Value>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl DirectMethodOutcome {
    /// The device's answer, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&DirectMethodAnswer> {
        match self {
            Self::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    /// The outcome that the answer to a command stands for: the status is in a header, the payload is the body.
    pub(crate) fn of_command(response: RawResponse) -> Result<Self> {
        let status = response
            .headers()
            .get_optional_as(&COMMAND_STATUS)?
            .unwrap_or_default();
        let request_id = request_id(response.headers());
        let payload = match response.body().is_empty() {
            true => None,
            false => Some(Response::<Value>::from(response).into_model()?),
        };
        Ok(Self::Answered(DirectMethodAnswer {
            status,
            payload,
            request_id,
        }))
    }

    /// The outcome that an error stands for, or the error.
    pub(crate) fn of(error: Error) -> Result<Self> {
        match error.error_code() {
            Some(ErrorCode::DEVICE_NOT_ONLINE) => Ok(Self::Offline),
            Some(ErrorCode::GATEWAY_TIMEOUT) => Ok(Self::NoAnswerInTime),
            Some(ErrorCode::DEVICE_NOT_FOUND | ErrorCode::MODULE_NOT_FOUND) => Ok(Self::NotFound),
            _ => Err(error),
        }
    }
}

/// Direct methods.
impl IotHubRegistryManager {
    /// Calls a method of a device and waits for the answer.
    ///
    /// The call is not repeated once it may have reached the service. The client waits 15 seconds longer than the
    /// service waits for the device.
    ///
    /// REST: `POST /twins/{id}/methods`.
    ///
    /// # Errors
    ///
    /// That the device is offline, does not answer or does not exist is an outcome, not an error.
    /// [`is_unknown_outcome`](Error::is_unknown_outcome) if the connection broke: the device may have carried out the
    /// method.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{DirectMethod, DirectMethodOutcome};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// match hub.invoke_device_method("thermostat-7", &DirectMethod::new("reboot")).await? {
    ///     DirectMethodOutcome::Answered(answer) => println!("the device says {}", answer.status),
    ///     DirectMethodOutcome::Offline => println!("it is offline"),
    ///     other => println!("no answer: {other:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn invoke_device_method(
        &self,
        device_id: &str,
        method: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        check_device_id(device_id)?;
        self.invoke(device_id, None, method).await
    }

    /// Calls a method of a module and waits for the answer. Like [`invoke_device_method`](Self::invoke_device_method).
    ///
    /// REST: `POST /twins/{id}/modules/{mid}/methods`.
    ///
    /// # Errors
    ///
    /// As [`invoke_device_method`](Self::invoke_device_method).
    pub async fn invoke_device_module_method(
        &self,
        device_id: &str,
        module_id: &str,
        method: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        self.invoke(device_id, Some(module_id), method).await
    }

    async fn invoke(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        method: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        let body = &method.to_body();
        let api = self.api();
        let request = match module_id {
            None => api.devices_invoke_method_request(device_id, body),
            Some(module_id) => api.modules_invoke_method_request(device_id, module_id, body),
        };
        let context = Context::new().with_value(ResponseTimeout(method.http_timeout()));
        match self.core.send(request, context).await {
            Ok(response) => {
                let request_id = request_id(response.headers());
                let result = response.into_model()?;
                Ok(DirectMethodOutcome::Answered(DirectMethodAnswer {
                    status: result.status.unwrap_or_default(),
                    payload: result.payload,
                    request_id,
                }))
            }
            Err(error) => DirectMethodOutcome::of(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn three_kinds_of_payload() {
        let sent = |method: DirectMethod| serde_json::to_value(method.to_body()).unwrap();
        assert_eq!(sent(DirectMethod::new("m")), json!({"methodName": "m"}));
        assert_eq!(
            sent(DirectMethod::new("m").with_payload(Value::Null)),
            json!({"methodName": "m", "payload": null})
        );
        assert_eq!(
            sent(DirectMethod::new("m").with_payload(0)),
            json!({"methodName": "m", "payload": 0})
        );
    }

    #[test]
    fn timeouts_are_sent_as_given_and_added_up_for_http() {
        let method = DirectMethod::new("m")
            .with_connect_timeout(Duration::from_millis(1))
            .with_response_timeout(Duration::from_secs(60));
        let body = method.to_body();
        assert_eq!(
            (body.connect_timeout_in_seconds, body.response_timeout_in_seconds),
            (Some(1), Some(60))
        );
        assert_eq!(method.http_timeout(), Duration::from_millis(75_001));
        assert_eq!(DirectMethod::new("m").http_timeout(), Duration::from_secs(45));
        let body = DirectMethod::new("m")
            .with_response_timeout(Duration::ZERO)
            .to_body();
        assert_eq!(body.response_timeout_in_seconds, Some(0));
        let endless = DirectMethod::new("m").with_response_timeout(Duration::MAX);
        assert_eq!(endless.to_body().response_timeout_in_seconds, Some(i32::MAX));
        assert_eq!(endless.http_timeout(), Duration::MAX);
    }
}
