//! Records of attestations: the credentials that an enrollment requires of its devices.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The attestation of an enrollment. `Debug` shows no keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum Attestation {
    /// Keys in base64.
    SymmetricKey {
        primary_key: String,
        secondary_key: String,
    },
    /// Certificates of the device, or of an authority that signs those of a group.
    X509 {
        primary: Box<Certificate>,
        secondary: Option<Box<Certificate>>,
    },
    Tpm {
        endorsement_key: String,
        storage_root_key: Option<String>,
    },
}

impl fmt::Debug for Attestation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Attestation")
            .field("type", &self.name())
            .finish_non_exhaustive()
    }
}

impl Attestation {
    /// Returns the wire name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::SymmetricKey { .. } => "symmetricKey",
            Self::X509 { .. } => "x509",
            Self::Tpm { .. } => "tpm",
        }
    }

    /// Returns the certificates; none for other attestations.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        let (primary, secondary) = match self {
            Self::X509 { primary, secondary } => (Some(&**primary), secondary.as_deref()),
            _ => (None, None),
        };
        primary.into_iter().chain(secondary)
    }
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Certificate {
    /// The DER encoding in base64.
    pub(crate) der: String,
    pub(crate) info: CertificateInfo,
}

/// The readable part of a certificate. The derived serialization is also the wire format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificateInfo {
    pub(crate) subject_name: String,
    /// In upper-case hexadecimal digits, like the SHA-256 one.
    pub(crate) sha1_thumbprint: String,
    pub(crate) sha256_thumbprint: String,
    pub(crate) issuer_name: String,
    pub(crate) not_before_utc: String,
    pub(crate) not_after_utc: String,
    pub(crate) serial_number: String,
    pub(crate) version: u32,
}
