//! Direct methods.

use std::time::Duration;

use azure_core::http::{RawResponse, Response};
use azure_service_core::{ResponseExt, decode};
use iothub_protocol::types;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, ErrorCode, Result};
use crate::identity::{check_device_id, check_module_id};
use crate::json::to_value;

/// How long the service waits for the device's response by default.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// How much longer the client waits for the service than the service for the device.
const MARGIN: Duration = Duration::from_secs(15);

const COMMAND_STATUS: &str = "x-ms-command-statuscode";

/// A direct method, to be called on a device or module.
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
    /// The payload, or why it cannot be JSON.
    payload: Option<Result<Value, String>>,
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

    /// The method with this payload, at most 128 KiB. One that cannot be JSON is an error when the method is called.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Serialize) -> Self {
        self.payload = Some(to_value(&payload).map_err(|error| error.to_string()));
        self
    }

    /// How long the service waits for the device's response: 5 to 300 seconds, 30 by default. Fractions of a second are
    /// rounded up.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = Some(timeout);
        self
    }

    /// How long the service waits for a device that is not connected: 0 to 300 seconds and not longer than the response
    /// timeout, 0 by default. Fractions of a second are rounded up.
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

    /// Checks what the service would refuse.
    pub(crate) fn check(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::invalid_input("method name", "must not be empty"));
        }
        check_timeout("response_timeout", self.response_timeout, 5)?;
        check_timeout("connect_timeout", self.connect_timeout, 0)?;
        let response = self.response_timeout.filter(|timeout| !timeout.is_zero());
        let response = whole_seconds(response.unwrap_or(RESPONSE_TIMEOUT));
        match self.connect_timeout.map(whole_seconds) {
            Some(connect) if connect > response => Err(Error::invalid_input(
                "connect_timeout",
                format!("is {connect} s, longer than the response timeout of {response} s"),
            )),
            _ => Ok(()),
        }
    }

    fn payload(&self) -> Result<Option<Value>> {
        let payload = self.payload.clone().transpose();
        payload.map_err(|reason| Error::invalid_input("payload", format!("cannot be JSON: {reason}")))
    }

    /// The body of the request, and of a job that calls the method.
    pub(crate) fn to_body(&self) -> Result<types::CloudToDeviceMethod> {
        Ok(types::CloudToDeviceMethod {
            method_name: Some(self.name.clone()),
            payload: self.payload()?,
            response_timeout_in_seconds: self.response_timeout.map(whole_seconds),
            connect_timeout_in_seconds: self.connect_timeout.map(whole_seconds),
        })
    }

    /// Connect timeout, response timeout and payload of a command.
    pub(crate) fn parts(&self) -> Result<(Option<i32>, Option<i32>, Option<Value>)> {
        let seconds = |timeout: Option<Duration>| timeout.map(whole_seconds);
        let (connect, response) = (seconds(self.connect_timeout), seconds(self.response_timeout));
        Ok((connect, response, self.payload()?))
    }

    /// How long the client waits for the service.
    pub(crate) fn http_timeout(&self) -> Duration {
        self.connect_timeout
            .unwrap_or_default()
            .saturating_add(self.response_timeout.unwrap_or(RESPONSE_TIMEOUT))
            .saturating_add(MARGIN)
    }
}

fn check_timeout(parameter: &str, timeout: Option<Duration>, least: i32) -> Result<()> {
    match timeout.map(whole_seconds) {
        // Other clients send 0 for the default; what it means is left to the service.
        None | Some(0) => Ok(()),
        Some(seconds) if !(least..=300).contains(&seconds) => Err(Error::invalid_input(
            parameter,
            format!("is {seconds} s; allowed are {least} to 300 s"),
        )),
        Some(_) => Ok(()),
    }
}

/// The seconds, rounded up.
fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// Outcome of a direct method call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DirectMethodOutcome {
    /// The device has responded. Check [`status`](DirectMethodAnswer::status) for its verdict.
    Answered(DirectMethodAnswer),
    /// The device is not connected, or does not listen for methods. The method was not delivered.
    Offline,
    /// The device is connected and did not respond in time. It may have carried out the method.
    NoAnswerInTime,
    /// The device or module does not exist.
    NotFound,
}

