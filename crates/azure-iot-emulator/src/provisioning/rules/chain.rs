//! Verification of certificate chains.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use time::OffsetDateTime;

use crate::provisioning::store::attestation::Certificate;

/// Returns whether a chain, with the device's certificate first, leads to a certificate that signs those of a group. The
/// chain need not include the signing certificate.
pub(crate) fn leads_to(chain: &[CertificateDer<'static>], signer: &Certificate, now: OffsetDateTime) -> bool {
    let Some((leaf, intermediates)) = chain.split_first() else {
        return false;
    };
    let Ok(now) = u64::try_from(now.unix_timestamp()) else {
        return false;
    };
    let mut roots = RootCertStore::empty();
    let Ok(der) = STANDARD.decode(&signer.der) else {
        return false;
    };
    if roots.add(CertificateDer::from(der)).is_err() {
        return false;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    verifier.is_ok_and(|verifier| verifier.verify_client_cert(leaf, intermediates, now).is_ok())
}
