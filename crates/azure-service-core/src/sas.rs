//! Shared access signatures: tokens signed with the key of a shared access policy.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{Secret, SecretBytes};
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;
use time::OffsetDateTime;

use crate::connection_string::{AccessSecret, ConnectionString, ConnectionStringError};

/// All characters except the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The default lifetime of a token.
const LIFETIME: Duration = Duration::from_secs(3600);
/// The maximum lifetime, 100 years, which keeps expiry times within the calendar.
const MAX_LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A signed token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SasToken {
    /// The token, `SharedAccessSignature sr=…`, in the form used by the `Authorization` header and by AMQP put-token
    /// messages.
    pub token: Secret,
    /// The expiry time.
    pub expires_on: OffsetDateTime,
}

impl SasToken {
    /// Signs a token for `resource`, a host name with an optional path, and all resources below it. `expires_on` is
    /// rounded down to seconds. `key_name` is the name of the policy that the key belongs to, or `None` if the key
    /// belongs to the resource itself.
    ///
    /// # Errors
    ///
    /// [`ConnectionStringError::InvalidKey`] if the key is not base64.
    ///
    /// # Example
    ///
    /// ```
    /// use azure_core::credentials::Secret;
    /// use azure_core::time::OffsetDateTime;
    /// use azure_service_core::SasToken;
    ///
    /// let expires_on = OffsetDateTime::from_unix_timestamp(1_900_000_000)?;
    /// let resource = "contoso.example/rooms/kitchen";
    /// let token = SasToken::sign(resource, expires_on, None, &Secret::new("bm90IGEga2V5"))?;
    /// assert!(token.token.secret().ends_with("&se=1900000000"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign(
        resource: &str,
        expires_on: OffsetDateTime,
        key_name: Option<&str>,
        key: &Secret,
    ) -> Result<Self, ConnectionStringError> {
        let key = decode(key)?;
        let token = sign(&encode(resource), expires_on.unix_timestamp(), key_name, &key);
        Ok(Self {
            token,
            expires_on: expires_on.replace_nanosecond(0).unwrap_or(expires_on),
        })
    }

    /// Parses a token that the caller signed. Its fields may be in any order.
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectionStringError> {
        let token = Self {
            token: Secret::new(text.to_owned()),
            expires_on: OffsetDateTime::UNIX_EPOCH,
        };
        let expiry = token.field("se").and_then(|expiry| expiry.parse().ok());
        let expires_on = expiry.and_then(|expiry| OffsetDateTime::from_unix_timestamp(expiry).ok());
        match (token.field("sr"), token.field("sig"), expires_on) {
            (Some(_), Some(_), Some(expires_on)) => Ok(Self { expires_on, ..token }),
            _ => Err(ConnectionStringError::InvalidSignature),
        }
    }

    /// Returns the value of a field, still percent-encoded.
    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.token.secret().strip_prefix("SharedAccessSignature ")?;
        let mut fields = fields.split('&').filter_map(|field| field.split_once('='));
        let value = fields.find_map(|(field, value)| (field.trim() == name).then_some(value))?;
        (!value.is_empty()).then_some(value)
    }

    /// Returns the resource: a host with an optional path.
    pub(crate) fn resource(&self) -> Option<String> {
        let resource = percent_decode_str(self.field("sr")?).decode_utf8().ok()?;
        Some(resource.into_owned())
    }
}

/// Signs tokens with the key of a shared access policy and caches them until shortly before they expire.
///
/// Clones share the cached token, so HTTP and AMQP use the same one.
///
/// # Example
///
/// ```
/// use azure_service_core::{ConnectionString, SasCredential};
///
/// let connection: ConnectionString =
///     "HostName=contoso.example;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5".parse()?;
/// let credential = SasCredential::new(&connection)?;
/// assert!(credential.token().token.secret().starts_with("SharedAccessSignature sr=contoso.example&sig="));
/// # Ok::<(), azure_service_core::ConnectionStringError>(())
/// ```
#[derive(Clone)]
pub struct SasCredential {
    source: Source,
    lifetime: Duration,
    clock: Clock,
    current: Arc<Mutex<Option<SasToken>>>,
}

type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

#[derive(Clone)]
enum Source {
    /// A policy key.
    Key(Arc<Signer>),
    /// A token that the caller signed. It is used unchanged and cannot be renewed.
    Fixed(SasToken),
}

struct Signer {
    resource: String,
    key_name: Option<String>,
    key: SecretBytes,
}

