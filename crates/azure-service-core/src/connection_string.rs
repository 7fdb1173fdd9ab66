//! Connection strings of shared access policies.

mod error;
mod parts;

use std::fmt;
use std::str::FromStr;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::sas::SasToken;

pub use error::ConnectionStringError;

use parts::{HOST_NAME, KEY, KEY_NAME, Parts, SIGNATURE, has_commas, is_quoted};

/// Host and key of a shared access policy, parsed from a connection string.
///
/// The form is `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`, as the portal and the CLI show it. The parts may be
/// in any order and their names in any case; surrounding spaces, a trailing `;` and unknown parts are ignored. The host
/// may have a port.
///
/// A token may replace the key and its name: `HostName=…;SharedAccessSignature=SharedAccessSignature sr=…`. A token
/// alone is also accepted; its resource (`sr`) then provides the host.
///
/// # Example
///
/// ```
/// use azure_service_core::ConnectionString;
///
/// let connection: ConnectionString =
///     "HostName=contoso.example;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5".parse()?;
/// assert_eq!(connection.host_name(), "contoso.example");
/// assert_eq!(connection.key_name(), Some("service"));
/// # Ok::<(), azure_service_core::ConnectionStringError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionString {
    host_name: String,
    key_name: Option<String>,
    secret: AccessSecret,
}

/// The secret of a connection string.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum AccessSecret {
    /// A key in base64.
    Key(Secret),
    /// A signed token.
    Token(SasToken),
}

impl ConnectionString {
    /// Returns the host, with the port if one was given.
    #[must_use]
    pub fn host_name(&self) -> &str {
        &self.host_name
    }

    /// Returns the name of the shared access policy. `None` for a token without a policy name.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        self.key_name.as_deref()
    }

    /// Returns the policy's key in base64, or `None` if the string has a token instead.
    #[must_use]
    pub fn key(&self) -> Option<&Secret> {
        match &self.secret {
            AccessSecret::Key(key) => Some(key),
            AccessSecret::Token(_) => None,
        }
    }

    pub(crate) fn secret(&self) -> &AccessSecret {
        &self.secret
    }

    /// Replaces the host name with another host name of the same service. New tokens are signed for that name; a token
    /// in the connection string remains unchanged.
    #[must_use]
    pub fn with_host_name(mut self, host_name: impl Into<String>) -> Self {
        self.host_name = host_name.into();
        self
    }

    /// Returns the service's endpoint: `https://` and the host.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.host_name)
    }

    /// Parses a token that is not part of a connection string.
    fn of_token(token: &str) -> Result<Self, ConnectionStringError> {
        let token = SasToken::parse(token)?;
        let resource = token.resource().ok_or(ConnectionStringError::InvalidSignature)?;
        let host = resource.split('/').next().unwrap_or_default();
        if !is_host(host) {
            return Err(ConnectionStringError::InvalidSignature);
        }
        Ok(Self {
            host_name: host.to_owned(),
            key_name: None,
            secret: AccessSecret::Token(token),
        })
    }
}

impl FromStr for ConnectionString {
    type Err = ConnectionStringError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if is_quoted(text) {
            return Err(ConnectionStringError::Quotes);
        }
        if text.starts_with("SharedAccessSignature ") && !text.contains(';') {
            return Self::of_token(text);
        }
        if has_commas(text) {
            return Err(ConnectionStringError::Commas);
        }
        let parts = Parts::parse(text)?;
        let host_name = parts.require(HOST_NAME)?;
        let key_name = parts.get(KEY_NAME);
        let secret = match (parts.get(KEY), parts.get(SIGNATURE)) {
            (Some(_), Some(_)) => return Err(ConnectionStringError::KeyAndSignature),
            (None, Some(token)) => AccessSecret::Token(SasToken::parse(token)?),
            (_, None) if parts.count() == 1 => return Err(ConnectionStringError::Truncated),
            (_, None) => {
                parts.require(KEY_NAME)?;
                let key = parts.require(KEY)?;
                if STANDARD.decode(key).is_err() {
                    return Err(ConnectionStringError::InvalidKey);
                }
                AccessSecret::Key(Secret::new(key.to_owned()))
            }
        };
        if !is_host(host_name) {
            return Err(ConnectionStringError::InvalidHostName);
        }
        Ok(Self {
            host_name: host_name.to_owned(),
            key_name: key_name.map(str::to_owned),
            secret,
        })
    }
}

