//! Attestation: finds the enrollment of a device and checks the device's credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use rustls::pki_types::CertificateDer;

use crate::provisioning::errors::{ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::device_token::{DeviceToken, derived_key};
use crate::provisioning::rules::{certificate, chain};
use crate::provisioning::store::Store;
use crate::provisioning::store::attestation::{Attestation, Certificate, CertificateInfo};
use crate::provisioning::store::enrollment::{Enrollment, EnrollmentKind};
use crate::provisioning::store::registration::Proof;
use crate::service::ServiceRequest;
use crate::service::assignment::DeviceCredentials;

pub(super) const NO_TPM: &str = "The emulator has no TPM attestation; use a symmetric key or a certificate.";

/// A device whose credentials were accepted.
#[derive(Debug)]
pub(crate) struct AttestedDevice {
    /// As in the request.
    pub(crate) registration_id: String,
    pub(crate) kind: EnrollmentKind,
    pub(crate) enrollment: Enrollment,
    pub(crate) proof: Proof,
    pub(crate) credentials: DeviceCredentials,
}

/// The credentials in a request.
enum Presented<'a> {
    Token(DeviceToken<'a>),
    Chain {
        chain: Vec<CertificateDer<'static>>,
        info: CertificateInfo,
    },
}

impl ProvisioningService {
    /// Finds the enrollment of a device: the individual enrollment with its id, or else the group from which its key is derived
    /// or whose certificate signs the chain of its certificate.
    pub(super) fn attest(&self, request: &ServiceRequest, registration_id: &str) -> Result<AttestedDevice> {
        let presented = self
            .presented(request, registration_id)
            .ok_or_else(ProvisioningError::unauthorized)?;
        let now = self.clock().now();
        self.read(|store| {
            if let Some(enrollment) = store.enrollment(EnrollmentKind::Individual, registration_id) {
                if matches!(enrollment.attestation, Attestation::Tpm { .. }) {
                    return Err(ProvisioningError::not_implemented(NO_TPM));
                }
                return by_individual(enrollment, &presented, registration_id)
                    .ok_or_else(ProvisioningError::unauthorized);
            }
            by_group(store, &presented, registration_id, now).ok_or_else(ProvisioningError::unauthorized)
        })
    }

    /// Returns the credentials of a request, if they are for this registration.
    fn presented<'a>(&self, request: &'a ServiceRequest, registration_id: &str) -> Option<Presented<'a>> {
        if let Some(leaf) = request.client_certificates.first() {
            // The registration id of a certificate is its common name.
            let name = certificate::common_name(leaf)?;
            let info = certificate::info(leaf).ok()?;
            let chain = request.client_certificates.iter();
            return name
                .eq_ignore_ascii_case(registration_id)
                .then(|| Presented::Chain {
                    chain: chain.map(|der| CertificateDer::from(der.to_vec())).collect(),
                    info,
                });
        }
        let header = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let now = self.clock().now();
        DeviceToken::parse(header, self.id_scope(), registration_id, now).map(Presented::Token)
    }
}

fn by_individual(
    enrollment: &Enrollment,
    presented: &Presented<'_>,
    registration_id: &str,
) -> Option<AttestedDevice> {
    let (proof, credentials) = match (&enrollment.attestation, presented) {
        (
            Attestation::SymmetricKey {
                primary_key,
                secondary_key,
            },
            Presented::Token(token),
        ) => {
            if !token.is_signed_by([primary_key, secondary_key]) {
                return None;
            }
            let credentials = DeviceCredentials::Keys {
                primary: primary_key.clone(),
                secondary: secondary_key.clone(),
            };
            (Proof::SymmetricKey { group: None }, credentials)
        }
        (Attestation::X509 { .. }, Presented::Chain { info, .. }) => {
            let mut known = enrollment.attestation.certificates();
            known.find(|known| known.info.sha256_thumbprint == info.sha256_thumbprint)?;
            let proof = Proof::X509 {
                group: None,
                certificate: Box::new(info.clone()),
                signer: None,
            };
            (
                proof,
                DeviceCredentials::Thumbprint(info.sha256_thumbprint.clone()),
            )
        }
        _ => return None,
    };
    Some(AttestedDevice {
        registration_id: registration_id.to_owned(),
        kind: EnrollmentKind::Individual,
        enrollment: enrollment.clone(),
        proof,
        credentials,
    })
}

fn by_group(
    store: &Store,
    presented: &Presented<'_>,
    registration_id: &str,
    now: time::OffsetDateTime,
) -> Option<AttestedDevice> {
    store
        .enrollments(EnrollmentKind::Group)
        .values()
        .find_map(|group| {
            let (proof, credentials) = match (&group.attestation, presented) {
                (
                    Attestation::SymmetricKey {
                        primary_key,
                        secondary_key,
                    },
                    Presented::Token(token),
                ) => {
                    let [primary, secondary] =
                        [primary_key, secondary_key].map(|key| derived_key(key, registration_id));
                    if !token.is_signed_by([&primary, &secondary]) {
                        return None;
                    }
                    let proof = Proof::SymmetricKey {
                        group: Some(group.id.clone()),
                    };
                    (proof, DeviceCredentials::Keys { primary, secondary })
                }
                (Attestation::X509 { .. }, Presented::Chain { chain, info }) => {
                    let mut signers = group.attestation.certificates();
                    let signer = signers.find(|signer| is_signed_by(chain, signer, now))?;
                    let proof = Proof::X509 {
                        group: Some(group.id.clone()),
                        certificate: Box::new(info.clone()),
                        signer: Some(Box::new(signer.info.clone())),
                    };
                    (
                        proof,
                        DeviceCredentials::Thumbprint(info.sha256_thumbprint.clone()),
                    )
                }
                _ => return None,
            };
            Some(AttestedDevice {
                registration_id: registration_id.to_owned(),
                kind: EnrollmentKind::Group,
                enrollment: group.clone(),
                proof,
                credentials,
            })
        })
}

/// Returns whether a chain leads to `signer`. The signing certificate itself attests no device.
fn is_signed_by(chain: &[CertificateDer<'static>], signer: &Certificate, now: time::OffsetDateTime) -> bool {
    let is_leaf = chain
        .first()
        .is_some_and(|leaf| STANDARD.encode(leaf) == signer.der);
    !is_leaf && chain::leads_to(chain, signer, now)
}
