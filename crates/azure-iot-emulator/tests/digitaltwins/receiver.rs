//! A webhook receiver that records requests, with or without TLS.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::header::{HeaderValue, LOCATION};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// A record of the receiver: a request with its event, or a failed TLS handshake.
pub(crate) type Seen = Result<(http::request::Parts, Value), std::io::Error>;

/// Starts a receiver that responds with these statuses in turn, then with 200. Returns its URL and a channel of its
/// records.
pub(crate) async fn receiver(statuses: &'static [u16]) -> (Url, mpsc::UnboundedReceiver<Seen>) {
    serve(statuses, None).await
}

/// Starts a receiver whose certificate is issued by a new certificate authority. Also returns the authority's
/// certificate as PEM.
pub(crate) async fn tls_receiver() -> (Url, mpsc::UnboundedReceiver<Seen>, String) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let pem = authority
        .self_signed(&authority_key)
        .expect("a certificate")
        .pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)
        .and_then(|server| server.signed_by(&key, &issuer))
        .expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("a configuration");
    let (url, got) = serve(&[], Some(TlsAcceptor::from(Arc::new(config)))).await;
    (url, got, pem)
}

async fn serve(statuses: &'static [u16], tls: Option<TlsAcceptor>) -> (Url, mpsc::UnboundedReceiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = Url::parse(&format!("{scheme}://{address}/hook?key=1")).expect("a URL");
    let (sender, got) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (sender, count) = (sender.clone(), count.clone());
            match &tls {
                None => drop(tokio::spawn(connection(stream, statuses, sender, count))),
                Some(tls) => {
                    let accepted = tls.accept(stream);
                    tokio::spawn(async move {
                        match accepted.await {
                            Ok(stream) => connection(stream, statuses, sender, count).await,
                            Err(error) => sender.send(Err(error)).expect("the test is running"),
                        }
                    });
                }
            }
        }
    });
    (url, got)
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    statuses: &'static [u16],
    sender: mpsc::UnboundedSender<Seen>,
    count: Arc<AtomicUsize>,
) {
    let respond = move |request: Request<Incoming>| {
        let (sender, count) = (sender.clone(), count.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let event = serde_json::from_slice(&body).expect("JSON");
            sender.send(Ok((parts, event))).expect("the test is running");
            let status = statuses.get(count.fetch_add(1, Ordering::Relaxed));
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = StatusCode::from_u16(status.copied().unwrap_or(200)).expect("a status");
            if response.status().is_redirection() {
                let location = HeaderValue::from_static("/elsewhere");
                response.headers_mut().insert(LOCATION, location);
            }
            Ok::<_, Infallible>(response)
        }
    };
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(respond));
    // The connection may break when the test ends.
    drop(served.await);
}

/// Returns the next record of a receiver. The timeout only keeps a failing test from running forever.
pub(crate) async fn next(got: &mut mpsc::UnboundedReceiver<Seen>) -> Seen {
    let next = tokio::time::timeout(Duration::from_secs(60), got.recv());
    next.await
        .expect("a record within the timeout")
        .expect("the receiver is running")
}

pub(crate) async fn event(got: &mut mpsc::UnboundedReceiver<Seen>) -> (http::request::Parts, Value) {
    next(got).await.expect("a request")
}
