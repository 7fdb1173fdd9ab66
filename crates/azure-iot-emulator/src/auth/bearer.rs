//! Validation of bearer tokens by format, audience and expiry.
//!
//! The emulator has no identity provider with signing keys, so it does not verify signatures. It validates the
//! parts in which clients make mistakes: the audience, which depends on the requested scope, and the lifetime.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::RwLock;
use serde_json::{Value, json};
use thiserror::Error;
use time::OffsetDateTime;

use crate::auth::CLOCK_SKEW;
use crate::auth::error::AuthError;

/// Audiences of Azure IoT Hub: the scope without `/.default`.
pub(crate) const IOT_HUB_AUDIENCES: [&str; 1] = ["https://iothubs.azure.net"];
/// Audiences of Azure Digital Twins: the scope without `/.default`, and the application id.
pub(crate) const DIGITAL_TWINS_AUDIENCES: [&str; 2] = [
    "https://digitaltwins.azure.net",
    "0b07f429-9f4b-4714-9392-cc5e8e80c8b0",
];

/// Audiences of the Device Provisioning Service: the scope without `/.default`.
pub(crate) const PROVISIONING_AUDIENCES: [&str; 1] = ["https://azure-devices-provisioning.net"];

/// Capacity of the token cache. A client uses one token at a time.
const CACHE_CAPACITY: usize = 256;

/// Validates the bearer tokens of one service. Clones share the cache.
#[derive(Debug, Clone)]
pub(crate) struct BearerTokens {
    audiences: &'static [&'static str],
    cache: Arc<TokenCache>,
}

/// Lifetimes of valid tokens, so that a token is not decoded for every request.
#[derive(Default)]
struct TokenCache(RwLock<HashMap<Box<str>, Lifetime>>);

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens are secrets.
        write!(f, "TokenCache({})", self.0.read().len())
    }
}

/// Validity of a token, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Lifetime {
    starts: i64,
    expires: i64,
}

impl Lifetime {
    /// Returns the expiry of a token that is valid now.
    fn check(self, now: OffsetDateTime) -> Result<i64, AuthError> {
        let now = now.unix_timestamp();
        let skew = CLOCK_SKEW.whole_seconds();
        if self.expires.saturating_add(skew) <= now || self.starts > now.saturating_add(skew) {
            return Err(AuthError::Expired);
        }
        Ok(self.expires)
    }
}

impl BearerTokens {
    pub(crate) fn for_iot_hub() -> Self {
        Self::for_audiences(&IOT_HUB_AUDIENCES)
    }

    pub(crate) fn for_digital_twins() -> Self {
        Self::for_audiences(&DIGITAL_TWINS_AUDIENCES)
    }

    pub(crate) fn for_provisioning() -> Self {
        Self::for_audiences(&PROVISIONING_AUDIENCES)
    }

    fn for_audiences(audiences: &'static [&'static str]) -> Self {
        Self {
            audiences,
            cache: Arc::default(),
        }
    }

    /// Validates a token and returns its expiry, in seconds since 1970. Like the services, it accepts only JSON Web Tokens.
    pub(crate) fn check(&self, token: &str, now: OffsetDateTime) -> Result<i64, AuthError> {
        let cached = self.cache.0.read().get(token).copied();
        if let Some(lifetime) = cached {
            return lifetime.check(now);
        }
        let claims = claims(token).ok_or(AuthError::Malformed)?;
        let lifetime = self.lifetime(&claims)?;
        let expiry = lifetime.check(now)?;
        let mut cache = self.cache.0.write();
        if cache.len() >= CACHE_CAPACITY {
            cache.clear();
        }
        cache.insert(token.into(), lifetime);
        Ok(expiry)
    }

    /// Returns the lifetime of a token for this service.
    fn lifetime(&self, claims: &Value) -> Result<Lifetime, AuthError> {
        let audience_matches = match claims.get("aud") {
            Some(Value::String(audience)) => self.accepts(audience),
            Some(Value::Array(audiences)) => audiences
                .iter()
                .filter_map(Value::as_str)
                .any(|audience| self.accepts(audience)),
            _ => false,
        };
        if !audience_matches {
            return Err(AuthError::WrongAudience);
        }
        Ok(Lifetime {
            starts: claims.get("nbf").and_then(seconds).unwrap_or(i64::MIN),
            expires: claims.get("exp").and_then(seconds).ok_or(AuthError::Malformed)?,
        })
    }

    fn accepts(&self, audience: &str) -> bool {
        contains(self.audiences, audience)
    }
}

