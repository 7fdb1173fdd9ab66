//! Connection strings and tokens of devices and modules.

use std::time::Duration;

use azure_core::credentials::Secret;
use azure_core::time::OffsetDateTime;
use azure_protocol_runtime::DateTime;
use azure_service_core::SasToken;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::authentication::{Authentication, AuthenticationType};
use crate::identity::device::Device;
use crate::identity::key::{InvalidKey, KeySlot};
use crate::identity::module::Module;

/// A shared access signature of a device or module.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceSasToken {
    /// The token, `SharedAccessSignature sr=…`: the password in MQTT and AMQP, and the `Authorization` header in
    /// HTTP.
    pub token: Secret,
    /// The expiry time.
    pub expires_on: DateTime,
}

/// Connection strings and tokens of devices and modules.
///
/// They are derived from an identity without a request, and name the [host for devices](Self::device_host_name). `Debug`
/// does not show them.
impl IotHubRegistryManager {
    /// Returns the connection string of a device: `HostName=…;DeviceId=…;SharedAccessKey=…`, with `x509=true` instead
    /// of the key for a device that authenticates with certificates.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the identity has no such key, for example because the caller lacks the
    /// permission to read keys, or if the id contains `;`, which is the separator of connection strings.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::KeySlot;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let connection_string = hub.device_connection_string(&device, KeySlot::Primary)?;
    /// assert!(connection_string.secret().starts_with("HostName="));
    /// # Ok(())
    /// # }
    /// ```
    pub fn device_connection_string(&self, device: &Device, key: KeySlot) -> Result<Secret> {
        let name = [("DeviceId", device.device_id.as_str())];
        connection_string(
            &self.device_host_name(),
            &name,
            device.authentication.as_ref(),
            key,
        )
    }

