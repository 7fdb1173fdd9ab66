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

/// The service's default timeout for the device's response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// The additional time for which the client waits for the service's response.
const MARGIN: Duration = Duration::from_secs(15);

/// The maximum size of a payload, in bytes.
const MAX_PAYLOAD: usize = 128 * 1024;

const COMMAND_STATUS: &str = "x-ms-command-statuscode";

/// A direct method to call on a device or module.
///
/// A missing payload and the payload `null` are different requests.
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
    /// The payload, or the reason that it cannot be serialized.
    payload: Option<Result<Value, String>>,
    response_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
}

impl DirectMethod {
    /// Creates a method without a payload.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            payload: None,
            response_timeout: None,
            connect_timeout: None,
        }
    }

    /// Sets the payload, at most 128 KiB. If it cannot be serialized to JSON, the call fails.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Serialize) -> Self {
        self.payload = Some(to_value(&payload).map_err(|error| error.to_string()));
        self
    }

    /// Sets the time for which the service waits for the device's response: 5 to 300 seconds, rounded up to whole
    /// seconds. Default: 30 seconds.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = Some(timeout);
        self
    }

    /// Sets the time for which the service waits for the device to connect: 0 to 300 seconds, rounded up to whole
    /// seconds, and at most the response timeout. Default: 0.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Checks that the name is not empty, that the timeouts are in range, and that the connect timeout is not longer
    /// than the response timeout.
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
        let payload = self.payload.clone().transpose().map_err(|reason| {
            Error::invalid_input("payload", format!("cannot be serialized to JSON: {reason}"))
        })?;
        let length = payload.as_ref().map_or(0, |payload| payload.to_string().len());
        if length > MAX_PAYLOAD {
            let reason = format!("has {length} bytes; at most {MAX_PAYLOAD} are allowed");
            return Err(Error::invalid_input("payload", reason));
        }
        Ok(payload)
    }

    /// Returns the body of a direct method request, which is also part of the body of a job that calls the method.
    pub(crate) fn to_body(&self) -> Result<types::CloudToDeviceMethod> {
        Ok(types::CloudToDeviceMethod {
            method_name: Some(self.name.clone()),
            payload: self.payload()?,
            response_timeout_in_seconds: self.response_timeout.map(whole_seconds),
            connect_timeout_in_seconds: self.connect_timeout.map(whole_seconds),
        })
    }

    /// Returns connect timeout, response timeout and payload for a command request.
    pub(crate) fn parts(&self) -> Result<(Option<i32>, Option<i32>, Option<Value>)> {
        let seconds = |timeout: Option<Duration>| timeout.map(whole_seconds);
        let (connect, response) = (seconds(self.connect_timeout), seconds(self.response_timeout));
        Ok((connect, response, self.payload()?))
    }

    /// Returns the time for which the client waits for the service's response.
    pub(crate) fn http_timeout(&self) -> Duration {
        self.connect_timeout
            .unwrap_or_default()
            .saturating_add(self.response_timeout.unwrap_or(RESPONSE_TIMEOUT))
            .saturating_add(MARGIN)
    }
}

fn check_timeout(parameter: &str, timeout: Option<Duration>, least: i32) -> Result<()> {
    match timeout.map(whole_seconds) {
        // Other clients send 0 for the default, and the service accepts it.
        None | Some(0) => Ok(()),
        Some(seconds) if !(least..=300).contains(&seconds) => Err(Error::invalid_input(
            parameter,
            format!("is {seconds} s; must be {least} to 300 s"),
        )),
        Some(_) => Ok(()),
    }
}

/// Returns the seconds, rounded up.
fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// Outcome of a direct method call.
#[must_use = "a device that is offline or does not respond is an outcome, not an error"]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DirectMethodOutcome {
    /// The device has responded. Check [`status`](DirectMethodResponse::status) for the device's result.
    Responded(DirectMethodResponse),
    /// The device is not connected, or not subscribed to methods. The method was not delivered.
    Offline,
    /// The device is connected but did not respond in time. It may have executed the method.
    NoResponse,
    /// The device or module does not exist.
    NotFound,
}

