//! Symmetric keys for enrollments.

use std::ops::RangeInclusive;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::ids::check_registration_id;
use crate::secret;

/// The allowed length of a key, in bytes.
const KEY_BYTES: RangeInclusive<usize> = 16..=64;

/// The length of a generated key in bytes, the same as that of keys that the service generates.
const GENERATED_BYTES: usize = 64;

/// The two symmetric keys of an enrollment.
///
/// Both keys are valid, so one can be replaced while the other is in use. `Debug` shows neither key, and both serialize
/// as `REDACTED`.
///
/// # Example
///
/// ```
/// use provisioning_convenience::SymmetricKeys;
///
/// let keys = SymmetricKeys::generate()?;
/// assert_eq!(keys.primary.as_ref().map(|key| key.secret().len()), Some(88));
/// assert!(SymmetricKeys::new("c2hvcnQ=", "c2hvcnQ=").is_err(), "a key has at least 16 bytes");
/// # Ok::<(), provisioning_convenience::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SymmetricKeys {
    /// Primary key of 16 to 64 bytes, base64-encoded.
    #[serde(
        default,
        with = "secret",
        rename = "primaryKey",
        skip_serializing_if = "Option::is_none"
    )]
    pub primary: Option<Secret>,
    /// Secondary key of 16 to 64 bytes, base64-encoded.
    #[serde(
        default,
        with = "secret",
        rename = "secondaryKey",
        skip_serializing_if = "Option::is_none"
    )]
    pub secondary: Option<Secret>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl SymmetricKeys {
    /// Creates a pair of keys of 16 to 64 bytes each, base64-encoded.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a key is not base64 or has the wrong length. The error does not
    /// show the key.
    pub fn new(primary: impl Into<Secret>, secondary: impl Into<Secret>) -> Result<Self> {
        let keys = Self {
            primary: Some(primary.into()),
            secondary: Some(secondary.into()),
            extra: Map::new(),
        };
        keys.check()?;
        Ok(keys)
    }

    /// Generates two keys of 64 bytes with the operating system's random number generator.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Other`](crate::ErrorKind::Other) if the operating system returned no random bytes.
    pub fn generate() -> Result<Self> {
        Ok(Self {
            primary: Some(random_key()?),
            secondary: Some(random_key()?),
            extra: Map::new(),
        })
    }

    /// Returns a pair without keys, so that the service generates both and returns them in the response.
    #[must_use]
    pub fn assigned_by_service() -> Self {
        Self::default()
    }

    pub(crate) fn check(&self) -> Result<()> {
        for (name, key) in [
            ("the primary key", &self.primary),
            ("the secondary key", &self.secondary),
        ] {
            if let Some(key) = key {
                decode(name, key)?;
            }
        }
        Ok(())
    }
}

/// Derives a device key from a key of its enrollment group: the base64-encoded HMAC-SHA256 of the registration id.
///
/// The device uses the derived key both to register and to connect to its hub, so the group key never has to leave the
/// factory or the back end.
///
/// # Errors
///
/// [`is_invalid_input`](Error::is_invalid_input) if the registration id is invalid, or if the key is not 16 to 64 bytes
/// in base64. The error does not show the key.
///
/// # Example
///
/// ```
/// use provisioning_convenience::{Secret, derive_device_key};
///
/// let group_key = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
/// let device_key = derive_device_key(&group_key, "sensor-7")?;
/// assert_eq!(device_key.secret().len(), 44);
/// # Ok::<(), provisioning_convenience::Error>(())
/// ```
pub fn derive_device_key(group_key: &Secret, registration_id: &str) -> Result<Secret> {
    check_registration_id(registration_id)?;
    let key = decode("the key of the group", group_key)?;
    let mac = Hmac::<Sha256>::new_from_slice(&key);
    #[expect(clippy::expect_used, reason = "HMAC accepts keys of every length")]
    let mut mac = mac.expect("HMAC accepts keys of every length");
    mac.update(registration_id.as_bytes());
    Ok(Secret::new(STANDARD.encode(mac.finalize().into_bytes())))
}

/// Decodes and checks a key. The decoder's error is dropped because it quotes a byte of the key.
pub(crate) fn decode(name: &str, key: &Secret) -> Result<Vec<u8>> {
    let invalid = |reason: String| Error::invalid_input("keys", reason);
    let bytes = STANDARD
        .decode(key.secret())
        .map_err(|_| invalid(format!("must be base64 with padding; {name} is not")))?;
    match KEY_BYTES.contains(&bytes.len()) {
        true => Ok(bytes),
        false => Err(invalid(format!(
            "must have 16 to 64 bytes; {name} has {}",
            bytes.len()
        ))),
    }
}

fn random_key() -> Result<Secret> {
    let mut bytes = [0; GENERATED_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::other(format!(
            "cannot generate a key: the operating system returned no random bytes: {error}"
        ))
    })?;
    Ok(Secret::new(STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values come from an independent implementation (Python's `hmac`).
    #[test]
    fn derived_keys_equal_those_of_another_implementation() {
        for (group_key, registration_id, expected) in [
            (
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "sensor-7",
                "+PTg/BaHXzdfBqWlc2bkr90qnh2eUufqXbIpf+CDRt8=",
            ),
            (
                "MDEyMzQ1Njc4OWFiY2RlZg==",
                "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
                "eV0Wc3aHDUnC1RuBqUHIZeqij703SgsAWwVXATT5RDs=",
            ),
        ] {
            let derived = derive_device_key(&Secret::new(group_key), registration_id).unwrap();
            assert_eq!(derived.secret(), expected);
        }
    }

    #[test]
    fn invalid_keys_are_refused_without_showing_them() {
        for (key, reason) in [
            ("c2VjcmV0!", "must be base64 with padding; the primary key is not"),
            ("c2VjcmV0", "must have 16 to 64 bytes; the primary key has 6"),
        ] {
            let valid = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
            let error = SymmetricKeys::new(key, valid).unwrap_err();
            assert_eq!(error.message(), Some(reason));
            assert!(!format!("{error:?}").contains(key), "{error:?}");
            assert!(SymmetricKeys::new(valid, key).is_err());
            assert!(derive_device_key(&Secret::new(key), "d").is_err());
        }
    }

    #[test]
    fn keys_are_neither_shown_nor_serialized() {
        let keys = SymmetricKeys::generate().unwrap();
        let primary = keys.primary.as_ref().unwrap().secret();
        assert_ne!(keys.primary, keys.secondary);
        assert!(!format!("{keys:?}").contains(primary));
        assert_eq!(
            serde_json::to_string(&keys).unwrap(),
            r#"{"primaryKey":"REDACTED","secondaryKey":"REDACTED"}"#
        );
    }
}
