//! Symmetric keys.

use std::ops::RangeInclusive;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::model;

/// The allowed number of bytes of a key.
const KEY_BYTES: RangeInclusive<usize> = 16..=64;

/// The number of bytes of a generated key, the same number as in keys from the service.
const GENERATED_BYTES: usize = 32;

model! {
    /// The two keys of a device or module.
    ///
    /// Both keys are valid, so one can be replaced while the other is in use. `Debug` does not show them, and they
    /// serialize as `REDACTED`.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::SymmetricKey;
    ///
    /// let key = SymmetricKey::generate()?;
    /// assert_eq!(key.primary().map(|key| key.secret().len()), Some(44));
    /// assert!(SymmetricKey::new("c2hvcnQ=", "c2hvcnQ=").is_err(), "a key has at least 16 bytes");
    /// # Ok::<(), iothub_convenience::InvalidKey>(())
    /// ```
    pub struct SymmetricKey as "symmetric key" {
        primary_key: Option<Secret> = "primaryKey",
        secondary_key: Option<Secret> = "secondaryKey",
    }
}

/// The reason that a key is invalid. It does not contain the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// The key is not base64 with padding.
    #[error("the {slot} is not base64")]
    NotBase64 {
        /// The key's slot.
        slot: KeySlot,
    },
    /// The key does not have 16 to 64 bytes.
    #[error("the {slot} has {bytes} bytes; a key has 16 to 64")]
    Length {
        /// The key's slot.
        slot: KeySlot,
        /// The number of bytes.
        bytes: usize,
    },
    /// One key is missing. Give both keys or none.
    #[error("the {missing} is missing; give both keys, or none to let the service generate them")]
    OnlyOne {
        /// The missing key.
        missing: KeySlot,
    },
    /// The operating system returned no random bytes.
    #[error("cannot generate a key: the operating system returned no random bytes")]
    NoRandomness,
}

/// The slot of one of the two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeySlot {
    /// The primary key.
    Primary,
    /// The secondary key.
    Secondary,
}

impl std::fmt::Display for KeySlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary key",
            Self::Secondary => "secondary key",
        })
    }
}

impl SymmetricKey {
    /// Creates the keys from base64 strings of 16 to 64 bytes each.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if a key is not base64 or has the wrong length.
    pub fn new(primary: impl Into<Secret>, secondary: impl Into<Secret>) -> Result<Self, InvalidKey> {
        let keys = Self {
            primary_key: Some(primary.into()),
            secondary_key: Some(secondary.into()),
            ..Self::default()
        };
        keys.check()?;
        Ok(keys)
    }

    /// Generates two keys of 32 bytes with the operating system's random number generator.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::NoRandomness`] if the operating system returned no random bytes.
    pub fn generate() -> Result<Self, InvalidKey> {
        Ok(Self {
            primary_key: Some(random_key()?),
            secondary_key: Some(random_key()?),
            ..Self::default()
        })
    }

    /// Returns an empty pair, so that the service generates both keys and returns them in the response.
    #[must_use]
    pub fn assigned_by_service() -> Self {
        Self::default()
    }

    /// Returns the pair of keys that the service returned, which may lack either key.
    pub(crate) fn from_service(primary: Option<String>, secondary: Option<String>) -> Self {
        Self {
            primary_key: primary.map(Secret::new),
            secondary_key: secondary.map(Secret::new),
            ..Self::default()
        }
    }

    /// Returns the primary key, in base64.
    #[must_use]
    pub fn primary(&self) -> Option<&Secret> {
        self.primary_key.as_ref()
    }

    /// Returns the secondary key, in base64.
    #[must_use]
    pub fn secondary(&self) -> Option<&Secret> {
        self.secondary_key.as_ref()
    }