/// A device's response to a direct method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DirectMethodResponse {
    /// A number that the device chooses. Many devices use HTTP statuses, with 200 for success.
    pub status: i32,
    /// The payload of the response; `None` if there is none, `Some(Value::Null)` if it is `null`.
    pub payload: Option<Value>,
    /// The service's request id.
    pub request_id: Option<String>,
}

impl DirectMethodResponse {
    /// Decodes the payload. A missing payload counts as `null`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse), naming the member, if the payload does not
    /// decode as `T`.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T> {
        let payload = self.payload.as_ref().unwrap_or(&Value::Null);
        decode::from_value("payload", payload).map_err(|error| Error::undecodable(&error))
    }
}

impl DirectMethodOutcome {
    /// Returns the device's response, if there is one.
    #[must_use]
    pub fn response(&self) -> Option<&DirectMethodResponse> {
        match self {
            Self::Responded(response) => Some(response),
            _ => None,
        }
    }

    /// Converts the response to a command, which has the device's status in a header and the payload as its body. Fails
    /// if the header is missing or invalid, or if the body is not JSON.
    pub(crate) fn of_command(response: Response<Value>) -> Result<Self> {
        let status = response
            .headers()
            .get_optional_as(&COMMAND_STATUS.into())?
            .ok_or_else(no_status)?;
        let request_id = response.request_id().map(str::to_owned);
        let response = RawResponse::from(response);
        let payload = match response.body().is_empty() {
            true => None,
            false => Some(Response::<Value>::from(response).into_model()?),
        };
        Ok(Self::Responded(DirectMethodResponse {
            status,
            payload,
            request_id,
        }))
    }

    /// Converts the errors for an offline, silent or missing device into outcomes. Returns all other errors.
    pub(crate) fn of(error: Error) -> Result<Self> {
        match error.error_code() {
            Some(ErrorCode::DEVICE_NOT_ONLINE) => Ok(Self::Offline),
            Some(ErrorCode::GATEWAY_TIMEOUT) => Ok(Self::NoResponse),
            Some(ErrorCode::DEVICE_NOT_FOUND | ErrorCode::MODULE_NOT_FOUND) => Ok(Self::NotFound),
            _ => Err(error),
        }
    }
}

fn no_status() -> Error {
    Error::invalid_response("the response has no status of the device")
}

/// Direct methods.
impl IotHubRegistryManager {
    /// Calls a method of a device and waits for the response.
    ///
    /// The call is not retried once the service may have processed it. The client waits 15 seconds longer than the
    /// service does, unless [`CallOptions`](crate::CallOptions) set another timeout.
    ///
    /// REST: `POST /twins/{id}/methods`.
    ///
    /// # Errors
    ///
    /// A device that is offline, does not respond or does not exist is an outcome, not an error.
    /// [`is_unknown_outcome`](Error::is_unknown_outcome) if the connection broke: the device may have executed the
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
    ///     DirectMethodOutcome::Responded(response) => {
    ///         let delay: Option<u32> = response.payload_as()?;
    ///         println!("status {}, reboots in {delay:?} s", response.status);
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

    /// Calls a method of a module and waits for the response, like
    /// [`invoke_device_method`](Self::invoke_device_method).
    ///
    /// REST: `POST /twins/{id}/modules/{mid}/methods`.
    ///
    /// # Errors
    ///
    /// Same as [`invoke_device_method`](Self::invoke_device_method).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::DirectMethod;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let outcome = hub.invoke_device_module_method("gateway-1", "filter", &DirectMethod::new("reset")).await?;
    /// println!("{outcome:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn invoke_device_module_method(
        &self,
        device_id: &str,
        module_id: &str,
        method: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        let operation = "invoke_device_module_method";
        self.invoke(operation, device_id, Some(module_id), method).await
    }

    async fn invoke(
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
        Ok(DirectMethodOutcome::Responded(DirectMethodResponse {
            status: result.status.ok_or_else(no_status)?,
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
    fn missing_payload_and_null_differ() {
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
    fn http_timeout_is_the_sum_of_both_timeouts_and_a_margin() {
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
        let longest = DirectMethod::new("m").with_response_timeout(Duration::MAX);
        assert_eq!(
            longest.to_body().unwrap().response_timeout_in_seconds,
            Some(i32::MAX)
        );
        assert_eq!(longest.http_timeout(), Duration::MAX);
    }
}
