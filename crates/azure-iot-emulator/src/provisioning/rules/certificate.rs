//! Parsing of certificates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::provisioning::store::attestation::{Certificate, CertificateInfo};

/// Parses a certificate in PEM, or in base64 without the lines around it. The error says what is wrong.
pub(crate) fn parse(text: &str) -> Result<Certificate, String> {
    let der = if text.contains("-----BEGIN") {
        CertificateDer::from_pem_slice(text.as_bytes())
            .map_err(|error| format!("it is not a certificate in PEM: {error}"))?
            .to_vec()
    } else {
        let text: String = text.split_whitespace().collect();
        STANDARD
            .decode(text)
            .map_err(|error| format!("it is neither PEM nor base64: {error}"))?
    };
    let info = info(&der)?;
    Ok(Certificate {
        der: STANDARD.encode(der),
        info,
    })
}

/// Returns the readable part of a certificate.
pub(crate) fn info(der: &[u8]) -> Result<CertificateInfo, String> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| format!("it is not an X.509 certificate: {error}"))?;
    Ok(CertificateInfo {
        subject_name: certificate.subject().to_string(),
        sha1_thumbprint: hexadecimal(&Sha1::digest(der)),
        sha256_thumbprint: hexadecimal(&Sha256::digest(der)),
        issuer_name: certificate.issuer().to_string(),
        not_before_utc: time_text(certificate.validity().not_before.to_datetime()),
        not_after_utc: time_text(certificate.validity().not_after.to_datetime()),
        serial_number: hexadecimal(certificate.raw_serial()),
        // The encoding counts from 0.
        version: certificate.version().0 + 1,
    })
}

/// Returns the common name of a certificate's subject.
pub(crate) fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let mut names = certificate.subject().iter_common_name();
    names.next()?.as_str().ok().map(str::to_owned)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[expect(
    clippy::expect_used,
    reason = "times of certificates have four-digit years and UTC"
)]
fn time_text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339)
        .expect("every time of a certificate has an RFC 3339 format")
}
