//! Thumbprints of X.509 certificates.

use crate::model::model;

model! {
    /// The thumbprints of the two certificates of a device or module.
    ///
    /// A thumbprint is the SHA-1 (40 digits) or SHA-256 (64 digits) hash of the certificate in hexadecimal digits
    /// without separators; the case of the digits is kept. Both thumbprints must have the same length.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::X509Thumbprint;
    ///
    /// let sha1 = "0123456789ABCDEF0123456789ABCDEF01234567";
    /// assert!(X509Thumbprint::new(sha1, None).is_ok());
    /// assert!(X509Thumbprint::new("01:23:45", None).is_err());
    /// ```
    pub struct X509Thumbprint as "x509 thumbprint" {
        primary_thumbprint: Option<String> = "primaryThumbprint",
        secondary_thumbprint: Option<String> = "secondaryThumbprint",
    }
}

/// The reason that thumbprints are invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidThumbprint {
    /// The thumbprint does not have 40 or 64 hexadecimal digits.
    #[error("the thumbprint {thumbprint:?} is not 40 or 64 hexadecimal digits without separators")]
    NotHex {
        /// The thumbprint.
        thumbprint: String,
    },
    /// The two thumbprints come from different hash functions.
    #[error(
        "the primary thumbprint has {primary} digits and the secondary {secondary}; both need the same hash function"
    )]
    DifferentLengths {
        /// The number of digits of the primary thumbprint.
        primary: usize,
        /// The number of digits of the secondary thumbprint.
        secondary: usize,
    },
    /// The primary thumbprint is missing.
    #[error("the primary thumbprint is missing")]
    NoPrimary,
}

impl X509Thumbprint {
    /// Creates the thumbprints. The secondary thumbprint is optional.
    ///
    /// # Errors
    ///
    /// [`InvalidThumbprint`] if a thumbprint does not have 40 or 64 hexadecimal digits, or if the lengths differ.
    pub fn new(primary: impl Into<String>, secondary: Option<&str>) -> Result<Self, InvalidThumbprint> {
        let thumbprint = Self {
            primary_thumbprint: Some(primary.into()),
            secondary_thumbprint: secondary.map(str::to_owned),
            ..Self::default()
        };
        thumbprint.check()?;
        Ok(thumbprint)
    }

    /// Returns the primary thumbprint.
    #[must_use]
    pub fn primary(&self) -> Option<&str> {
        self.primary_thumbprint.as_deref()
    }

    /// Returns the secondary thumbprint.
    #[must_use]
    pub fn secondary(&self) -> Option<&str> {
        self.secondary_thumbprint.as_deref()
    }

    /// Checks that the primary thumbprint is set, and that both have 40 or 64 hexadecimal digits and equal lengths.
    pub(crate) fn check(&self) -> Result<(), InvalidThumbprint> {
        let primary = self.primary().ok_or(InvalidThumbprint::NoPrimary)?;
        check_digits(primary)?;
        let Some(secondary) = self.secondary() else {
            return Ok(());
        };
        check_digits(secondary)?;
        if primary.len() == secondary.len() {
            Ok(())
        } else {
            let (primary, secondary) = (primary.len(), secondary.len());
            Err(InvalidThumbprint::DifferentLengths { primary, secondary })
        }
    }
}

fn check_digits(thumbprint: &str) -> Result<(), InvalidThumbprint> {
    if matches!(thumbprint.len(), 40 | 64) && thumbprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        let thumbprint = thumbprint.to_owned();
        Err(InvalidThumbprint::NotHex { thumbprint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha1_and_sha256_are_accepted_in_any_case() {
        for length in [40, 64] {
            let digits = "0aF".repeat(22)[..length].to_owned();
            let thumbprint = X509Thumbprint::new(digits.clone(), Some(&digits)).unwrap();
            assert_eq!(
                (thumbprint.primary(), thumbprint.secondary()),
                (Some(&*digits), Some(&*digits))
            );
        }
    }

    #[test]
    fn invalid_thumbprints_are_refused() {
        for text in [
            "",
            "aa:bb",
            &"a".repeat(39),
            &"a".repeat(65),
            &"g".repeat(40),
            &"ü".repeat(20),
        ] {
            let thumbprint = text.to_owned();
            assert_eq!(
                X509Thumbprint::new(text, None),
                Err(InvalidThumbprint::NotHex { thumbprint })
            );
        }
        let (long, short) = ("a".repeat(64), "b".repeat(40));
        assert_eq!(
            X509Thumbprint::new(long, Some(&short)),
            Err(InvalidThumbprint::DifferentLengths {
                primary: 64,
                secondary: 40
            })
        );
        assert_eq!(
            X509Thumbprint::default().check(),
            Err(InvalidThumbprint::NoPrimary)
        );
    }

    /// HUB-TWIN-7.
    #[test]
    fn member_names_are_read_in_any_case() {
        for text in [
            r#"{"primaryThumbprint":"a","secondaryThumbprint":null}"#,
            r#"{"PrimaryThumbprint":"a","SecondaryThumbprint":null}"#,
        ] {
            let read: X509Thumbprint = serde_json::from_str(text).unwrap();
            assert_eq!((read.primary(), read.secondary()), (Some("a"), None));
        }
    }
}
