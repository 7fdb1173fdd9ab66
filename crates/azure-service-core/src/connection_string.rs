//! Connection strings, as the portal and the CLI hand them out.

use std::fmt;
use std::str::FromStr;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// The host, the name of a shared access policy and its key.
///
/// Read from `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…` in any order. Names of parts may be in any case,
/// spaces around them and a `;` at the end do not matter, the host may have a port, and parts of other names are
/// ignored.
///
/// # Example
///
/// ```
/// use azure_service_core::ConnectionString;
///
/// let connection: ConnectionString =
///     "HostName=contoso.example;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5".parse()?;
/// assert_eq!(connection.host_name(), "contoso.example");
/// assert_eq!(connection.key_name(), "service");
/// # Ok::<(), azure_service_core::ConnectionStringError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionString {
    host_name: String,
    key_name: String,
    key: Secret,
}

/// Why a connection string cannot be used. Names the part, never the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionStringError {
    /// A part is missing.
    #[error("{part} is missing{}", hint(.part))]
    Missing {
        /// The name of the part.
        part: &'static str,
    },
    /// A part is there more than once.
    #[error("{part} is there more than once")]
    Duplicate {
        /// The name of the part.
        part: &'static str,
    },
    /// A part has no value.
    #[error("{part} has no value")]
    Empty {
        /// The name of the part.
        part: &'static str,
    },
    /// Something between two `;` is not `name=value`.
    #[error("part {position} is not name=value")]
    Malformed {
        /// Which part, counted from 1.
        position: usize,
    },
    /// The host is not a host name with an optional port.
    #[error("HostName is not a host name with an optional port")]
    InvalidHostName,
    /// The key is not base64.
    #[error("SharedAccessKey is not base64")]
    InvalidKey,
}

fn hint(part: &str) -> &'static str {
    match part {
        "SharedAccessKeyName" => " (the connection string must be that of a shared access policy)",
        _ => "",
    }
}

const HOST_NAME: &str = "HostName";
const KEY_NAME: &str = "SharedAccessKeyName";
const KEY: &str = "SharedAccessKey";

impl ConnectionString {
    /// The host, with a port if one was given.
    #[must_use]
    pub fn host_name(&self) -> &str {
        &self.host_name
    }

    /// The name of the shared access policy.
    #[must_use]
    pub fn key_name(&self) -> &str {
        &self.key_name
    }

    /// The policy's key, in base64.
    #[must_use]
    pub fn key(&self) -> &Secret {
        &self.key
    }

    /// Where the service listens: `https://` and the host.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.host_name)
    }
}

impl FromStr for ConnectionString {
    type Err = ConnectionStringError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut host_name, mut key_name, mut key) = (None, None, None);
        for (index, part) in text
            .split(';')
            .enumerate()
            .filter(|(_, part)| !part.trim().is_empty())
        {
            let malformed = ConnectionStringError::Malformed { position: index + 1 };
            let (name, value) = part.split_once('=').ok_or(malformed)?;
            let (name, value) = (name.trim(), value.trim());
            let slots = [
                (HOST_NAME, &mut host_name),
                (KEY_NAME, &mut key_name),
                (KEY, &mut key),
            ];
            for (part, slot) in slots {
                if !name.eq_ignore_ascii_case(part) {
                    continue;
                }
                if value.is_empty() {
                    return Err(ConnectionStringError::Empty { part });
                }
                if slot.replace(value).is_some() {
                    return Err(ConnectionStringError::Duplicate { part });
                }
            }
        }
        let missing = |part| ConnectionStringError::Missing { part };
        let host_name = host_name.ok_or(missing(HOST_NAME))?;
        let key_name = key_name.ok_or(missing(KEY_NAME))?;
        let key = key.ok_or(missing(KEY))?;
        if !is_host(host_name) {
            return Err(ConnectionStringError::InvalidHostName);
        }
        if STANDARD.decode(key).is_err() {
            return Err(ConnectionStringError::InvalidKey);
        }
        Ok(Self {
            host_name: host_name.to_owned(),
            key_name: key_name.to_owned(),
            key: Secret::new(key.to_owned()),
        })
    }
}

/// Whether a URL with this host is nothing but the host.
fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("https://{text}"));
    url.is_ok_and(|url| {
        url.host_str().is_some()
            && url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && !text.ends_with('/')
    })
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionString")
            .field("host_name", &self.host_name)
            .field("key_name", &self.key_name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "HostName=h.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0";

    /// HUB-AUTH-1.
    #[test]
    fn every_accepted_spelling_reads_the_same() {
        let expected: ConnectionString = GOOD.parse().unwrap();
        for text in [
            "SharedAccessKey=c2VjcmV0;HostName=h.azure-devices.net;SharedAccessKeyName=iothubowner",
            "hostname=h.azure-devices.net;SHAREDACCESSKEYNAME=iothubowner;sharedAccessKey=c2VjcmV0;",
            " HostName = h.azure-devices.net ; SharedAccessKeyName=iothubowner; SharedAccessKey=c2VjcmV0 ;\n",
            "HostName=h.azure-devices.net;;SharedAccessKeyName=iothubowner;Later=1;SharedAccessKey=c2VjcmV0",
        ] {
            assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
        }
        assert_eq!(expected.endpoint(), "https://h.azure-devices.net");
        assert_eq!(expected.key().secret(), "c2VjcmV0");
    }

    #[test]
    fn a_port_and_padding_are_kept() {
        let text = "HostName=localhost:8443;SharedAccessKeyName=a b@c;SharedAccessKey=bm90LWEta2V5IQ==";
        let string: ConnectionString = text.parse().unwrap();
        assert_eq!(
            (string.host_name(), string.key_name()),
            ("localhost:8443", "a b@c")
        );
        assert_eq!(string.key().secret(), "bm90LWEta2V5IQ==");
    }

    #[test]
    fn errors_name_the_part_and_never_the_key() {
        use ConnectionStringError as E;
        let cases = [
            ("", E::Missing { part: HOST_NAME }),
            (
                "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0",
                E::Missing { part: KEY_NAME },
            ),
            ("HostName=h;SharedAccessKeyName=n", E::Missing { part: KEY }),
            (
                "HostName=;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::Empty { part: HOST_NAME },
            ),
            (
                "HostName=h;SharedAccessKeyName=n;SharedAccessKey=",
                E::Empty { part: KEY },
            ),
            (
                "HostName=h;HostName=i;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::Duplicate { part: HOST_NAME },
            ),
            (
                "HostName=h;c2VjcmV0;SharedAccessKeyName=n",
                E::Malformed { position: 2 },
            ),
            (
                "HostName=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0!",
                E::InvalidKey,
            ),
            (
                "HostName=https://h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::InvalidHostName,
            ),
            (
                "HostName=u@h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::InvalidHostName,
            ),
            (
                "HostName=h/p;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::InvalidHostName,
            ),
            (
                "HostName=h:x;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::InvalidHostName,
            ),
        ];
        for (text, expected) in cases {
            let error = text.parse::<ConnectionString>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            let shown = format!("{error} {error:?} {:?}", crate::Error::from(error.clone()));
            assert!(!shown.contains("c2VjcmV0"), "{shown}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let shown = format!("{:?}", GOOD.parse::<ConnectionString>().unwrap());
        assert_eq!(
            shown,
            r#"ConnectionString { host_name: "h.azure-devices.net", key_name: "iothubowner", .. }"#
        );
    }
}
