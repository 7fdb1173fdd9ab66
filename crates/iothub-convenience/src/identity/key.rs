//! Symmetric keys.

use std::ops::RangeInclusive;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::model;

/// How many bytes a key may have.
const KEY_BYTES: RangeInclusive<usize> = 16..=64;

/// How many bytes a generated key has, as the service generates them.
const GENERATED_BYTES: usize = 32;

model! {
    /// The two keys of a device or module.
    ///
    /// Either key is accepted, so one can be replaced while the other is in use. `Debug` shows neither, and they serialize
    /// as `REDACTED`.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::SymmetricKey;
    ///
    /// let key = SymmetricKey::generate()?;
    /// assert_eq!(key.primary().map(|key| key.secret().len()), Some(44));
    /// assert!(SymmetricKey::new("c2hvcnQ=", "c2hvcnQ=").is_err(), "five bytes are too few");
    /// # Ok::<(), iothub_convenience::InvalidKey>(())
    /// ```
    pub struct SymmetricKey as "symmetric key" {
        primary_key: Option<Secret> = "primaryKey",
        secondary_key: Option<Secret> = "secondaryKey",
    }
}

/// Why a key cannot be used. The key itself is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A key is base64 with padding.
    #[error("the {which} is not base64")]
    NotBase64 {
        /// Which key.
        which: WhichKey,
    },
    /// A key has 16 to 64 bytes.
    #[error("the {which} has {bytes} bytes; a key has 16 to 64")]
    Length {
        /// Which key.
        which: WhichKey,
        /// The number of bytes.
        bytes: usize,
    },
    /// Either both keys are given or none.
    #[error("the {missing} is missing; give both keys, or none to let the service generate them")]
    OnlyOne {
        /// The key that is missing.
        missing: WhichKey,
    },
    /// The operating system gave no random bytes.
    #[error("no key can be generated: the system gave no random bytes")]
    NoRandomness,
}

/// One of the two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhichKey {
    /// The primary key.
    Primary,
    /// The secondary key.
    Secondary,
}

impl std::fmt::Display for WhichKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary key",
            Self::Secondary => "secondary key",
        })
    }
}

impl SymmetricKey {
    /// The given keys, base64 of 16 to 64 bytes each.
    ///
    /// # Errors
    ///
    /// Fails if a key is not base64 or has the wrong length.
    pub fn new(primary: impl Into<Secret>, secondary: impl Into<Secret>) -> Result<Self, InvalidKey> {
        let keys = Self {
            primary_key: Some(primary.into()),
            secondary_key: Some(secondary.into()),
            ..Self::default()
        };
        keys.check()?;
        Ok(keys)
    }

    /// Two new keys of 32 bytes from the operating system's source of randomness.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::NoRandomness`] if the operating system gave no random bytes.
    pub fn generate() -> Result<Self, InvalidKey> {
        Ok(Self {
            primary_key: Some(random_key()?),
            secondary_key: Some(random_key()?),
            ..Self::default()
        })
    }

    /// No keys: the service generates both. Read them from the answer.
    #[must_use]
    pub fn assigned_by_service() -> Self {
        Self::default()
    }

    /// The primary key, base64.
    #[must_use]
    pub fn primary(&self) -> Option<&Secret> {
        self.primary_key.as_ref()
    }

    /// The secondary key, base64.
    #[must_use]
    pub fn secondary(&self) -> Option<&Secret> {
        self.secondary_key.as_ref()
    }

    /// The same keys with their places swapped.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self {
            primary_key: self.secondary_key.clone(),
            secondary_key: self.primary_key.clone(),
            ..self
        }
    }

    /// The same keys with a newly generated one in place of `which`.
    ///
    /// Devices that use the other key keep working: give all of them the new key, then replace the other.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::NoRandomness`] if the operating system gave no random bytes.
    pub fn with_new(mut self, which: WhichKey) -> Result<Self, InvalidKey> {
        let key = Some(random_key()?);
        match which {
            WhichKey::Primary => self.primary_key = key,
            WhichKey::Secondary => self.secondary_key = key,
        }
        Ok(self)
    }

    /// Checks what the service would refuse.
    pub(crate) fn check(&self) -> Result<(), InvalidKey> {
        match (&self.primary_key, &self.secondary_key) {
            (None, None) => Ok(()),
            (Some(primary), Some(secondary)) => {
                check_key(WhichKey::Primary, primary)?;
                check_key(WhichKey::Secondary, secondary)
            }
            (None, Some(_)) => Err(InvalidKey::OnlyOne {
                missing: WhichKey::Primary,
            }),
            (Some(_), None) => Err(InvalidKey::OnlyOne {
                missing: WhichKey::Secondary,
            }),
        }
    }
}

fn check_key(which: WhichKey, key: &Secret) -> Result<(), InvalidKey> {
    // The error of the decoder holds an offset and a byte of the key, so it is not passed on.
    let bytes = STANDARD
        .decode(key.secret())
        .map_err(|_| InvalidKey::NotBase64 { which })?;
    if KEY_BYTES.contains(&bytes.len()) {
        Ok(())
    } else {
        Err(InvalidKey::Length {
            which,
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
    fn lengths_at_the_borders() {
        for (bytes, good) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
            assert_eq!(SymmetricKey::new(key(bytes), key(32)).is_ok(), good, "{bytes}");
        }
        let which = WhichKey::Secondary;
        assert_eq!(
            SymmetricKey::new(key(32), key(15)),
            Err(InvalidKey::Length { which, bytes: 15 })
        );
    }

    #[test]
    fn what_is_not_base64_is_refused_without_showing_it() {
        for text in [
            "1",
            "geheim!geheim!geheim!",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            " ",
        ] {
            let error = SymmetricKey::new(text.to_owned(), key(32)).unwrap_err();
            assert_eq!(
                error,
                InvalidKey::NotBase64 {
                    which: WhichKey::Primary
                },
                "{text:?}"
            );
            assert_eq!(error.to_string(), "the primary key is not base64");
        }
    }

    #[test]
    fn both_or_neither() {
        let one: SymmetricKey = serde_json::from_value(serde_json::json!({"primaryKey": key(32)})).unwrap();
        let missing = WhichKey::Secondary;
        assert_eq!(one.check(), Err(InvalidKey::OnlyOne { missing }));
        assert_eq!(
            one.swapped().check(),
            Err(InvalidKey::OnlyOne {
                missing: WhichKey::Primary
            })
        );
        assert_eq!(SymmetricKey::assigned_by_service().check(), Ok(()));
    }

    #[test]
    fn generated_keys_are_whole_and_differ() {
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
    fn one_key_can_be_replaced() {
        let old = SymmetricKey::generate().unwrap();
        let new = old.clone().with_new(WhichKey::Secondary).unwrap();
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