    /// Returns the keys with their slots swapped.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self {
            primary_key: self.secondary_key.clone(),
            secondary_key: self.primary_key.clone(),
            ..self
        }
    }

    /// Returns the keys with a newly generated key in `slot`.
    ///
    /// Devices that use the other key stay connected. To rotate both keys, distribute the new key to all devices
    /// before replacing the other.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::NoRandomness`] if the operating system returned no random bytes.
    pub fn with_new(mut self, slot: KeySlot) -> Result<Self, InvalidKey> {
        let key = Some(random_key()?);
        match slot {
            KeySlot::Primary => self.primary_key = key,
            KeySlot::Secondary => self.secondary_key = key,
        }
        Ok(self)
    }

    /// Checks that both keys are set or neither is, and that each is Base64 of a length that the hub accepts.
    pub(crate) fn check(&self) -> Result<(), InvalidKey> {
        match (&self.primary_key, &self.secondary_key) {
            (None, None) => Ok(()),
            (Some(primary), Some(secondary)) => {
                check_key(KeySlot::Primary, primary)?;
                check_key(KeySlot::Secondary, secondary)
            }
            (None, Some(_)) => Err(InvalidKey::OnlyOne {
                missing: KeySlot::Primary,
            }),
            (Some(_), None) => Err(InvalidKey::OnlyOne {
                missing: KeySlot::Secondary,
            }),
        }
    }
}

fn check_key(slot: KeySlot, key: &Secret) -> Result<(), InvalidKey> {
    // The decoder's error is dropped because it quotes a byte of the key.
    let bytes = STANDARD
        .decode(key.secret())
        .map_err(|_| InvalidKey::NotBase64 { slot })?;
    if KEY_BYTES.contains(&bytes.len()) {
        Ok(())
    } else {
        Err(InvalidKey::Length {
            slot,
            bytes: bytes.len(),
        })
    }
}

fn random_key() -> Result<Secret, InvalidKey> {
    let mut bytes = [0_u8; GENERATED_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| InvalidKey::NoRandomness)?;
    Ok(Secret::new(STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bytes: usize) -> String {
        STANDARD.encode(vec![7; bytes])
    }

    #[test]
    fn keys_have_16_to_64_bytes() {
        for (bytes, good) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
            assert_eq!(SymmetricKey::new(key(bytes), key(32)).is_ok(), good, "{bytes}");
        }
        let slot = KeySlot::Secondary;
        assert_eq!(
            SymmetricKey::new(key(32), key(15)),
            Err(InvalidKey::Length { slot, bytes: 15 })
        );
    }

    #[test]
    fn key_that_is_not_base64_is_refused_without_showing_it() {
        for text in [
            "1",
            "secret!secret!secret!",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            " ",
        ] {
            let error = SymmetricKey::new(text.to_owned(), key(32)).unwrap_err();
            assert_eq!(
                error,
                InvalidKey::NotBase64 {
                    slot: KeySlot::Primary
                },
                "{text:?}"
            );
            assert_eq!(error.to_string(), "the primary key is not base64");
        }
    }

    #[test]
    fn both_keys_or_none_are_required() {
        let one: SymmetricKey = serde_json::from_value(serde_json::json!({"primaryKey": key(32)})).unwrap();
        let missing = KeySlot::Secondary;
        assert_eq!(one.check(), Err(InvalidKey::OnlyOne { missing }));
        assert_eq!(
            one.swapped().check(),
            Err(InvalidKey::OnlyOne {
                missing: KeySlot::Primary
            })
        );
        assert_eq!(SymmetricKey::assigned_by_service().check(), Ok(()));
    }

    #[test]
    fn generated_keys_are_valid_and_differ() {
        let key = SymmetricKey::generate().unwrap();
        assert_eq!(key.check(), Ok(()));
        let text = key.primary().unwrap().secret();
        assert!(
            text.len() == 44 && text.ends_with('='),
            "{} characters",
            text.len()
        );
        assert_ne!(key.primary(), key.secondary());
        assert_ne!(key, SymmetricKey::generate().unwrap());
    }

    #[test]
    fn with_new_replaces_one_key() {
        let old = SymmetricKey::generate().unwrap();
        let new = old.clone().with_new(KeySlot::Secondary).unwrap();
        assert_eq!(new.primary(), old.primary());
        assert_ne!(new.secondary(), old.secondary());
    }

    #[test]
    fn debug_shows_no_key() {
        let keys = SymmetricKey::generate().unwrap();
        let text = format!("{keys:?}");
        assert!(!text.contains(keys.primary().unwrap().secret()), "{text}");
        assert!(!text.contains(keys.secondary().unwrap().secret()), "{text}");
    }
}
