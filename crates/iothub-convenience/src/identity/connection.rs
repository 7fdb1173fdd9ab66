//! Connection strings and tokens of devices and modules.

use std::time::Duration;

use azure_core::credentials::Secret;
use azure_core::time::OffsetDateTime;
use azure_service_core::SasToken;

use super::authentication::{Authentication, AuthenticationType};
use super::device::Device;
use super::key::{InvalidKey, WhichKey};
use super::module::Module;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};

/// A token with which a device or module connects.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceSasToken {
    /// The token, `SharedAccessSignature sr=…`: the password of MQTT and AMQP, the `Authorization` header of HTTP.
    pub token: Secret,
    /// When it expires.
    pub expires_on: OffsetDateTime,
}

/// Connection strings and tokens of devices and modules.
///
/// They are made from an identity that was read or created with this client, without a request. `Debug` shows neither.
impl IotHubRegistryManager {
    /// The connection string of a device: `HostName=…;DeviceId=…;SharedAccessKey=…`, or with `x509=true` instead of
    /// the key.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the identity has no such key, for example because the caller may not
    /// see keys, or if the id contains `;`, which a connection string cannot express.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::WhichKey;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let for_the_device = hub.device_connection_string(&device, WhichKey::Primary)?;
    /// assert!(for_the_device.secret().starts_with("HostName="));
    /// # Ok(())
    /// # }
    /// ```
    pub fn device_connection_string(&self, device: &Device, key: WhichKey) -> Result<Secret> {
        let name = [("DeviceId", device.device_id.as_str())];
        connection_string(&self.host_name(), &name, device.authentication.as_ref(), key)
    }

    /// The connection string of a module. Like [`device_connection_string`](Self::device_connection_string).
    ///
    /// # Errors
    ///
    /// As [`device_connection_string`](Self::device_connection_string).
    pub fn module_connection_string(&self, module: &Module, key: WhichKey) -> Result<Secret> {
        let name = [
            ("DeviceId", module.device_id.as_str()),
            ("ModuleId", module.module_id.as_str()),
        ];
        connection_string(&self.host_name(), &name, module.authentication.as_ref(), key)
    }

    /// A token with which a device connects for the next `lifetime`, without knowing the key.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the identity has no such key, for example because the caller may not
    /// see keys.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::WhichKey;
    /// use std::time::Duration;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let token = hub.device_sas_token(&device, WhichKey::Primary, Duration::from_secs(3600))?;
    /// assert!(token.token.secret().starts_with("SharedAccessSignature "));
    /// # Ok(())
    /// # }
    /// ```
    pub fn device_sas_token(
        &self,
        device: &Device,
        key: WhichKey,
        lifetime: Duration,
    ) -> Result<DeviceSasToken> {
        let resource = format!("{}/devices/{}", self.host_name(), device.device_id);
        token(
            &resource,
            &key_of(device.authentication.as_ref(), key)?,
            key,
            lifetime,
        )
    }

    /// A token with which a module connects for the next `lifetime`. Like [`device_sas_token`](Self::device_sas_token).
    ///
    /// # Errors
    ///
    /// As [`device_sas_token`](Self::device_sas_token).
    pub fn module_sas_token(
        &self,
        module: &Module,
        key: WhichKey,
        lifetime: Duration,
    ) -> Result<DeviceSasToken> {
        let resource = format!(
            "{}/devices/{}/modules/{}",
            self.host_name(),
            module.device_id,
            module.module_id
        );
        token(
            &resource,
            &key_of(module.authentication.as_ref(), key)?,
            key,
            lifetime,
        )
    }
}

fn connection_string(
    host_name: &str,
    name: &[(&str, &str)],
    authentication: Option<&Authentication>,
    key: WhichKey,
) -> Result<Secret> {
    let mut text = format!("HostName={host_name}");
    for (part, id) in name {
        if id.contains(';') {
            return Err(Error::invalid_input(
                part,
                "contains `;`, which a connection string cannot express",
            ));
        }
        text.push_str(&format!(";{part}={id}"));
    }
    let kind = authentication.and_then(|authentication| authentication.kind.as_ref());
    match kind {
        Some(AuthenticationType::SelfSigned | AuthenticationType::CertificateAuthority) => {
            text.push_str(";x509=true")
        }
        _ => {
            text.push_str(";SharedAccessKey=");
            text.push_str(key_of(authentication, key)?.secret());
        }
    }
    Ok(Secret::new(text))
}

