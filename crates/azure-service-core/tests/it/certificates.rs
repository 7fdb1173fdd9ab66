//! Rejected certificates are reported with the reason and not retried.

use super::support::*;
use azure_core::http::ClientOptions;
use azure_service_core::{CertificateFailure, ConnectionFailure, Error};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Calls a server whose certificate is for `name` and valid for one day from `begin`. Returns the error, the number
/// of connections, and the server's address.
async fn call(name: &str, begin: OffsetDateTime, trusted: bool) -> (Error, usize, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = begin;
    params.not_after = begin + Duration::days(1);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let (acceptor, count) = (TlsAcceptor::from(Arc::new(config)), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            // The client aborts the handshake.
            acceptor.accept(stream).await.unwrap_err();
        }
    });
    let options = ClientOptions {
        transport: trusted.then(|| azure_service_core::transport_trusting(&authority.pem()).unwrap()),
        retry: azure_service_core::retry_options(),
        ..ClientOptions::default()
    };
    let client = client(&format!("https://{address}"), &anonymous(), options);
    let error = get(&client).await.unwrap_err();
    (error, count.load(Ordering::SeqCst), address)
}

#[tokio::test]
async fn certificate_failures_have_their_reason_and_are_not_retried() {
    let now = OffsetDateTime::now_utc();
    let begun = now - Duration::hours(1);
    let cases = [
        (
            call("localhost", begun, false).await,
            CertificateFailure::UnknownIssuer,
            "its certificate is not trusted: the issuer is unknown",
        ),
        (
            call("other.example", begun, true).await,
            CertificateFailure::WrongName {
                expected: Some("localhost".to_owned()),
                presented: vec!["other.example".to_owned()],
            },
            "its certificate is not valid for \"localhost\", only for other.example",
        ),
        (
            call("localhost", now - Duration::days(9), true).await,
            CertificateFailure::Expired,
            "its certificate has expired",
        ),
        (
            call("localhost", now + Duration::days(9), true).await,
            CertificateFailure::NotValidYet,
            "its certificate is not valid yet",
        ),
    ];
    for ((error, connections, address), failure, text) in cases {
        assert_eq!(
            report(&error),
            format!("cannot connect to {address}: {text} (get_room)")
        );
        assert_eq!(
            error.connection_failure(),
            Some(&ConnectionFailure::Certificate(failure))
        );
        assert!(error.is_connection() && error.is_certificate() && !error.is_retryable());
        assert_eq!((error.attempts(), connections), (1, 1), "{error}");
    }
}
