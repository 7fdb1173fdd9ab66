//! Arguments of calls.

use std::time::Duration;

use iothub_convenience::{
    CreateOrUpdateDeviceOptions, DeviceStatus, DirectMethod, Error, InvalidTwin, Precondition, SymmetricKey,
    TwinPatch, TwinReplacement, X509Thumbprint,
};
use serde_json::Value;

/// The arguments of one call, by name.
pub(crate) struct Arguments<'a>(pub(crate) &'a Value);

impl<'a> Arguments<'a> {
    /// Returns a string, empty if the argument is absent.
    pub(crate) fn string(&self, name: &str) -> &'a str {
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

    /// Returns the members of an argument; none if it is absent or not an object.
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
        Ok(X509Thumbprint::new(
            self.string(primary),
            self.optional(secondary),
        )?)
    }

    pub(crate) fn status(&self) -> DeviceStatus {
        DeviceStatus::from(self.string("status"))
    }

    /// Returns the options of a device, named as in the calls.
    pub(crate) fn device_options(&self) -> Option<CreateOrUpdateDeviceOptions> {
        Some(CreateOrUpdateDeviceOptions {
            iot_edge: self.at("iot_edge").0.as_bool().unwrap_or_default(),
            status_reason: self.owned("status_reason"),
            device_scope: self.owned("device_scope"),
            parent_scopes: string_list(self.at("parent_scopes").0),
            ..Default::default()
        })
    }

    /// Returns the options of a device, named as in the service's JSON.
    pub(crate) fn wire_options(&self) -> Option<CreateOrUpdateDeviceOptions> {
        let given = ["statusReason", "capabilities", "deviceScope", "parentScopes"];
        given
            .iter()
            .any(|name| self.0.get(*name).is_some())
            .then(|| CreateOrUpdateDeviceOptions {
                iot_edge: self
                    .at("capabilities")
                    .at("iotEdge")
                    .0
                    .as_bool()
                    .unwrap_or_default(),
                status_reason: self.owned("statusReason"),
                device_scope: self.owned("deviceScope"),
                parent_scopes: string_list(self.at("parentScopes").0),
                ..Default::default()
            })
    }

    /// Returns a twin patch without the client's checks: some recorded calls have `null` in an array, which only the
    /// service refuses.
    pub(crate) fn patch(&self) -> Result<TwinPatch, InvalidTwin> {
        Ok(TwinPatch::from_json(self.at("twin").0.clone())?.unchecked())
    }

    pub(crate) fn replacement(&self) -> Result<TwinReplacement, InvalidTwin> {
        Ok(TwinReplacement::from_json(self.at("twin").0.clone())?.unchecked())
    }

    /// Returns a direct method or command. The recorded payload is replaced; only its presence matters.
    pub(crate) fn method(&self, name: &str, connect_timeout: &str, response_timeout: &str) -> DirectMethod {
        let mut method = DirectMethod::new(self.string(name));
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

/// Returns a list of strings, which may be given as a single string.
fn string_list(value: &Value) -> Option<Vec<String>> {
    let string = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(several) => Some(several.iter().filter_map(string).collect()),
        _ => None,
    }
}
