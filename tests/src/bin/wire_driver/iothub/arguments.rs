//! Arguments of calls.

use std::time::Duration;

use iothub_convenience::{
    DeviceOptions, DeviceStatus, DirectMethod, Error, InvalidTwin, Precondition, SymmetricKey, TwinPatch,
    TwinReplacement, X509Thumbprint,
};
use serde_json::Value;

/// The arguments of one call, by name.
pub(crate) struct Arguments<'a>(pub(crate) &'a Value);

impl<'a> Arguments<'a> {
    /// Returns a string, empty if the argument is absent.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.optional(name).unwrap_or_default()
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    pub(crate) fn number<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        self.0.get(name)?.as_i64()?.try_into().ok()
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.optional(name).map(str::to_owned)
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        self.number(name).map(Duration::from_secs)
    }

    pub(crate) fn at(&self, name: &str) -> Arguments<'a> {
        Arguments(self.0.get(name).unwrap_or(&Value::Null))
    }

    pub(crate) fn list(&self, name: &str) -> &'a [Value] {
        self.0
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn precondition(&self, name: &str) -> Precondition {
        self.optional(name).map_or(Precondition::Unconditional, |etag| {
            Precondition::IfMatch(etag.into())
        })
    }

    /// Returns a pair of keys, empty if both are absent.
    pub(crate) fn keys(&self, primary: &str, secondary: &str) -> Result<SymmetricKey, Error> {
        match (self.owned(primary), self.owned(secondary)) {
            (Some(primary), Some(secondary)) => Ok(SymmetricKey::new(primary, secondary)?),
            _ => Ok(SymmetricKey::assigned_by_service()),
        }
    }

    pub(crate) fn thumbprint(&self, primary: &str, secondary: &str) -> Result<X509Thumbprint, Error> {
        Ok(X509Thumbprint::new(self.text(primary), self.optional(secondary))?)
    }

    pub(crate) fn status(&self) -> DeviceStatus {
        DeviceStatus::from(self.text("status"))
    }

    /// Returns the options of a device, named as in the calls.
    pub(crate) fn device_options(&self) -> Option<DeviceOptions> {
        Some(DeviceOptions {
            iot_edge: self.at("iot_edge").0.as_bool().unwrap_or_default(),
            status_reason: self.owned("status_reason"),
            device_scope: self.owned("device_scope"),
            parent_scopes: texts(self.at("parent_scopes").0),
        })
    }

    /// Returns the options of a device, named as in the service's JSON.
    pub(crate) fn wire_options(&self) -> Option<DeviceOptions> {
        let given = ["statusReason", "capabilities", "deviceScope", "parentScopes"];
        given
            .iter()
            .any(|name| self.0.get(*name).is_some())
            .then(|| DeviceOptions {
                iot_edge: self
                    .at("capabilities")
                    .at("iotEdge")
                    .0
                    .as_bool()
                    .unwrap_or_default(),
                status_reason: self.owned("statusReason"),
                device_scope: self.owned("deviceScope"),
                parent_scopes: texts(self.at("parentScopes").0),
            })
    }

    /// Some recorded calls have `null` in an array; the service refuses it, not the client.
    pub(crate) fn patch(&self) -> Result<TwinPatch, InvalidTwin> {
        Ok(TwinPatch::from_json(self.at("twin").0.clone())?.unchecked())
    }

    pub(crate) fn replacement(&self) -> Result<TwinReplacement, InvalidTwin> {
        Ok(TwinReplacement::from_json(self.at("twin").0.clone())?.unchecked())
    }

    /// Returns a direct method or command. The recorded payload is replaced; only its presence matters.
    pub(crate) fn method(&self, name: &str, connect_timeout: &str, response_timeout: &str) -> DirectMethod {
        let mut method = DirectMethod::new(self.text(name));
        if let Some(payload) = self.0.get("payload") {
            method = method.with_payload(payload.clone());
        }
        if let Some(timeout) = self.seconds(connect_timeout) {
            method = method.with_connect_timeout(timeout);
        }
        if let Some(timeout) = self.seconds(response_timeout) {
            method = method.with_response_timeout(timeout);
        }
        method
    }
}

/// Returns one string or a list of strings.
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(several) => Some(several.iter().filter_map(text).collect()),
        _ => None,
    }
}
