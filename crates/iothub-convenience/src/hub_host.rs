//! The host names of a hub.

use std::fmt;
use std::str::FromStr;

use azure_core::http::Url;

use crate::error::{Error, Result};

/// The label that all host names of Azure hubs contain, in every cloud.
const DOMAIN: &str = "azure-devices";

/// A host name of a hub.
///
/// A hub in Azure has three names, in every cloud:
///
/// | name | for |
/// |---|---|
/// | `<hub>.azure-devices.net`, the classic one | services and devices |
/// | `<hub>.service.azure-devices.net` | services |
/// | `<hub>.device.azure-devices.net` | devices and modules |
///
/// Each of these names can be converted to the other two. A custom name, such as that of an emulator or a gateway, has
/// no other forms, and is for services and devices.
///
/// # Example
///
/// ```
/// use iothub_convenience::{HostRole, HubHost};
///
/// let host: HubHost = "my-hub.service.azure-devices.net".parse()?;
/// assert_eq!(host.role(), HostRole::Service);
/// assert_eq!(host.for_devices().as_str(), "my-hub.device.azure-devices.net");
/// assert_eq!(host.classic().as_str(), "my-hub.azure-devices.net");
///
/// let emulator: HubHost = "localhost:8443".parse()?;
/// assert_eq!(emulator.for_devices(), emulator);
/// # Ok::<(), iothub_convenience::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubHost {
    /// The name in lowercase, with the port unless it is 443.
    name: String,
    role: HostRole,
}

/// The purpose of a host name of a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostRole {
    /// `<hub>.azure-devices.net`: services and devices.
    Classic,
    /// `<hub>.service.azure-devices.net`: only services.
    Service,
    /// `<hub>.device.azure-devices.net`: only devices and modules.
    Device,
    /// Any other name, such as an emulator's: both services and devices.
    Custom,
}

impl HostRole {
    /// Returns the label between the hub's name and the domain.
    fn label(self) -> Option<&'static str> {
        match self {
            Self::Service => Some("service"),
            Self::Device => Some("device"),
            Self::Classic | Self::Custom => None,
        }
    }
}

impl HubHost {
    /// Returns the host of a URL; `None` if it has none.
    pub(crate) fn of_url(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let name = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Some(Self {
            role: role(host),
            name,
        })
    }

    /// Returns the name, with the port unless it is 443.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the purpose of the name.
    #[must_use]
    pub fn role(&self) -> HostRole {
        self.role
    }

    /// Returns the name to which services connect: this name, or the hub's name for services if this name is only for
    /// devices.
    #[must_use]
    pub fn for_services(&self) -> Self {
        match self.role {
            HostRole::Device => self.with_role(HostRole::Service),
            _ => self.clone(),
        }
    }

    /// Returns the name to which devices and modules connect: this name, or the hub's name for devices if this name is
    /// only for services.
    #[must_use]
    pub fn for_devices(&self) -> Self {
        match self.role {
            HostRole::Service => self.with_role(HostRole::Device),
            _ => self.clone(),
        }
    }

    /// Returns the classic name, which is for services and devices. A custom name is returned unchanged.
    #[must_use]
    pub fn classic(&self) -> Self {
        match self.role {
            HostRole::Custom => self.clone(),
            _ => self.with_role(HostRole::Classic),
        }
    }

    /// Returns this Azure hub's name for `role`.
    fn with_role(&self, role: HostRole) -> Self {
        let mut labels: Vec<_> = self.name.split('.').collect();
        if self.role.label().is_some() {
            labels.remove(1);
        }
        if let Some(label) = role.label() {
            labels.insert(1, label);
        }
        Self {
            name: labels.join("."),
            role,
        }
    }
}

/// Returns the role of a host name in lowercase without a port.
fn role(host: &str) -> HostRole {
    let labels: Vec<_> = host.split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        return HostRole::Custom;
    }
    match labels.as_slice() {
        [_, DOMAIN, _, ..] => HostRole::Classic,
        [_, "service", DOMAIN, _, ..] => HostRole::Service,
        [_, "device", DOMAIN, _, ..] => HostRole::Device,
        _ => HostRole::Custom,
    }
}

impl FromStr for HubHost {
    type Err = Error;