impl SasCredential {
    /// Creates a credential for the service of `connection`. If the connection string contains a token instead of a
    /// key, the token is never renewed, and the service refuses it once it has expired.
    ///
    /// # Errors
    ///
    /// [`ConnectionStringError::InvalidKey`] if the key is not base64. A parsed connection string never causes this
    /// error.
    pub fn new(connection: &ConnectionString) -> Result<Self, ConnectionStringError> {
        let source = match connection.secret() {
            AccessSecret::Token(token) => Source::Fixed(token.clone()),
            AccessSecret::Key(key) => Source::Key(Arc::new(Signer {
                resource: encode(&connection.host_name().to_ascii_lowercase()),
                key_name: connection.key_name().map(str::to_owned),
                key: decode(key)?.into(),
            })),
        };
        Ok(Self::of(source))
    }

    /// Creates a credential for `resource`, either a path or a host name with a path. Its case is preserved. `key_name`
    /// names the policy of the key.
    ///
    /// # Errors
    ///
    /// [`ConnectionStringError::InvalidKey`] if the key is not base64.
    pub fn for_resource(
        resource: &str,
        key_name: Option<&str>,
        key: &Secret,
    ) -> Result<Self, ConnectionStringError> {
        Ok(Self::of(Source::Key(Arc::new(Signer {
            resource: encode(resource),
            key_name: key_name.map(str::to_owned),
            key: decode(key)?.into(),
        }))))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            lifetime: LIFETIME,
            clock: Arc::new(OffsetDateTime::now_utc),
            current: Arc::default(),
        }
    }

    /// Sets the lifetime of tokens, clamped to between one second and 100 years of 365 days. Default: one hour.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.clamp(Duration::from_secs(1), MAX_LIFETIME);
        self.current = Arc::default();
        self
    }

    /// Sets the clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.current = Arc::default();
        self
    }

    /// Returns a token that stays valid for at least a sixth of the lifetime.
    ///
    /// For the default lifetime that is ten minutes, which is more than the usual clock skew.
    #[must_use]
    pub fn token(&self) -> SasToken {
        let signer = match &self.source {
            Source::Key(signer) => signer,
            Source::Fixed(token) => return token.clone(),
        };
        let now = (self.clock)();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = current
            .as_ref()
            .filter(|token| token.expires_on - now >= self.lifetime / 6)
        {
            // After the clock is set back, the cached token would be valid for longer than the lifetime, so it is
            // replaced.
            if token.expires_on - now <= self.lifetime {
                return token.clone();
            }
        }
        // The expiry time saturates at the end of the calendar.
        let expires_on = OffsetDateTime::from_unix_timestamp(now.unix_timestamp())
            .unwrap_or(now)
            .saturating_add(self.lifetime.try_into().unwrap_or(time::Duration::MAX));
        let token = sign(
            &signer.resource,
            expires_on.unix_timestamp(),
            signer.key_name.as_deref(),
            signer.key.bytes(),
        );
        let token = SasToken { token, expires_on };
        *current = Some(token.clone());
        token
    }
}

impl fmt::Debug for SasCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("SasCredential");
        match &self.source {
            Source::Key(signer) => out
                .field("resource", &signer.resource)
                .field("key_name", &signer.key_name),
            Source::Fixed(token) => out.field("expires_on", &token.expires_on),
        };
        out.finish_non_exhaustive()
    }
}

/// Signs a token for the percent-encoded `resource`. `expiry` is a Unix time.
fn sign(resource: &str, expiry: i64, key_name: Option<&str>, key: &[u8]) -> Secret {
    let signature = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(format!("{resource}\n{expiry}").as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        }
        // HMAC accepts keys of any length. If it ever failed, the service would refuse the empty signature.
        Err(_) => String::new(),
    };
    let mut token = format!(
        "SharedAccessSignature sr={resource}&sig={}&se={expiry}",
        encode(&signature)
    );
    if let Some(key_name) = key_name {
        token.push_str("&skn=");
        token.push_str(&encode(key_name));
    }
    Secret::new(token)
}