/// A device's response to a direct method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DirectMethodAnswer {
    /// A number that the device chooses. Many devices follow HTTP: 200 is success.
    pub status: i32,
    /// The payload of the response; `None` if there is none, `Some(Value::Null)` if it is `null`.
    pub payload: Option<Value>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl DirectMethodAnswer {
    /// The payload as a type of the caller's. A missing payload reads as `null`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse), with the member, if it does not have the shape of
    /// `T`.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T> {
        let payload = self.payload.as_ref().unwrap_or(&Value::Null);
        decode::from_value("payload", payload).map_err(|error| Error::invalid_response(error.to_string()))
    }
}

impl DirectMethodOutcome {
    /// The device's response, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&DirectMethodAnswer> {
        match self {
            Self::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    /// The outcome of a command: the status is in a header, the payload is the body.
    pub(crate) fn of_command(response: Response<Value>) -> Result<Self> {
        let status = response
            .headers()
            .get_optional_as(&COMMAND_STATUS.into())?
            .unwrap_or_default();
        let request_id = response.request_id().map(str::to_owned);
        let response = RawResponse::from(response);
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
    /// Calls a method of a device and waits for the response.
    ///
    /// The call is not repeated once it may have reached the service. The client waits 15 seconds longer than the service
    /// waits for the device, unless [`CallOptions`](crate::CallOptions) say otherwise.
    ///
    /// REST: `POST /twins/{id}/methods`.
    ///
    /// # Errors
    ///
    /// A device that is offline, does not respond or does not exist is an outcome, not an error.
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
    ///     DirectMethodOutcome::Answered(answer) => {
    ///         let delay: Option<u32> = answer.payload_as()?;
    ///         println!("status {}, reboots in {delay:?} s", answer.status);
    ///     }
    ///     DirectMethodOutcome::Offline => println!("offline"),
    ///     other => println!("no response: {other:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn invoke_device_method(
        &self,
        device_id: &str,
        method: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        self.invoke("invoke_device_method", device_id, None, method).await
    }

    /// Calls a method of a module and waits for the response. As [`invoke_device_method`](Self::invoke_device_method).
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
        let operation = "invoke_device_module_method";
        self.invoke(operation, device_id, Some(module_id), method).await
    }

    pub(crate) async fn invoke(
        &self,
        operation: &'static str,
        device_id: &str,
        module_id: Option<&str>,
        method: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        check_device_id(device_id)?;
        method.check()?;
        let (api, body) = (self.core.protocol(), &method.to_body()?);
        let request = match module_id {
            None => api.devices_invoke_method_request(device_id, body),
            Some(module_id) => {
                check_module_id(module_id)?;
                api.modules_invoke_method_request(device_id, module_id, body)
            }
        };
        let call = self
            .core
            .call(operation)
            .with_attempt_timeout(method.http_timeout());
        let response: Response<types::CloudToDeviceMethodResult> = match call.send(request).await {
            Ok(response) => response,
            Err(error) => return DirectMethodOutcome::of(error.into()),
        };
        let request_id = response.request_id().map(str::to_owned);
        let result = response.into_model()?;
        Ok(DirectMethodOutcome::Answered(DirectMethodAnswer {
            status: result.status.unwrap_or_default(),
            payload: result.payload,
            request_id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn three_kinds_of_payload() {
        let sent = |method: DirectMethod| serde_json::to_value(method.to_body().unwrap()).unwrap();
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
        let body = method.to_body().unwrap();
        assert_eq!(
            (body.connect_timeout_in_seconds, body.response_timeout_in_seconds),
            (Some(1), Some(60))
        );
        assert_eq!(method.http_timeout(), Duration::from_millis(75_001));
        assert_eq!(DirectMethod::new("m").http_timeout(), Duration::from_secs(45));
        let body = DirectMethod::new("m")
            .with_response_timeout(Duration::ZERO)
            .to_body()
            .unwrap();
        assert_eq!(body.response_timeout_in_seconds, Some(0));
        let endless = DirectMethod::new("m").with_response_timeout(Duration::MAX);
        assert_eq!(
            endless.to_body().unwrap().response_timeout_in_seconds,
            Some(i32::MAX)
        );
        assert_eq!(endless.http_timeout(), Duration::MAX);
    }
}