fn key_of(authentication: Option<&Authentication>, which: WhichKey) -> Result<Secret> {
    let keys = authentication.and_then(|authentication| authentication.symmetric_key.as_ref());
    let key = keys.and_then(|keys| match which {
        WhichKey::Primary => keys.primary(),
        WhichKey::Secondary => keys.secondary(),
    });
    key.cloned().ok_or_else(|| {
        Error::invalid_input(
            "identity",
            format!("has no {which}; it may have other credentials, or the caller may not see keys"),
        )
    })
}

fn token(resource: &str, key: &Secret, which: WhichKey, lifetime: Duration) -> Result<DeviceSasToken> {
    let now = OffsetDateTime::now_utc();
    let expires_on = now.checked_add(lifetime.try_into().unwrap_or(azure_core::time::Duration::MAX));
    let expires_on =
        expires_on.ok_or_else(|| Error::invalid_input("lifetime", "goes beyond the end of the calendar"))?;
    // Signing fails only for a key that is not base64.
    let signed =
        SasToken::sign(resource, expires_on, None, key).map_err(|_| InvalidKey::NotBase64 { which })?;
    Ok(DeviceSasToken {
        token: signed.token,
        expires_on: signed.expires_on,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn hub() -> IotHubRegistryManager {
        let text = format!("HostName=myhub.azure-devices.net;SharedAccessKeyName=n;SharedAccessKey={KEY}");
        IotHubRegistryManager::from_connection_string(&text, None).unwrap()
    }

    fn device(id: &str, authentication: Value) -> Device {
        serde_json::from_value(json!({"deviceId": id, "authentication": authentication})).unwrap()
    }

    fn with_key(id: &str) -> Device {
        device(id, json!({"type": "sas", "symmetricKey": {"primaryKey": KEY}}))
    }

    #[test]
    fn tokens_name_what_they_are_for_and_end_in_time() {
        let lifetime = Duration::from_secs(60);
        let token = hub()
            .device_sas_token(&with_key("a#b"), WhichKey::Primary, lifetime)
            .unwrap();
        assert!(
            token
                .token
                .secret()
                .contains("sr=myhub.azure-devices.net%2Fdevices%2Fa%23b&")
        );
        let resource = "myhub.azure-devices.net/devices/a#b";
        let signed = SasToken::sign(resource, token.expires_on, None, &Secret::new(KEY)).unwrap();
        assert_eq!(
            token.token, signed.token,
            "signed with the device's key, in no policy's name"
        );
        let left = token.expires_on - OffsetDateTime::now_utc();
        assert!((58..=60).contains(&left.whole_seconds()), "{left}");
        let module: Module = serde_json::from_value(
            json!({"deviceId": "d", "moduleId": "$m", "authentication": {"symmetricKey": {"secondaryKey": KEY}}}),
        )
        .unwrap();
        let token = hub()
            .module_sas_token(&module, WhichKey::Secondary, lifetime)
            .unwrap();
        assert!(token.token.secret().contains("%2Fdevices%2Fd%2Fmodules%2F%24m&"));
        assert!(!format!("{token:?}").contains("SharedAccessSignature"));
        assert!(
            hub()
                .device_sas_token(&with_key("d"), WhichKey::Primary, Duration::MAX)
                .is_err()
        );
    }

    #[test]
    fn connection_strings_follow_the_kind_of_authentication() {
        let string = |device: &Device, key| {
            hub()
                .device_connection_string(device, key)
                .map(|text| text.secret().to_owned())
        };
        assert_eq!(
            string(&with_key("d=1"), WhichKey::Primary).unwrap(),
            format!("HostName=myhub.azure-devices.net;DeviceId=d=1;SharedAccessKey={KEY}")
        );
        for kind in ["selfSigned", "certificateAuthority"] {
            let device = device("d", json!({"type": kind, "symmetricKey": {"primaryKey": null}}));
            assert_eq!(
                string(&device, WhichKey::Secondary).unwrap(),
                "HostName=myhub.azure-devices.net;DeviceId=d;x509=true"
            );
        }
        let module: Module = serde_json::from_value(json!({
            "deviceId": "d", "moduleId": "m", "authentication": {"type": "sas", "symmetricKey": {"secondaryKey": KEY}}
        }))
        .unwrap();
        let of_module = |key| hub().module_connection_string(&module, key);
        assert_eq!(
            of_module(WhichKey::Secondary).unwrap().secret(),
            format!("HostName=myhub.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey={KEY}")
        );
        assert!(of_module(WhichKey::Primary).unwrap_err().is_invalid_input());
        for device in [
            with_key("a;b"),
            device("d", json!({"type": "sas"})),
            Device::default(),
        ] {
            let error = string(&device, WhichKey::Primary).unwrap_err();
            assert!(
                error.is_invalid_input() && !error.to_string().contains(KEY),
                "{error}"
            );
        }
        assert!(string(&with_key("d"), WhichKey::Secondary).is_err());
    }
}
