//! Attestations in request bodies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::auth::key::generate_long_key;
use crate::provisioning::errors::{ProvisioningError, Result};
use crate::provisioning::rules::certificate;
use crate::provisioning::store::attestation::{Attestation, Certificate};
use crate::provisioning::store::enrollment::EnrollmentKind;

/// An attestation in a request body.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AttestationInput {
    r#type: Option<String>,
    symmetric_key: Option<KeysInput>,
    x509: Option<X509Input>,
    tpm: Option<TpmInput>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KeysInput {
    primary_key: Option<String>,
    secondary_key: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct X509Input {
    client_certificates: Option<CertificatesInput>,
    signing_certificates: Option<CertificatesInput>,
    ca_references: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CertificatesInput {
    primary: Option<CertificateInput>,
    secondary: Option<CertificateInput>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CertificateInput {
    certificate: Option<String>,
    info: Option<InfoInput>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InfoInput {
    sha256_thumbprint: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TpmInput {
    endorsement_key: Option<String>,
    storage_root_key: Option<String>,
}

impl AttestationInput {
    /// Checks the attestation, and generates keys that are not given, even if the enrollment has keys. A request with only the
    /// readable part of a certificate keeps the certificate of `existing`.
    pub(crate) fn check(self, kind: EnrollmentKind, existing: Option<&Attestation>) -> Result<Attestation> {
        match (self.r#type.as_deref(), kind) {
            (Some("symmetricKey"), _) => symmetric_key(self.symmetric_key.unwrap_or_default()),
            (Some("x509"), _) => x509(self.x509.unwrap_or_default(), kind, existing),
            (Some("tpm"), EnrollmentKind::Individual) => tpm(self.tpm.unwrap_or_default()),
            (Some("tpm"), EnrollmentKind::Group) => Err(ProvisioningError::argument(
                "An enrollment group cannot have the attestation type tpm; only individual enrollments can.",
            )),
            (other, _) => Err(ProvisioningError::argument(format!(
                "Unknown attestation type \"{}\"; it must be symmetricKey, x509 or tpm.",
                other.unwrap_or("")
            ))),
        }
    }
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn symmetric_key(input: KeysInput) -> Result<Attestation> {
    let key = |key: Option<String>| match non_empty(key) {
        Some(key) => check_key(&key).map(|()| key),
        None => Ok(generate_long_key()),
    };
    Ok(Attestation::SymmetricKey {
        primary_key: key(input.primary_key)?,
        secondary_key: key(input.secondary_key)?,
    })
}

fn check_key(key: &str) -> Result<()> {
    match STANDARD.decode(key) {
        Ok(bytes) if (16..=64).contains(&bytes.len()) => Ok(()),
        _ => Err(ProvisioningError::argument(
            "Invalid symmetric key: base64 of 16 to 64 bytes is expected.",
        )),
    }
}

fn x509(input: X509Input, kind: EnrollmentKind, existing: Option<&Attestation>) -> Result<Attestation> {
    if input
        .ca_references
        .is_some_and(|references| !references.is_null())
    {
        return Err(ProvisioningError::not_implemented(
            "The emulator has no certificate authorities to refer to; use signingCertificates.",
        ));
    }
    let (certificates, member) = match kind {
        EnrollmentKind::Individual => (input.client_certificates, "clientCertificates"),
        EnrollmentKind::Group => (input.signing_certificates, "signingCertificates"),
    };
    let certificates = certificates.unwrap_or_default();
    let read = |input: Option<CertificateInput>, name: &str| -> Result<Option<Box<Certificate>>> {
        match input {
            None => Ok(None),
            Some(input) => read_certificate(input, existing)
                .map(Some)
                .map_err(|reason| ProvisioningError::argument(format!("{member}.{name}: {reason}"))),
        }
    };
    let primary = read(certificates.primary, "primary")?;
    let secondary = read(certificates.secondary, "secondary")?;
    match primary {
        Some(primary) => Ok(Attestation::X509 { primary, secondary }),
        None => Err(ProvisioningError::argument(format!(
            "The attestation type x509 requires {member}.primary.certificate."
        ))),
    }
}

/// Reads a certificate. Without one, the thumbprint in its readable part selects one of `existing`.
fn read_certificate(
    input: CertificateInput,
    existing: Option<&Attestation>,
) -> Result<Box<Certificate>, String> {
    if let Some(text) = non_empty(input.certificate) {
        return certificate::parse(&text).map(Box::new);
    }
    let thumbprint = input
        .info
        .and_then(|info| info.sha256_thumbprint)
        .unwrap_or_default();
    let mut known = existing.into_iter().flat_map(Attestation::certificates);
    let found = known.find(|known| known.info.sha256_thumbprint.eq_ignore_ascii_case(&thumbprint));
    found
        .map(|found| Box::new(found.clone()))
        .ok_or_else(|| "there is no certificate".to_owned())
}

fn tpm(input: TpmInput) -> Result<Attestation> {
    let endorsement_key = non_empty(input.endorsement_key).ok_or_else(|| {
        ProvisioningError::argument("The attestation type tpm requires tpm.endorsementKey.")
    })?;
    Ok(Attestation::Tpm {
        endorsement_key,
        storage_root_key: non_empty(input.storage_root_key),
    })
}