    /// Returns the connection string of a module, like [`device_connection_string`](Self::device_connection_string).
    ///
    /// # Errors
    ///
    /// Same as [`device_connection_string`](Self::device_connection_string).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::KeySlot;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// let connection_string = hub.module_connection_string(&module, KeySlot::Primary)?;
    /// assert!(connection_string.secret().contains(";ModuleId=filter;"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn module_connection_string(&self, module: &Module, key: KeySlot) -> Result<Secret> {
        let name = [
            ("DeviceId", module.device_id.as_str()),
            ("ModuleId", module.module_id.as_str()),
        ];
        connection_string(
            &self.device_host_name(),
            &name,
            module.authentication.as_ref(),
            key,
        )
    }

    /// Signs a token that lets a device connect for the next `lifetime` without its key.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the identity has no such key, for example because the caller lacks the
    /// permission to read keys.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::KeySlot;
    /// use std::time::Duration;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.get_device("thermostat-7").await?.into_model()?;
    /// let token = hub.device_sas_token(&device, KeySlot::Primary, Duration::from_secs(3600))?;
    /// assert!(token.token.secret().starts_with("SharedAccessSignature "));
    /// # Ok(())
    /// # }
    /// ```
    pub fn device_sas_token(
        &self,
        device: &Device,
        key: KeySlot,
        lifetime: Duration,
    ) -> Result<DeviceSasToken> {
        let resource = format!("{}/devices/{}", self.device_host_name(), device.device_id);
        token(
            &resource,
            &key_of(device.authentication.as_ref(), key)?,
            key,
            lifetime,
        )
    }

    /// Signs a token that lets a module connect for the next `lifetime`, like
    /// [`device_sas_token`](Self::device_sas_token).
    ///
    /// # Errors
    ///
    /// Same as [`device_sas_token`](Self::device_sas_token).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::KeySlot;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let module = hub.get_module("gateway-1", "filter").await?.into_model()?;
    /// let token = hub.module_sas_token(&module, KeySlot::Primary, std::time::Duration::from_secs(3600))?;
    /// assert!(token.token.secret().starts_with("SharedAccessSignature "));
    /// # Ok(())
    /// # }
    /// ```
    pub fn module_sas_token(
        &self,
        module: &Module,
        key: KeySlot,
        lifetime: Duration,
    ) -> Result<DeviceSasToken> {
        let resource = format!(
            "{}/devices/{}/modules/{}",
            self.device_host_name(),
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
    key: KeySlot,
) -> Result<Secret> {
    let mut text = format!("HostName={host_name}");
    for (part, id) in name {
        if id.contains(';') {
            return Err(Error::invalid_input(
                part,
                "contains `;`, which is the separator of connection strings",
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

fn key_of(authentication: Option<&Authentication>, slot: KeySlot) -> Result<Secret> {
    let keys = authentication.and_then(|authentication| authentication.symmetric_key.as_ref());
    let key = keys.and_then(|keys| match slot {
        KeySlot::Primary => keys.primary(),
        KeySlot::Secondary => keys.secondary(),
    });
    key.cloned().ok_or_else(|| {
        Error::invalid_input(
            "identity",
            format!(
                "has no {slot}; it has other credentials, or the caller lacks the permission to read keys"
            ),
        )
    })
}

fn token(resource: &str, key: &Secret, slot: KeySlot, lifetime: Duration) -> Result<DeviceSasToken> {
    let now = OffsetDateTime::now_utc();
    let expires_on = now.checked_add(lifetime.try_into().unwrap_or(azure_core::time::Duration::MAX));
    let expires_on = expires_on
        .ok_or_else(|| Error::invalid_input("lifetime", "ends after the last representable date"))?;
    // Signing fails only if the key is not base64.
    let signed =
        SasToken::sign(resource, expires_on, None, key).map_err(|_| InvalidKey::NotBase64 { slot })?;
    Ok(DeviceSasToken {
        token: signed.token,
        expires_on: signed.expires_on.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::IotHubClientOptions;
    use crate::hub_host::HubHost;
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
    fn tokens_have_the_resource_and_the_lifetime() {
        let lifetime = Duration::from_secs(60);
        let token = hub()
            .device_sas_token(&with_key("a#b"), KeySlot::Primary, lifetime)
            .unwrap();
        assert!(
            token
                .token
                .secret()
                .contains("sr=myhub.azure-devices.net%2Fdevices%2Fa%23b&")
        );
        let resource = "myhub.azure-devices.net/devices/a#b";
        let expires_on = token.expires_on.to_offset().unwrap();
        let signed = SasToken::sign(resource, expires_on, None, &Secret::new(KEY)).unwrap();
        assert_eq!(
            token.token, signed.token,
            "signed with the device's key, without a policy"
        );
        let left = expires_on - OffsetDateTime::now_utc();
        assert!((58..=60).contains(&left.whole_seconds()), "{left}");
        let module: Module = serde_json::from_value(
            json!({"deviceId": "d", "moduleId": "$m", "authentication": {"symmetricKey": {"secondaryKey": KEY}}}),
        )
        .unwrap();
        let token = hub()
            .module_sas_token(&module, KeySlot::Secondary, lifetime)
            .unwrap();
        assert!(token.token.secret().contains("%2Fdevices%2Fd%2Fmodules%2F%24m&"));
        assert!(!format!("{token:?}").contains("SharedAccessSignature"));
        assert!(
            hub()
                .device_sas_token(&with_key("d"), KeySlot::Primary, Duration::MAX)
                .is_err()
        );
    }

    /// HUB-HOST-1, HUB-HOST-4.
    #[test]
    fn devices_never_get_the_host_that_is_only_for_services() {
        let module: Module = serde_json::from_value(json!({
            "deviceId": "d", "moduleId": "m", "authentication": {"type": "sas", "symmetricKey": {"primaryKey": KEY}}
        }))
        .unwrap();
        let classic: HubHost = "h.azure-devices.net".parse().unwrap();
        for (given, chosen, expected) in [
            ("h.azure-devices.net", None, "h.azure-devices.net"),
            ("h.service.azure-devices.net", None, "h.device.azure-devices.net"),
            ("h.device.azure-devices.net", None, "h.device.azure-devices.net"),
            ("h.service.azure-devices.us", None, "h.device.azure-devices.us"),
            (
                "h.service.azure-devices.cn:8443",
                None,
                "h.device.azure-devices.cn:8443",
            ),
            ("localhost:8443", None, "localhost:8443"),
            (
                "h.service.azure-devices.net",
                Some(classic),
                "h.azure-devices.net",
            ),
        ] {
            let options = IotHubClientOptions {
                device_host: chosen,
                ..IotHubClientOptions::default()
            };
            let text = format!("HostName={given};SharedAccessKeyName=n;SharedAccessKey={KEY}");
            let hub = IotHubRegistryManager::from_connection_string(&text, Some(options)).unwrap();
            assert_eq!(hub.device_host_name(), expected, "{given}");
            let (device, slot, hour) = (with_key("d"), KeySlot::Primary, Duration::from_secs(3600));
            for connection_string in [
                hub.device_connection_string(&device, slot).unwrap(),
                hub.module_connection_string(&module, slot).unwrap(),
            ] {
                let host = format!("HostName={expected};DeviceId=d;");
                assert!(connection_string.secret().starts_with(&host), "{given}");
            }
            for token in [
                hub.device_sas_token(&device, slot, hour).unwrap(),
                hub.module_sas_token(&module, slot, hour).unwrap(),
            ] {
                let resource = format!("sr={}%2Fdevices%2Fd", expected.replace(':', "%3A"));
                assert!(token.token.secret().contains(&resource), "{given}");
            }
        }
    }

    #[test]
    fn connection_strings_depend_on_the_authentication() {
        let string = |device: &Device, key| {
            hub()
                .device_connection_string(device, key)
                .map(|text| text.secret().to_owned())
        };
        assert_eq!(
            string(&with_key("d=1"), KeySlot::Primary).unwrap(),
            format!("HostName=myhub.azure-devices.net;DeviceId=d=1;SharedAccessKey={KEY}")
        );
        for kind in ["selfSigned", "certificateAuthority"] {
            let device = device("d", json!({"type": kind, "symmetricKey": {"primaryKey": null}}));
            assert_eq!(
                string(&device, KeySlot::Secondary).unwrap(),
                "HostName=myhub.azure-devices.net;DeviceId=d;x509=true"
            );
        }
        let module: Module = serde_json::from_value(json!({
            "deviceId": "d", "moduleId": "m", "authentication": {"type": "sas", "symmetricKey": {"secondaryKey": KEY}}
        }))
        .unwrap();
        let of_module = |key| hub().module_connection_string(&module, key);
        assert_eq!(
            of_module(KeySlot::Secondary).unwrap().secret(),
            format!("HostName=myhub.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey={KEY}")
        );
        assert!(of_module(KeySlot::Primary).unwrap_err().is_invalid_input());
        for device in [
            with_key("a;b"),
            device("d", json!({"type": "sas"})),
            Device::default(),
        ] {
            let error = string(&device, KeySlot::Primary).unwrap_err();
            assert!(
                error.is_invalid_input() && !error.to_string().contains(KEY),
                "{error}"
            );
        }
        assert!(string(&with_key("d"), KeySlot::Secondary).is_err());
    }
}
