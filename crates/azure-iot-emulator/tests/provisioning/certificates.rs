use azure_iot_emulator::ServiceRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::support::{Dps, ID_SCOPE, KEY, Response, build};

fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = datetime!(2026-01-01 00:00 UTC);
    parameters.not_after = datetime!(2027-01-01 00:00 UTC);
    parameters
}

fn self_signed(name: &str) -> Certificate {
    parameters(name)
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
}

fn authority_parameters(name: &str) -> CertificateParams {
    let mut parameters = parameters(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    CertifiedIssuer::self_signed(authority_parameters(name), KeyPair::generate().unwrap()).unwrap()
}

fn signed(name: &str, issuer: &CertifiedIssuer<'static, KeyPair>) -> Certificate {
    parameters(name)
        .signed_by(&KeyPair::generate().unwrap(), issuer)
        .unwrap()
}

fn der(certificate: &Certificate) -> Bytes {
    Bytes::copy_from_slice(certificate.der())
}

fn request(method: &str, path: &str, chain: &[Bytes], body: Option<&Value>) -> ServiceRequest {
    build(method, path, body).with_client_certificates(chain.to_vec())
}

async fn start(dps: &Dps, id: &str, chain: &[Bytes]) -> Response {
    let path = format!("/{ID_SCOPE}/registrations/{id}/register");
    let body = json!({ "registrationId": id });
    dps.request(request("PUT", &path, chain, Some(&body))).await
}

async fn register(dps: &Dps, id: &str, chain: &[Bytes]) -> Value {
    let started = start(dps, id, chain).await;
    assert_eq!(started.status, 202, "{}", started.body);
    let operation = started.body["operationId"].as_str().unwrap();
    let path = format!("/{ID_SCOPE}/registrations/{id}/operations/{operation}");
    dps.request(request("GET", &path, chain, None)).await.ok()
}

fn enrollment(id: &str, primary: &str, secondary: Option<&str>) -> Value {
    let mut certificates = json!({"primary": {"certificate": primary}});
    if let Some(secondary) = secondary {
        certificates["secondary"] = json!({ "certificate": secondary });
    }
    json!({
        "registrationId": id,
        "attestation": {"type": "x509", "x509": {"clientCertificates": certificates}},
    })
}

fn group(id: &str, primary: &str) -> Value {
    json!({
        "enrollmentGroupId": id,
        "attestation": {"type": "x509", "x509": {"signingCertificates": {"primary": {"certificate": primary}}}},
    })
}

/// DPS-ATTEST-4, DPS-ATTEST-5.
#[tokio::test]
async fn certificates_are_returned_as_their_readable_part() {
    let dps = Dps::new();
    let certificate = self_signed("device-1");
    let created = dps
        .put(
            "/enrollments/device-1",
            &enrollment("device-1", &certificate.pem(), None),
        )
        .await;
    let created = created.ok();
    let primary = &created["attestation"]["x509"]["clientCertificates"]["primary"];
    assert_eq!(primary.get("certificate"), None);
    let info = &primary["info"];
    assert_eq!(info["subjectName"], "CN=device-1");
    assert_eq!(info["issuerName"], "CN=device-1");
    assert_eq!(info["notBeforeUtc"], "2026-01-01T00:00:00Z");
    assert_eq!(info["notAfterUtc"], "2027-01-01T00:00:00Z");
    assert_eq!(info["version"], 3);
    assert_eq!(info["sha1Thumbprint"].as_str().unwrap().len(), 40);
    assert_eq!(info["sha256Thumbprint"].as_str().unwrap().len(), 64);
    assert!(!info["serialNumber"].as_str().unwrap().is_empty());
    // The certificate may also be base64 without the PEM header and footer.
    let base64 = STANDARD.encode(certificate.der());
    let again = dps
        .put("/enrollments/device-1", &enrollment("device-1", &base64, None))
        .await
        .ok();
    assert_eq!(again["attestation"], created["attestation"]);
    // A client that sends the enrollment back as it was read keeps the certificate.
    let mut read = dps.get("/enrollments/device-1").await.ok();
    read["provisioningStatus"] = json!("disabled");
    let updated = dps.put("/enrollments/device-1", &read).await.ok();
    assert_eq!(updated["attestation"], created["attestation"]);
    for bad in [
        "text",
        "AAAA",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ] {
        let message = dps
            .put("/enrollments/b", &enrollment("b", bad, None))
            .await
            .error(400_004);
        assert!(message.starts_with("clientCertificates.primary: "), "{message}");
    }
}

/// DPS-REG-14, DPS-REG-10, DPS-REG-4, DPS-REG-13.
#[tokio::test]
async fn thumbprint_attests_an_individual_enrollment() {
    let dps = Dps::new();
    let (first, second, other) = (
        self_signed("Device-1"),
        self_signed("device-1"),
        self_signed("device-1"),
    );
    let body = enrollment("device-1", &first.pem(), Some(&second.pem()));
    dps.put("/enrollments/device-1", &body).await.ok();
    for certificate in [&first, &second] {
        let end = register(&dps, "device-1", &[der(certificate)]).await;
        let x509 = &end["registrationState"]["x509"];
        let thumbprint = &x509["certificateInfo"]["sha256Thumbprint"];
        assert_eq!(x509["enrollmentGroupId"], Value::Null);
        let device = dps.of_hub("GET", "/devices/device-1").await.ok();
        assert_eq!(device["authentication"]["type"], "selfSigned");
        assert_eq!(
            device["authentication"]["x509Thumbprint"]["primaryThumbprint"],
            *thumbprint
        );
    }
    start(&dps, "device-1", &[der(&other)]).await.error(401_002);
    // The common name differs from the registration id, or the device has a key instead of a certificate.
    start(&dps, "device-2", &[der(&first)]).await.error(401_002);
    dps.start("device-1", KEY, None).await.error(401_002);
    dps.enroll("device-3", &json!({})).await;
    start(&dps, "device-3", &[der(&self_signed("device-3"))])
        .await
        .error(401_002);
}

/// DPS-REG-14, DPS-REG-15, DPS-REG-4.
#[tokio::test]
async fn chain_to_a_signing_certificate_attests_the_devices_of_a_group() {
    let dps = Dps::new();
    let root = authority("root");
    let intermediate = CertifiedIssuer::signed_by(
        authority_parameters("intermediate"),
        KeyPair::generate().unwrap(),
        &root,
    )
    .unwrap();
    dps.put("/enrollmentGroups/direct", &group("direct", &root.pem()))
        .await
        .ok();
    let (leaf, deep) = (signed("leaf", &root), signed("deep", &intermediate));
    let end = register(&dps, "leaf", &[der(&leaf)]).await;
    let x509 = &end["registrationState"]["x509"];
    assert_eq!(x509["enrollmentGroupId"], "direct");
    assert_eq!(x509["certificateInfo"]["subjectName"], "CN=leaf");
    assert_eq!(x509["signingCertificateInfo"]["subjectName"], "CN=root");
    assert_eq!(end["registrationState"]["deviceId"], "leaf");
    // The intermediate certificate must be in the chain, unless it is the group's signing certificate.
    start(&dps, "deep", &[der(&deep)]).await.error(401_002);
    let middle = Bytes::copy_from_slice(intermediate.der());
    register(&dps, "deep", &[der(&deep), middle.clone()]).await;
    let body = group("middle", &intermediate.pem());
    dps.put("/enrollmentGroups/middle", &body).await.ok();
    register(&dps, "deep", &[der(&deep)]).await;

    let stranger = authority("root");
    start(&dps, "leaf", &[der(&signed("leaf", &stranger))])
        .await
        .error(401_002);
    start(&dps, "root", &[Bytes::copy_from_slice(root.der())])
        .await
        .error(401_002);
    start(&dps, "other", &[der(&leaf)]).await.error(401_002);
    // The service's clock decides whether a certificate is valid.
    dps.clock.set(datetime!(2027-02-01 00:00 UTC));
    start(&dps, "leaf", &[der(&leaf)]).await.error(401_002);
}