/// Compares audiences as the services do, ignoring case and a trailing slash.
fn contains(audiences: &[&str], audience: &str) -> bool {
    let audience = audience.trim_end_matches('/');
    audiences.iter().any(|known| known.eq_ignore_ascii_case(audience))
}

/// Default lifetime of issued tokens.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);
/// The longest lifetime of tokens, ten years.
const MAX_LIFETIME_SECONDS: u64 = 10 * 365 * 86_400;

/// An error in a request for a bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The lifetime is not from one second to ten years.
    #[error("the token lifetime {seconds} is not valid: it must be from 1 to {MAX_LIFETIME_SECONDS} seconds")]
    Lifetime {
        /// The lifetime, in whole seconds.
        seconds: u64,
    },
    /// No service accepts the audience.
    #[error("the token audience \"{audience}\" is of no service; the audiences are {}", all_audiences().join(", "))]
    Audience {
        /// The audience.
        audience: String,
    },
}

fn all_audiences() -> Vec<&'static str> {
    [
        &IOT_HUB_AUDIENCES[..],
        &PROVISIONING_AUDIENCES[..],
        &DIGITAL_TWINS_AUDIENCES[..],
    ]
    .concat()
}

/// Returns a lifetime for [`issue`].
pub(crate) fn check_lifetime(seconds: u64) -> Result<Duration, TokenError> {
    if (1..=MAX_LIFETIME_SECONDS).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(TokenError::Lifetime { seconds })
    }
}

/// Checks an audience for [`issue`].
pub(crate) fn check_audience(audience: &str) -> Result<(), TokenError> {
    if contains(&all_audiences(), audience) {
        return Ok(());
    }
    Err(TokenError::Audience {
        audience: audience.to_owned(),
    })
}

/// A token that the emulator has issued.
pub(crate) struct IssuedToken {
    pub(crate) token: String,
    /// Expiry in seconds since 1970.
    pub(crate) expiry: i64,
}

/// Issues a token in the format of Microsoft Entra, for one audience or, by default, for all services. Its signature is
/// random, so only the emulator accepts it.
pub(crate) fn issue(now: OffsetDateTime, lifetime: Duration, audience: Option<&str>) -> IssuedToken {
    let audience = match audience {
        Some(audience) => json!(audience),
        None => json!(all_audiences()),
    };
    let now = now.unix_timestamp();
    let expiry = now.saturating_add_unsigned(lifetime.as_secs());
    let header = json!({"typ": "JWT", "alg": "HS256"});
    let claims = json!({
        "aud": audience, "iss": "https://sts.windows.net/emulator/", "sub": "emulator",
        "iat": now, "nbf": now, "exp": expiry,
    });
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let signature = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let (header, claims) = (encode(header.to_string()), encode(claims.to_string()));
    IssuedToken {
        token: format!("{header}.{claims}.{signature}"),
        expiry,
    }
}

/// Returns the claims if the token is a JSON Web Token.
fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (header, claims) = (parts.next()?, parts.next()?);
    parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let decode = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Value>(&bytes)
            .ok()
            .filter(Value::is_object)
    };
    decode(header)?;
    decode(claims)
}