    /// Parses a host name with an optional port, or the URL of a hub.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = |reason| Error::invalid_input("host", reason);
        let text = text.trim();
        let url = match text.contains("://") {
            true => Url::parse(text),
            false => Url::parse(&format!("https://{text}")),
        };
        // The text is not shown, because it may contain a password.
        let url = url
            .map_err(|_| invalid("is not a name with an optional port, such as my-hub.azure-devices.net"))?;
        let has_more = !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if has_more {
            return Err(invalid(
                "has more than a name and a port; use the form my-hub.azure-devices.net",
            ));
        }
        Self::of_url(&url).ok_or_else(|| invalid("has no name"))
    }
}

/// Returns the host or URL to which a service connects. An invalid string is returned unchanged, because the client
/// refuses it.
pub(crate) fn service_endpoint(text: &str) -> String {
    match text.parse::<HubHost>() {
        Ok(host) if host.role == HostRole::Device => host.for_services().name,
        _ => text.to_owned(),
    }
}

impl fmt::Display for HubHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> HubHost {
        text.parse().unwrap()
    }

    /// HUB-HOST-1.
    #[test]
    fn each_name_of_a_hub_leads_to_the_others_in_every_cloud() {
        for domain in [
            "azure-devices.net",
            "azure-devices.us",
            "azure-devices.cn",
            "azure-devices.example.scloud",
        ] {
            let classic = format!("my-hub.{domain}");
            let service = format!("my-hub.service.{domain}");
            let device = format!("my-hub.device.{domain}");
            for (name, role, for_services, for_devices) in [
                (&classic, HostRole::Classic, &classic, &classic),
                (&service, HostRole::Service, &service, &device),
                (&device, HostRole::Device, &service, &device),
            ] {
                let host = host(name);
                assert_eq!((host.as_str(), host.role()), (name.as_str(), role));
                assert_eq!(host.for_services().as_str(), for_services, "{name}");
                assert_eq!(host.for_devices().as_str(), for_devices, "{name}");
                assert_eq!(host.classic().as_str(), classic, "{name}");
                assert_eq!(host.classic().role(), HostRole::Classic);
            }
        }
    }

    #[test]
    fn custom_name_is_for_services_and_devices() {
        for name in [
            "localhost:8443",
            "127.0.0.1:8443",
            "[::1]:8443",
            "hub.service.contoso.example",
            "gateway",
            "azure-devices.net",
            "service.azure-devices",
            "a.b.azure-devices.net",
        ] {
            let host = host(name);
            assert_eq!(host.role(), HostRole::Custom, "{name}");
            assert_eq!(host.to_string(), name);
            for other in [host.for_services(), host.for_devices(), host.classic()] {
                assert_eq!(other, host);
            }
        }
    }

    #[test]
    fn port_and_case_do_not_change_the_role() {
        let service = host("MY-Hub.Service.Azure-Devices.NET:8443");
        assert_eq!(service.as_str(), "my-hub.service.azure-devices.net:8443");
        assert_eq!(
            service.for_devices().as_str(),
            "my-hub.device.azure-devices.net:8443"
        );
        assert_eq!(
            host("https://my-hub.azure-devices.net:443/"),
            host("my-hub.azure-devices.net")
        );
    }

    #[test]
    fn services_do_not_connect_to_the_name_for_devices() {
        for (given, endpoint) in [
            (
                "https://h.device.azure-devices.net:8443",
                "h.service.azure-devices.net:8443",
            ),
            ("h.device.azure-devices.us", "h.service.azure-devices.us"),
            ("h.service.azure-devices.net", "h.service.azure-devices.net"),
            ("h.azure-devices.net", "h.azure-devices.net"),
            ("localhost:8443", "localhost:8443"),
            ("not a host", "not a host"),
        ] {
            assert_eq!(service_endpoint(given), endpoint);
        }
    }

    #[test]
    fn text_that_is_not_a_host_is_refused_without_a_password() {
        for text in ["", "a b", "h:x", "h/devices", "h?x=1", "https://u:secret@h"] {
            let error = text.parse::<HubHost>().unwrap_err();
            assert_eq!(error.parameter(), Some("host"), "{text}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