/// Returns whether `text` is a bare host with an optional port.
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
    fn order_case_and_spaces_do_not_matter() {
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
        assert_eq!(expected.key().map(Secret::secret), Some("c2VjcmV0"));
    }

    #[test]
    fn port_and_padding_are_kept() {
        let text = "HostName=localhost:8443;SharedAccessKeyName=a b@c;SharedAccessKey=bm90LWEta2V5IQ==";
        let string: ConnectionString = text.parse().unwrap();
        assert_eq!(
            (string.host_name(), string.key_name()),
            ("localhost:8443", Some("a b@c"))
        );
        assert_eq!(string.key().map(Secret::secret), Some("bm90LWEta2V5IQ=="));
    }

    #[test]
    fn tokens_are_signed_for_the_host_name_that_replaces_the_given_one() {
        let string: ConnectionString = GOOD.parse().unwrap();
        let string = string.with_host_name("h.service.azure-devices.net");
        assert_eq!(string.endpoint(), "https://h.service.azure-devices.net");
        let credential = crate::SasCredential::new(&string).unwrap();
        let token = credential.token().token;
        let expected = "SharedAccessSignature sr=h.service.azure-devices.net&";
        assert!(token.secret().starts_with(expected));
    }

    #[test]
    fn errors_name_the_part_but_not_the_key() {
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
            (
                "HostNam=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::UnknownName {
                    position: 1,
                    suggestion: HOST_NAME,
                },
            ),
            (
                "HostName=h;SharedAccesKeyNme=n;SharedAccessKey=c2VjcmV0",
                E::UnknownName {
                    position: 2,
                    suggestion: KEY_NAME,
                },
            ),
            (
                "HostName=h;SharedAccessKeyName=n;Shared Access Key=c2VjcmV0",
                E::UnknownName {
                    position: 3,
                    suggestion: KEY,
                },
            ),
            (
                "HostName=h,SharedAccessKeyName=n,SharedAccessKey=c2VjcmV0",
                E::Commas,
            ),
            (
                "HostName=h, SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
                E::Commas,
            ),
            (
                "\"HostName=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0\"",
                E::Quotes,
            ),
            (
                "HostName=h;SharedAccessKeyName=n;SharedAccessKey='c2VjcmV0'",
                E::Quotes,
            ),
            ("HostName=h.azure-devices.net", E::Truncated),
            ("HostName=h;SharedAccessSignature=c2VjcmV0", E::InvalidSignature),
            (
                "HostName=h;SharedAccessSignature=SharedAccessSignature sr=h&sig=c2VjcmV0",
                E::InvalidSignature,
            ),
            ("SharedAccessSignature sr=h/c2VjcmV0&se=1", E::InvalidSignature),
            (
                "HostName=h;SharedAccessKey=c2VjcmV0;SharedAccessSignature=SharedAccessSignature sr=h&sig=s&se=1",
                E::KeyAndSignature,
            ),
        ];
        for (text, expected) in cases {
            let error = text.parse::<ConnectionString>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            let shown = format!("{error} {error:?} {:?}", crate::Error::from(error.clone()));
            assert!(!shown.contains("c2VjcmV0"), "{shown}");
        }
    }

    /// HUB-AUTH-3, HUB-AUTH-6.
    #[test]
    fn token_may_replace_the_key() {
        let token = "SharedAccessSignature sr=h.azure-devices.net%2Fdevices&skn=service&sig=c2VjcmV0%3D&se=1900000000";
        for text in [
            token.to_owned(),
            format!("HostName=h.azure-devices.net;SharedAccessSignature={token}"),
            format!("SharedAccessSignature={token};HostName=h.azure-devices.net;SharedAccessKeyName=service"),
        ] {
            let string: ConnectionString = text.parse().unwrap();
            assert_eq!(string.host_name(), "h.azure-devices.net");
            assert_eq!(string.key(), None);
            let credential = crate::SasCredential::new(&string).unwrap();
            assert_eq!(credential.token().token.secret(), token);
            assert_eq!(credential.token().expires_on.unix_timestamp(), 1_900_000_000);
            assert!(!format!("{string:?} {credential:?}").contains("c2VjcmV0"));
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let shown = format!("{:?}", GOOD.parse::<ConnectionString>().unwrap());
        assert_eq!(
            shown,
            r#"ConnectionString { host_name: "h.azure-devices.net", key_name: Some("iothubowner"), .. }"#
        );
    }
}
