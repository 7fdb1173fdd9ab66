//! The host names of a hub.

use crate::auth::error::AuthError;

/// The host names of a hub. The classic name serves devices and services; each newer name serves one side.
#[derive(Debug, Clone)]
pub(crate) struct HubHosts {
    classic: String,
    service: String,
    device: String,
}

/// The side that a host name serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostSide {
    Both,
    Service,
    Device,
}

impl HubHosts {
    pub(crate) fn new(hub_name: &str) -> Self {
        Self {
            classic: format!("{hub_name}.azure-devices.net"),
            service: format!("{hub_name}.service.azure-devices.net"),
            device: format!("{hub_name}.device.azure-devices.net"),
        }
    }

    /// Returns all names.
    pub(crate) fn names(&self) -> [String; 3] {
        [&self.classic, &self.service, &self.device].map(String::clone)
    }

    /// Returns the name that serves both sides.
    pub(crate) fn classic(&self) -> &str {
        &self.classic
    }

    /// Returns the side that an authority serves. Names other than the hub's, such as `localhost`, serve both sides.
    pub(crate) fn side(&self, authority: &str) -> HostSide {
        let name = without_port(authority);
        if name.eq_ignore_ascii_case(&self.service) {
            HostSide::Service
        } else if name.eq_ignore_ascii_case(&self.device) {
            HostSide::Device
        } else {
            HostSide::Both
        }
    }

    /// Returns the side that an authority serves. For a newer name, fails unless it is the server name of the TLS handshake.
    pub(crate) fn side_over_tls(
        &self,
        authority: &str,
        server_name: Option<&str>,
    ) -> Result<HostSide, AuthError> {
        let side = self.side(authority);
        let named = server_name.is_some_and(|name| name.eq_ignore_ascii_case(without_port(authority)));
        if side == HostSide::Both || named {
            Ok(side)
        } else {
            Err(AuthError::ServerNameMissing)
        }
    }
}

/// Returns an authority without its port.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-HOST-1, HUB-HOST-2.
    #[test]
    fn newer_names_serve_one_side_and_need_the_server_name() {
        let hosts = HubHosts::new("myhub");
        let service = "myhub.service.azure-devices.net";
        for (authority, side) in [
            ("localhost:40123", HostSide::Both),
            ("myhub.azure-devices.net", HostSide::Both),
            (service, HostSide::Service),
            ("MyHub.Service.azure-devices.net:443", HostSide::Service),
            ("myhub.device.azure-devices.net:40123", HostSide::Device),
            ("other.device.azure-devices.net", HostSide::Both),
        ] {
            assert_eq!(hosts.side(authority), side, "{authority}");
            let named = hosts.side_over_tls(authority, Some(without_port(authority)));
            assert_eq!(named, Ok(side), "{authority}");
            for server_name in [None, Some("localhost")] {
                let unnamed = hosts.side_over_tls(authority, server_name);
                assert_eq!(
                    unnamed.is_ok(),
                    side == HostSide::Both,
                    "{authority} {server_name:?}"
                );
            }
        }
    }
}
