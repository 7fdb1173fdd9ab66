//! Connection strings of hubs.

use azure_service_core::ConnectionString;

use crate::error::{Error, Result};

/// Parses the connection string of a shared access policy. If it is a different kind of connection string, the error
/// names the kind.
pub(crate) fn parse(text: &str) -> Result<ConnectionString> {
    text.parse().map_err(|error| match other_kind(text) {
        Some(reason) => Error::invalid_input("connection string", reason),
        None => azure_service_core::Error::from(error).into(),
    })
}

/// Returns why a connection string cannot be used if it is of a known other kind, such as that of a device or a
/// storage account; otherwise `None`.
fn other_kind(text: &str) -> Option<&'static str> {
    let has = |names: &[&str]| {
        let parts = text.split([';', ',']).filter_map(|part| part.split_once('='));
        let mut parts =
            parts.map(|(name, _)| name.trim_matches(|c: char| c == '"' || c == '\'' || c.is_whitespace()));
        parts.any(|part| names.iter().any(|name| part.eq_ignore_ascii_case(name)))
    };
    if has(&["DeviceId"]) && !has(&["SharedAccessKeyName"]) {
        return Some(
            "belongs to a device; use the connection string of a shared access policy of the hub, such as service or \
             registryReadWrite",
        );
    }
    if has(&["HostName"]) {
        return None;
    }
    if has(&["Endpoint", "EntityPath"]) {
        return Some(
            "belongs to an Event Hubs endpoint, which only receives messages; use the connection string of a shared \
             access policy of the hub, which begins with HostName=",
        );
    }
    if has(&["AccountName", "BlobEndpoint"]) {
        return Some(
            "belongs to a storage account; use the connection string of a shared access policy of the hub, which begins \
             with HostName=",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-AUTH-1.
    #[test]
    fn error_names_the_kind_of_another_connection_string() {
        for (text, reason) in [
            (
                "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0",
                "belongs to a device; ",
            ),
            (
                "HostName=h;DeviceId=d;ModuleId=m;x509=true",
                "belongs to a device; ",
            ),
            (
                "Endpoint=sb://e.servicebus.windows.net/;SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0;EntityPath=h",
                "belongs to an Event Hubs endpoint",
            ),
            (
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net",
                "belongs to a storage account",
            ),
            ("HostName=h;SharedAccessKeyName=n", "SharedAccessKey is missing"),
            ("HostName=h", "ends after HostName"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.parameter(), Some("connection string"));
            let expected = format!("invalid connection string: {reason}");
            assert!(error.to_string().starts_with(&expected), "{error}");
            assert!(!format!("{error:?}").contains("c2VjcmV0"));
        }
        let ignored = "HostName=h;DeviceId=d;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0";
        assert_eq!(parse(ignored).unwrap().host_name(), "h");
    }
}
