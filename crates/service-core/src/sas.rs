//! Shared access signatures: tokens that prove the knowledge of a key without showing it.

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
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use time::OffsetDateTime;

use crate::connection_string::{ConnectionString, ConnectionStringError};

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How long a token is valid, unless told otherwise.
const LIFETIME: Duration = Duration::from_secs(3600);

/// A signed token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SasToken {
    /// The token, `SharedAccessSignature sr=…`, as it stands in the `Authorization` header and in a put-token message.
    pub token: Secret,
    /// When the service stops to accept it.
    pub expires_on: OffsetDateTime,
}

/// Signs tokens with a policy's key: once per lifetime, and anew before the end of it.
///
/// Clones share the token, so that HTTP and AMQP can use the same one.
///
/// # Example
///
/// ```
/// use service_core::{ConnectionString, SasCredential};
///
/// let hub: ConnectionString =
///     "HostName=contoso.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5".parse()?;
/// let credential = SasCredential::new(&hub)?;
/// assert!(credential.token().token.secret().starts_with("SharedAccessSignature sr=contoso.azure-devices.net&sig="));
/// # Ok::<(), service_core::ConnectionStringError>(())
/// ```
#[derive(Clone)]
pub struct SasCredential {
    signer: Arc<Signer>,
    lifetime: Duration,
    clock: Clock,
    current: Arc<Mutex<Option<SasToken>>>,
}

type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

struct Signer {
    resource: String,
    key_name: String,
    key: SecretBytes,
}

impl SasCredential {
    /// A credential for the whole service that `connection` names.
    ///
    /// # Errors
    ///
    /// [`ConnectionStringError::InvalidKey`] if the key is not base64, which a parsed connection string never has.
    pub fn new(connection: &ConnectionString) -> Result<Self, ConnectionStringError> {
        let key = STANDARD
            .decode(connection.key().secret())
            .map_err(|_| ConnectionStringError::InvalidKey)?;
        Ok(Self {
            signer: Arc::new(Signer {
                resource: encode(&connection.host_name().to_ascii_lowercase()),
                key_name: connection.key_name().to_owned(),
                key: key.into(),
            }),
            lifetime: LIFETIME,
            clock: Arc::new(OffsetDateTime::now_utc),
            current: Arc::default(),
        })
    }

    /// The credential with tokens that are valid for `lifetime`, at least one second. Default: one hour.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.max(Duration::from_secs(1));
        self.current = Arc::default();
        self
    }

    /// The credential with another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.current = Arc::default();
        self
    }

    /// A token that is valid for at least a sixth of the lifetime.
    ///
    /// At the default lifetime that is ten minutes, more than the clocks of caller and service should differ.
    #[must_use]
    pub fn token(&self) -> SasToken {
        let now = (self.clock)();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = current
            .as_ref()
            .filter(|token| token.expires_on - now >= self.lifetime / 6)
        {
            // A clock that was set back would make the token last longer than asked for.
            if token.expires_on - now <= self.lifetime {
                return token.clone();
            }
        }
        let expires_on =
            OffsetDateTime::from_unix_timestamp(now.unix_timestamp()).unwrap_or(now) + self.lifetime;
        let token = sign(
            &self.signer.resource,
            expires_on.unix_timestamp(),
            Some(&self.signer.key_name),
            self.signer.key.bytes(),
        );
        let token = SasToken { token, expires_on };
        *current = Some(token.clone());
        token
    }
}

impl fmt::Debug for SasCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SasCredential")
            .field("resource", &self.signer.resource)
            .field("key_name", &self.signer.key_name)
            .finish_non_exhaustive()
    }
}

/// Signs `resource`, which is percent-encoded already, until the Unix time `expiry`.
fn sign(resource: &str, expiry: i64, key_name: Option<&str>, key: &[u8]) -> Secret {
    let signature = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(format!("{resource}\n{expiry}").as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of every length; should that change, the service refuses the empty signature.
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

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Puts the token of a [`SasCredential`] into the `Authorization` header.
#[derive(Debug, Clone)]
pub struct SasPolicy(SasCredential);

impl SasPolicy {
    /// A policy that asks `credential` before every attempt.
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
        percent_encoding::percent_decode_str(&sig)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }

    /// Signatures that other SDKs and the service's own rules give for the same input.
    #[test]
    fn signatures_equal_the_known_ones() {
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
    fn the_whole_token_equals_the_known_one() {
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

    fn credential(host: &str, key_name: &str, key: &str) -> SasCredential {
        let text = format!("HostName={host};SharedAccessKeyName={key_name};SharedAccessKey={key}");
        let connection: ConnectionString = text.parse().unwrap();
        SasCredential::new(&connection).unwrap()
    }

    /// Host in lower case and encoded, key name encoded, slashes of the signature encoded: what a service that
    /// follows its documentation to the letter accepts.
    #[test]
    fn tokens_are_canonical_whatever_the_connection_string_looks_like() {
        let first = "bm90LWEtcmVhbC1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=";
        let second = "+/+/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let (hub, local) = ("myhub.azure-devices.net", "localhost%3A8443");
        let (plain, odd) = ("iothubowner", "my policy/+ü&x=1");
        let odd_encoded = "my%20policy%2F%2B%C3%BC%26x%3D1";
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
            (hub, odd, first, hub, sig1, odd_encoded),
            (hub, odd, second, hub, sig2, odd_encoded),
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

    #[test]
    fn a_token_is_signed_once_and_renewed_ahead_of_its_end() {
        let now = Arc::new(AtomicI64::new(1_700_000_000));
        let clock = now.clone();
        let credential = credential("h", "n", K1)
            .with_clock(move || OffsetDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).unwrap());
        let shared = credential.clone();
        let first = credential.token();
        now.fetch_add(3000, Ordering::SeqCst);
        assert_eq!(
            shared.token(),
            first,
            "10 minutes before the end it is still good"
        );
        now.fetch_add(1, Ordering::SeqCst);
        let second = shared.token();
        assert_eq!((second.expires_on - first.expires_on).whole_seconds(), 3001);
        assert_eq!(credential.token(), second, "clones share the token");
        now.fetch_sub(7200, Ordering::SeqCst);
        assert!(
            credential.token().expires_on < first.expires_on,
            "a clock set back renews it too"
        );
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
