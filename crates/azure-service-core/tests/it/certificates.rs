//! Rejected certificates are reported with the reason and not retried.

use super::support::*;
use azure_core::credentials::Secret;
use azure_core::http::ClientOptions;
use azure_service_core::{CertificateFailure, ConnectionFailure, Error};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

/// Starts a server that requires a client certificate issued by `authority`, and returns rooms named after the number
/// of certificates that the client presented. Returns its address.
async fn server_with_client_verification(authority: &CertifiedIssuer<'static, KeyPair>) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let roots = Arc::new(roots);
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let presented = stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let body = format!("{{\"name\":\"{presented}\"}}");
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all((head + &body).as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn transport_with_an_identity_presents_the_client_certificate() {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let address = server_with_client_verification(&authority).await;
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["device-1".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let identity = Secret::new(format!("{}{}", key.serialize_pem(), certificate.pem()));
    let call = async |transport| {
        let options = ClientOptions {
            transport: Some(transport),
            retry: azure_service_core::retry_options(),
            ..ClientOptions::default()
        };
        get(&client(&format!("https://{address}"), &anonymous(), options)).await
    };
    let trusted = authority.pem();
    let transport = azure_service_core::transport_with_identity(&identity, Some(&trusted)).unwrap();
    let room = call(transport).await.unwrap();
    assert_eq!(room.name, "1", "the number of certificates");
    // Without a certificate the server refuses the handshake.
    let transport = azure_service_core::transport_trusting(&trusted).unwrap();
    call(transport).await.unwrap_err();
}

#[test]
fn identity_without_a_key_or_a_certificate_is_refused_without_showing_it() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    for identity in ["", "c2VjcmV0", key.as_str()] {
        let error = azure_service_core::transport_with_identity(&Secret::new(identity.to_owned()), None);
        let error = error.err().unwrap();
        assert_eq!(error.parameter(), Some("identity"));
        let shown = format!("{error:?}");
        assert!(identity.is_empty() || !shown.contains(identity), "{shown}");
    }
}
