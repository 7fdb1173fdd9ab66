//! Attestation: proof of a device's identity.

use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::key::SymmetricKeys;

azure_service_core::open_enum! {
    /// The kind of attestation.
    pub enum AttestationType {
        /// No attestation.
        None = "none",
        /// A TPM proves possession of its endorsement key.
        Tpm = "tpm",
        /// The device presents a client certificate.
        X509 = "x509",
        /// The device signs a token with a symmetric key.
        SymmetricKey = "symmetricKey",
    }
}

/// Proof of a device's identity.
///
/// `Debug` shows no keys, and keys serialize as `REDACTED`.
///
/// # Example
///
/// ```
/// use provisioning_convenience::{Attestation, SymmetricKeys};
///
/// let own_keys = Attestation::symmetric_keys(SymmetricKeys::generate()?);
/// let uploaded_root = Attestation::x509_ca_references("factory-root", None);
/// # Ok::<(), provisioning_convenience::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Attestation {
    /// The kind of attestation.
    #[serde(rename = "type")]
    pub kind: AttestationType,
    /// The keys of a TPM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmAttestation>,
    /// The certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x509: Option<X509Attestation>,
    /// The symmetric keys. Reading an enrollment does not return them; reading its attestation mechanism does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetric_key: Option<SymmetricKeys>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Attestation {
    fn new(kind: AttestationType) -> Self {
        Self {
            kind,
            tpm: None,
            x509: None,
            symmetric_key: None,
            extra: Map::new(),
        }
    }

    /// Creates an attestation with symmetric keys: the keys of the device for an individual enrollment; for a group, the keys
    /// from which device keys are [derived](crate::derive_device_key).
    #[must_use]
    pub fn symmetric_keys(keys: SymmetricKeys) -> Self {
        Self {
            symmetric_key: Some(keys),
            ..Self::new(AttestationType::SymmetricKey)
        }
    }

    fn x509(attestation: X509Attestation) -> Self {
        Self {
            x509: Some(attestation),
            ..Self::new(AttestationType::X509)
        }
    }

    /// Creates an attestation with the device's certificate, for an individual enrollment. Certificates are PEM, or base64 of
    /// DER. The service accepts the primary and the secondary certificate.
    #[must_use]
    pub fn x509_client_certificates(primary: impl Into<String>, secondary: Option<String>) -> Self {
        Self::x509(X509Attestation {
            client_certificates: Some(X509Certificates::new(primary.into(), secondary)),
            ..X509Attestation::default()
        })
    }

    /// Creates an attestation with device certificates that are signed by an intermediate certificate, for a group. The
    /// intermediate certificate is PEM, or base64 of DER. The service accepts the primary and the secondary certificate.
    #[must_use]
    pub fn x509_signing_certificates(primary: impl Into<String>, secondary: Option<String>) -> Self {
        Self::x509(X509Attestation {
            signing_certificates: Some(X509Certificates::new(primary.into(), secondary)),
            ..X509Attestation::default()
        })
    }

    /// Creates an attestation with device certificates that chain to a root certificate, for a group. `primary` and `secondary`
    /// are the names of root certificates that are uploaded to the service and verified.
    #[must_use]
    pub fn x509_ca_references(primary: impl Into<String>, secondary: Option<String>) -> Self {
        Self::x509(X509Attestation {
            ca_references: Some(X509CaReferences {
                primary: Some(primary.into()),
                secondary,
                extra: Map::new(),
            }),
            ..X509Attestation::default()
        })
    }

    /// Creates an attestation with the public endorsement key of a TPM, base64, for an individual enrollment.
    #[must_use]
    pub fn tpm(endorsement_key: impl Into<String>) -> Self {
        Self {
            tpm: Some(TpmAttestation {
                endorsement_key: endorsement_key.into(),
                storage_root_key: None,
                extra: Map::new(),
            }),
            ..Self::new(AttestationType::Tpm)
        }
    }

    /// Checks the attestation of an individual enrollment.
    pub(crate) fn check_individual(&self) -> Result<()> {
        if let Some(x509) = &self.x509
            && (x509.signing_certificates.is_some() || x509.ca_references.is_some())
        {
            return Err(invalid(
                "has signing certificates or CA references, which are for groups; an individual enrollment has client certificates",
            ));
        }
        self.check()
    }

    /// Checks the attestation of an enrollment group.
    pub(crate) fn check_group(&self) -> Result<()> {
        if self.kind == AttestationType::Tpm {
            return Err(invalid(
                "is of type tpm, which is for individual enrollments; a group has certificates or symmetric keys",
            ));
        }
        if self
            .x509
            .as_ref()
            .is_some_and(|x509| x509.client_certificates.is_some())
        {
            return Err(invalid(
                "has client certificates, which are for individual enrollments; a group has signing certificates or CA references",
            ));
        }
        self.check()
    }

    fn check(&self) -> Result<()> {
        self.symmetric_key.as_ref().map_or(Ok(()), SymmetricKeys::check)
    }
}

fn invalid(reason: &str) -> Error {
    Error::invalid_input("attestation", reason)
}

/// The keys of a TPM. Both are public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TpmAttestation {
    /// Endorsement key, base64.
    pub endorsement_key: String,
    /// Storage root key, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_root_key: Option<String>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The certificates of an enrollment. One of the members is set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509Attestation {
    /// Certificates of the device, in an individual enrollment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificates: Option<X509Certificates>,
    /// Certificates that sign those of the devices, in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_certificates: Option<X509Certificates>,
    /// Names of uploaded root certificates, in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_references: Option<X509CaReferences>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Two certificates, either of which is accepted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509Certificates {
    /// First certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<X509Certificate>,
    /// Second certificate, for rollover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<X509Certificate>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl X509Certificates {
    fn new(primary: String, secondary: Option<String>) -> Self {
        let certificate = |text| X509Certificate {
            certificate: Some(text),
            ..X509Certificate::default()
        };
        Self {
            primary: Some(certificate(primary)),
            secondary: secondary.map(certificate),
            extra: Map::new(),
        }
    }
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509Certificate {
    /// PEM, or base64 of DER. The service does not return it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Properties that the service has read from the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<X509CertificateInfo>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Properties of a certificate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct X509CertificateInfo {
    /// Subject.
    pub subject_name: String,
    /// SHA-1 thumbprint.
    pub sha1_thumbprint: String,
    /// SHA-256 thumbprint.
    pub sha256_thumbprint: String,
    /// Issuer.
    pub issuer_name: String,
    /// Beginning of validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before_utc: Option<DateTime>,
    /// End of validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after_utc: Option<DateTime>,
    /// Serial number.
    pub serial_number: String,
    /// X.509 version.
    pub version: i32,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The names of two uploaded root certificates, either of which is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509CaReferences {
    /// Name of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Name of the second, for rollover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<String>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