#[expect(clippy::cast_possible_truncation, reason = "a float's conversion saturates")]
fn seconds(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    fn token(claims: &Value) -> String {
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.c2ln",
            encode(json!({"alg": "none"}).to_string()),
            encode(claims.to_string())
        )
    }

    #[test]
    fn issued_token_is_valid_for_all_services_until_it_expires() {
        let IssuedToken { token, expiry } = issue(NOW, DEFAULT_LIFETIME, None);
        assert_eq!(expiry, NOW.unix_timestamp() + 3600);
        for tokens in [
            BearerTokens::for_iot_hub(),
            BearerTokens::for_provisioning(),
            BearerTokens::for_digital_twins(),
        ] {
            assert_eq!(tokens.check(&token, NOW), Ok(expiry));
            assert_eq!(
                tokens.check(&token, NOW + time::Duration::minutes(64)),
                Ok(expiry)
            );
            assert_eq!(
                tokens.check(&token, NOW + time::Duration::minutes(66)),
                Err(AuthError::Expired)
            );
            assert_eq!(
                tokens.check(&token, NOW - time::Duration::minutes(6)),
                Err(AuthError::Expired)
            );
        }
    }

    /// HUB-AUTH-13.
    #[test]
    fn a_json_web_token_needs_the_audience_and_an_expiry() {
        let tokens = BearerTokens::for_iot_hub();
        let later = NOW.unix_timestamp() + 60;
        let good = token(&json!({"aud": "https://iothubs.azure.net/", "exp": later}));
        assert_eq!(tokens.check(&good, NOW), Ok(later));
        let other = token(&json!({"aud": "https://vault.azure.net", "exp": later}));
        assert_eq!(tokens.check(&other, NOW), Err(AuthError::WrongAudience));
        let endless = token(&json!({"aud": "https://iothubs.azure.net"}));
        assert_eq!(tokens.check(&endless, NOW), Err(AuthError::Malformed));
    }

    #[test]
    fn cached_tokens_are_bounded_and_still_expire() {
        let tokens = BearerTokens::for_iot_hub();
        let later = NOW.unix_timestamp() + 60;
        let numbered =
            |number: usize| token(&json!({"aud": "https://iothubs.azure.net", "exp": later, "jti": number}));
        for number in 0..=CACHE_CAPACITY {
            assert_eq!(tokens.check(&numbered(number), NOW), Ok(later));
            assert!(tokens.cache.0.read().len() <= CACHE_CAPACITY);
        }
        let last = numbered(CACHE_CAPACITY);
        assert!(tokens.cache.0.read().contains_key(&*last));
        assert_eq!(tokens.check(&last, NOW), Ok(later));
        assert_eq!(
            tokens.check(&last, NOW + time::Duration::minutes(7)),
            Err(AuthError::Expired)
        );
    }

    #[test]
    fn issued_token_for_one_audience_is_refused_by_the_other_service() {
        let day = Duration::from_secs(86_400);
        let issued = issue(NOW, day, Some("https://digitaltwins.azure.net"));
        let tomorrow = NOW + day;
        assert_eq!(
            BearerTokens::for_digital_twins().check(&issued.token, tomorrow),
            Ok(issued.expiry)
        );
        assert_eq!(
            BearerTokens::for_iot_hub().check(&issued.token, NOW),
            Err(AuthError::WrongAudience)
        );
        let endless = issue(NOW, Duration::MAX, None);
        assert_eq!(
            BearerTokens::for_iot_hub().check(&endless.token, NOW),
            Ok(i64::MAX)
        );
    }

    #[test]
    fn lifetimes_and_audiences_of_issued_tokens_are_checked() {
        assert_eq!(check_lifetime(1), Ok(Duration::from_secs(1)));
        assert!(check_lifetime(MAX_LIFETIME_SECONDS).is_ok());
        for seconds in [0, MAX_LIFETIME_SECONDS + 1, u64::MAX] {
            assert_eq!(check_lifetime(seconds), Err(TokenError::Lifetime { seconds }));
        }
        for audience in all_audiences() {
            assert_eq!(
                check_audience(&format!("{}/", audience.to_ascii_uppercase())),
                Ok(())
            );
        }
        let error = check_audience("https://vault.azure.net").unwrap_err().to_string();
        assert!(error.contains("https://vault.azure.net"), "{error}");
        assert!(
            all_audiences().iter().all(|known| error.contains(known)),
            "{error}"
        );
    }

    #[test]
    fn opaque_tokens_are_refused() {
        let tokens = BearerTokens::for_digital_twins();
        for bad in [
            "",
            "==",
            "any-opaque~token==",
            "a.b.c",
            "e30.e30",
            "e30.W10.x",
            "naïve",
        ] {
            assert_eq!(tokens.check(bad, NOW), Err(AuthError::Malformed), "{bad}");
        }
    }
}