/// Decodes a key. The decoder's error is dropped because it quotes a byte of the key.
fn decode(key: &Secret) -> Result<Vec<u8>, ConnectionStringError> {
    let decoded = STANDARD.decode(key.secret());
    decoded.map_err(|_| ConnectionStringError::InvalidKey)
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The policy that sets the `Authorization` header to the token of a [`SasCredential`].
#[derive(Debug, Clone)]
pub struct SasPolicy(SasCredential);

impl SasPolicy {
    /// Creates a policy that gets a token from `credential` for every attempt.
    #[must_use]
    pub fn new(credential: SasCredential) -> Self {
        Self(credential)
    }
}

#[async_trait]
impl Policy for SasPolicy {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        request.insert_header(AUTHORIZATION, self.0.token().token.secret().to_owned());
        crate::retry::proceed(ctx, request, next).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use time::macros::datetime;

    const K1: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const K2: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
    const K3: &str =
        "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eDf3t3c29rZ2NfW1dTT0tHQz87NzMvKycjHxsXEw8LBwA==";

    fn signature(key: &str, resource: &str, expiry: i64) -> String {
        let token = sign(resource, expiry, None, &STANDARD.decode(key).unwrap());
        let sig = token
            .secret()
            .split("&sig=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned();
        percent_decode_str(&sig).decode_utf8().unwrap().into_owned()
    }

    /// HUB-AUTH-4. The expected signatures were generated by other SDKs from the same input.
    #[test]
    fn signatures_equal_those_of_other_sdks() {
        let device = "myhub.azure-devices.net%2Fdevices%2Fdevice1";
        let vectors = [
            (
                K1,
                "myhub.azure-devices.net",
                1735689600,
                "jjnsvw73BKWt+2smudQxaqnIDmL236S7+z+sYPHU6Zs=",
            ),
            (
                K2,
                "myhub.azure-devices.net",
                1456973447,
                "Ign97B91fMOP+m1lk9nHr3t88iZRZw5tnynSHd8KRaI=",
            ),
            (
                K1,
                device,
                1735689600,
                "xH0/+RciNlrmGRmft/GaRUOWtxiP3dKxt1GTGUR2qrw=",
            ),
            (
                K1,
                &device.replace("%2F", "%2f"),
                1735689600,
                "LwFNTb4p8ood9+bXq23sOOeZZW9JVqghzxnFE8EUWgM=",
            ),
            (
                K3,
                "myhub.azure-devices.net%2Fdevices%2Fdev+1%2Bx",
                4102444800,
                "IP3alq3i/OHKTAWp8N9OD4HwfSwD1Ra6LK0iwIb1qaI=",
            ),
            (
                K1,
                "localhost%3A8443",
                4102444800,
                "R0AwwXW//n+eoGcRW87WpTY9SvdHO0J6KqAwLEpZA1w=",
            ),
            (
                K1,
                "localhost:8443",
                4102444800,
                "9Yz7J/IRKpXnOR18isYLUGiBcNbjeVi/2qS81mKccCs=",
            ),
        ];
        for (key, resource, expiry, expected) in vectors {
            assert_eq!(signature(key, resource, expiry), expected, "{resource}");
        }
    }

    #[test]
    fn token_has_resource_signature_expiry_and_policy() {
        let token = sign(
            "myhub.azure-devices.net",
            1735689600,
            Some("iothubowner"),
            &STANDARD.decode(K1).unwrap(),
        );
        assert_eq!(
            token.secret(),
            "SharedAccessSignature sr=myhub.azure-devices.net&sig=jjnsvw73BKWt%2B2smudQxaqnIDmL236S7%2Bz%2BsYPHU6Zs%3D\
             &se=1735689600&skn=iothubowner"
        );
    }

    #[test]
    fn token_without_key_name_has_no_skn() {
        let end = OffsetDateTime::from_unix_timestamp(1_735_689_600).unwrap();
        let within = end + Duration::from_millis(999);
        let resource = "myhub.azure-devices.net/devices/device1";
        let token = SasToken::sign(resource, within, None, &Secret::new(K1)).unwrap();
        assert_eq!(token.expires_on, end, "whole seconds");
        assert_eq!(
            token.token.secret(),
            "SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fdevice1\
             &sig=xH0%2F%2BRciNlrmGRmft%2FGaRUOWtxiP3dKxt1GTGUR2qrw%3D&se=1735689600"
        );
        let not_base64 = SasToken::sign(resource, end, None, &Secret::new("secret!"));
        assert_eq!(not_base64, Err(ConnectionStringError::InvalidKey));
    }

    #[test]
    fn token_for_a_resource_keeps_its_case_and_encodes_its_path() {
        let resource = "0ne00000001/registrations/Device.1";
        let credential =
            SasCredential::for_resource(resource, Some("registration"), &Secret::new(K1)).unwrap();
        let token = credential.token();
        let prefix = "SharedAccessSignature sr=0ne00000001%2Fregistrations%2FDevice.1&sig=";
        assert!(token.token.secret().starts_with(prefix));
        assert!(token.token.secret().ends_with("&skn=registration"));
        let signed = SasToken::sign(resource, token.expires_on, Some("registration"), &Secret::new(K1));
        assert_eq!(token, signed.unwrap());
        let refused = SasCredential::for_resource(resource, None, &Secret::new("secret!"));
        assert_eq!(refused.err(), Some(ConnectionStringError::InvalidKey));
    }

    fn credential(host: &str, key_name: &str, key: &str) -> SasCredential {
        let text = format!("HostName={host};SharedAccessKeyName={key_name};SharedAccessKey={key}");
        let connection: ConnectionString = text.parse().unwrap();
        SasCredential::new(&connection).unwrap()
    }

    /// The host is in lower case; host, key name and signature are percent-encoded, as the service's documentation
    /// requires.
    #[test]
    fn tokens_are_canonical_for_any_spelling_of_the_connection_string() {
        let first = "bm90LWEtcmVhbC1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=";
        let second = "+/+/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let (hub, local) = ("myhub.azure-devices.net", "localhost%3A8443");
        let (plain, special) = ("iothubowner", "my policy/+ü&x=1");
        let special_encoded = "my%20policy%2F%2B%C3%BC%26x%3D1";
        let (sig1, sig2) = (
            "Xnuzeug184kFgkNgVSESsbRt7jw%2Bzb6xtIbTTUI%2BJkQ%3D",
            "3h6uVrjFqRMFsas84jpFbjLVY%2BrMQHQF3yBuVHleUb0%3D",
        );
        let cases = [
            (hub, plain, first, hub, sig1, plain),
            (hub, plain, second, hub, sig2, plain),
            ("MyHub.Azure-Devices.net", plain, first, hub, sig1, plain),
            ("MyHub.Azure-Devices.net", plain, second, hub, sig2, plain),
            (
                "localhost:8443",
                plain,
                first,
                local,
                "Z%2B9uNcqP7sFZKIB1Qe6BgCFrU62uOM04Rfaq4gveLs8%3D",
                plain,
            ),
            (
                "localhost:8443",
                plain,
                second,
                local,
                "bezmY408xbSD53zy6fAaKEL1aCJ%2FrVFrZZRaoYEP4Hc%3D",
                plain,
            ),
            (hub, special, first, hub, sig1, special_encoded),
            (hub, special, second, hub, sig2, special_encoded),
        ];
        for (host, name, key, resource, signature, encoded_name) in cases {
            let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
            let token = credential(host, name, key).with_clock(move || now).token();
            let expected = format!(
                "SharedAccessSignature sr={resource}&sig={signature}&se=1700003600&skn={encoded_name}"
            );
            assert_eq!(token.token.secret(), expected, "{host} {name}");
        }
    }

    /// HUB-AUTH-19.
    #[test]
    fn token_is_cached_and_renewed_before_it_expires() {
        let now = Arc::new(AtomicI64::new(1_700_000_000));
        let clock = now.clone();
        let credential = credential("h", "n", K1)
            .with_clock(move || OffsetDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).unwrap());
        let shared = credential.clone();
        let first = credential.token();
        now.fetch_add(3000, Ordering::SeqCst);
        assert_eq!(shared.token(), first, "cached until 10 minutes before it expires");
        now.fetch_add(1, Ordering::SeqCst);
        let second = shared.token();
        assert_eq!((second.expires_on - first.expires_on).whole_seconds(), 3001);
        assert_eq!(credential.token(), second, "clones share the token");
        now.fetch_sub(7200, Ordering::SeqCst);
        assert!(
            credential.token().expires_on < first.expires_on,
            "renewed after the clock was set back"
        );
    }

    #[test]
    fn longest_lifetime_saturates_at_the_end_of_the_calendar() {
        for now in [datetime!(2024-05-01 10:00 UTC), datetime!(9999-12-31 23:00 UTC)] {
            let credential = credential("h", "n", K1)
                .with_lifetime(Duration::MAX)
                .with_clock(move || now);
            let token = credential.token();
            assert!(token.expires_on - now >= time::Duration::minutes(59), "{token:?}");
            assert!(
                token
                    .token
                    .secret()
                    .contains(&format!("&se={}&", token.expires_on.unix_timestamp()))
            );
        }
        let now = Arc::new(AtomicI64::new(1_700_000_000));
        let clock = now.clone();
        let credential = credential("h", "n", K1)
            .with_lifetime(Duration::MAX)
            .with_clock(move || OffsetDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).unwrap());
        let first = credential.token();
        now.fetch_add(86_400, Ordering::SeqCst);
        assert_eq!(credential.token(), first, "a long-lived token is cached too");
    }

    #[test]
    fn debug_shows_neither_key_nor_token() {
        let credential = credential("h", "n", K1);
        let token = credential.token();
        let signature = token
            .token
            .secret()
            .split("sig=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned();
        let shown = format!(
            "{credential:?} {token:?} {:?}",
            SasPolicy::new(credential.clone())
        );
        assert!(!shown.contains(&signature) && !shown.contains(K1), "{shown}");
    }
}
