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
    /// The TPM keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmAttestation>,
    /// The X.509 certificates.
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

    /// Creates an attestation with symmetric keys. In an individual enrollment, the device uses one of the keys itself.
    /// In a group, device keys are [derived](crate::derive_device_key) from them.
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

    /// Creates an attestation with the device's certificate, for an individual enrollment. Certificates are PEM or
    /// base64-encoded DER. The service accepts either certificate.
    #[must_use]
    pub fn x509_client_certificates(primary: impl Into<String>, secondary: Option<String>) -> Self {
        Self::x509(X509Attestation {
            client_certificates: Some(X509Certificates::new(primary.into(), secondary)),
            ..X509Attestation::default()
        })
    }

    /// Creates an attestation for a group whose device certificates are signed by an intermediate certificate, given as
    /// PEM or base64-encoded DER. The service accepts either intermediate certificate as the signer.
    #[must_use]
    pub fn x509_signing_certificates(primary: impl Into<String>, secondary: Option<String>) -> Self {
        Self::x509(X509Attestation {
            signing_certificates: Some(X509Certificates::new(primary.into(), secondary)),
            ..X509Attestation::default()
        })
    }

    /// Creates an attestation for a group whose device certificates chain to a root certificate. `primary` and
    /// `secondary` are the names of root certificates that have been uploaded to the service and verified.
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

    /// Creates a TPM attestation for an individual enrollment. `endorsement_key` is the public endorsement key,
    /// base64-encoded.
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

    /// Checks the symmetric keys, and refuses signing certificates and CA references, which only groups can have.
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

    /// Checks the symmetric keys, and refuses TPM attestation and client certificates, which only individual
    /// enrollments can have.
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
    /// Base64-encoded endorsement key.
    pub endorsement_key: String,
    /// Base64-encoded storage root key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_root_key: Option<String>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The certificates of an enrollment. One of the three fields is set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509Attestation {
    /// Device certificates, in an individual enrollment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificates: Option<X509Certificates>,
    /// Certificates that sign the device certificates, in a group.
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
    /// Primary certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<X509Certificate>,
    /// Secondary certificate, for rollover.
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
    /// The certificate as PEM or base64-encoded DER. The service does not return it.
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
    /// Subject name.
    pub subject_name: String,
    /// SHA-1 thumbprint.
    pub sha1_thumbprint: String,
    /// SHA-256 thumbprint.
    pub sha256_thumbprint: String,
    /// Issuer name.
    pub issuer_name: String,
    /// Start of the validity period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before_utc: Option<DateTime>,
    /// End of the validity period.
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
    /// Name of the primary root certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Name of the secondary root certificate, for rollover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<String>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
