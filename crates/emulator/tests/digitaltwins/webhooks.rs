//! Section 5: events over HTTP and HTTPS.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use emulator::{EndpointError, Service, ServiceRequest};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::fixture::Instance;

/// What a receiver saw: a request, or a handshake that the other side broke off.
type Seen = Result<(http::request::Parts, Value), std::io::Error>;

/// A receiver that answers these statuses in turn, then 200. Gives its address and what it got.
async fn receiver(statuses: &'static [u16]) -> (Url, mpsc::UnboundedReceiver<Seen>) {
    serve(statuses, None).await
}

/// A receiver with a certificate of an authority of its own, whose certificate is the text.
async fn tls_receiver() -> (Url, mpsc::UnboundedReceiver<Seen>, String) {
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
                            Err(error) => sender.send(Err(error)).expect("the test goes on"),
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
    let answer = move |request: Request<Incoming>| {
        let (sender, count) = (sender.clone(), count.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let event = serde_json::from_slice(&body).expect("JSON");
            sender.send(Ok((parts, event))).expect("the test goes on");
            let status = statuses.get(count.fetch_add(1, Ordering::Relaxed));
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = StatusCode::from_u16(status.copied().unwrap_or(200)).expect("a status");
            Ok::<_, Infallible>(response)
        }
    };
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    // The connection may end in the middle, when the test does.
    drop(served.await);
}

/// The next thing that a receiver sees, within a time that only bounds failure.
async fn next(got: &mut mpsc::UnboundedReceiver<Seen>) -> Seen {
    let next = tokio::time::timeout(Duration::from_secs(60), got.recv());
    next.await.expect("in time").expect("the receiver is there")
}

async fn event(got: &mut mpsc::UnboundedReceiver<Seen>) -> (http::request::Parts, Value) {
    next(got).await.expect("a request")
}

async fn send(instance: &Instance, method: Method, path: &str, body: Value) {
    let path = format!("{path}?api-version=2023-10-31");
    let request = ServiceRequest::new(method, &path)
        .expect("a path")
        .with_json(&body);
    let response = instance.service.handle(request).await;
    assert!(response.status.is_success(), "{path} {}", response.status);
}

async fn routed(instance: &Instance, url: &Url) {
    instance.service.add_webhook("hook", url).expect("an endpoint");
    let route = json!({"endpointName": "hook", "filter": "true"});
    send(instance, Method::PUT, "/eventroutes/r", route).await;
    send(instance, Method::POST, "/models", crate::fixture::building()).await;
}

async fn put(instance: &Instance, id: &str) {
    let floor = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}});
    send(instance, Method::PUT, &format!("/digitaltwins/{id}"), floor).await;
}

#[tokio::test]
async fn events_are_posted_in_order() {
    let (url, mut got) = receiver(&[]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    for number in 0..20 {
        put(&instance, &format!("floor-{number}")).await;
    }
    for number in 0..20 {
        let (parts, event) = event(&mut got).await;
        assert_eq!(event["subject"], format!("floor-{number}"));
        assert_eq!(
            (parts.method, parts.uri.to_string()),
            (Method::POST, "/hook?key=1".to_owned())
        );
        assert_eq!(
            parts.headers["content-type"],
            "application/cloudevents+json; charset=utf-8"
        );
        assert_eq!(parts.headers["host"], url.authority());
        assert_eq!(event["type"], "Microsoft.DigitalTwins.Twin.Create");
    }
}

/// A receiver that is out of order for a while gets the same event again; a refusal is final.
#[tokio::test]
async fn passing_faults_are_retried_and_refusals_are_not() {
    let (url, mut got) = receiver(&[503, 429, 200, 400]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    for id in ["a", "b", "c"] {
        put(&instance, id).await;
    }
    let mut subjects = Vec::new();
    for _ in 0..5 {
        subjects.push(event(&mut got).await.1["subject"].clone());
    }
    assert_eq!(subjects, ["a", "a", "a", "b", "c"]);
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_given_up() {
    let (url, mut got) = receiver(&[500; 5]).await;
    let instance = Instance::new();
    routed(&instance, &url).await;
    put(&instance, "a").await;
    put(&instance, "b").await;
    let mut subjects = Vec::new();
    for _ in 0..6 {
        subjects.push(event(&mut got).await.1["subject"].clone());
    }
    assert_eq!(subjects, ["a", "a", "a", "a", "a", "b"]);
}

/// A receiver whose certificate leads to an authority that was named.
#[tokio::test]
async fn events_are_posted_over_tls() {
    let (url, mut got, pem) = tls_receiver().await;
    let instance = Instance::new();
    instance
        .service
        .trust_webhook_certificates(&pem)
        .expect("a certificate");
    routed(&instance, &url).await;
    for id in ["a", "b"] {
        put(&instance, id).await;
        let (parts, event) = event(&mut got).await;
        assert_eq!(
            (parts.uri.to_string(), &event["subject"]),
            ("/hook?key=1".to_owned(), &json!(id))
        );
        assert_eq!(parts.headers["host"], url.authority());
    }
}

/// The program, ended even if a test fails.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The same for the program, which is told the authority by a file.
#[tokio::test]
async fn the_program_posts_over_tls() {
    let (url, mut got, pem) = tls_receiver().await;
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, pem).expect("a file");
    let mut program = Program(
        Command::new(env!("CARGO_BIN_EXE_iot-emulator"))
            .args(["--no-iothub", "--building", "--event-webhook-ca"])
            .arg(&file)
            .arg("--ca-file")
            .arg(folder.path().join("emulator.pem"))
            .args(["--event-webhook", &format!("hook={url}"), "--log", "off"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts"),
    );
    let mut line = String::new();
    let output = program.0.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let authority = std::fs::read(text(&ready["caFile"])).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&authority).expect("a certificate")])
        .build()
        .expect("a client");
    let endpoint = text(&ready["digitaltwins"]["endpoint"]);
    let put = |path: &str, body: Value| {
        let request = client.put(format!("{endpoint}{path}?api-version=2023-10-31"));
        request
            .bearer_auth(text(&ready["bearerToken"]))
            .json(&body)
            .send()
    };
    let route = json!({"endpointName": "hook", "filter": "true"});
    let answer = put("/eventroutes/r", route).await.expect("an answer");
    assert_eq!(answer.status(), 204);
    let query = client
        .post(format!("{endpoint}/query?api-version=2023-10-31"))
        .bearer_auth(text(&ready["bearerToken"]))
        .json(&json!({"query": "SELECT TOP(1) FROM DIGITALTWINS"}));
    let page: Value = query.send().await.expect("an answer").json().await.expect("JSON");
    let twin = page["value"][0].clone();
    let id = text(&twin["$dtId"]);
    let answer = put(&format!("/digitaltwins/{id}"), twin)
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(event(&mut got).await.1["subject"], id);
}

/// Nothing is sent to a receiver whose certificate leads nowhere.
#[tokio::test]
async fn unknown_authorities_are_not_trusted() {
    let (url, mut got, _) = tls_receiver().await;
    let (_, _, other) = tls_receiver().await;
    let instance = Instance::new();
    instance
        .service
        .trust_webhook_certificates(&other)
        .expect("a certificate");
    routed(&instance, &url).await;
    put(&instance, "a").await;
    for _ in 0..5 {
        next(&mut got).await.expect_err("no handshake succeeds");
    }
}

#[test]
fn certificates_that_are_none() {
    let instance = Instance::new();
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = instance.service.trust_webhook_certificates(pem);
        assert!(
            matches!(error, Err(EndpointError::Certificates { .. })),
            "{pem:?} {error:?}"
        );
    }
}

#[test]
fn addresses_that_cannot_be() {
    let instance = Instance::new();
    let url = |text: &str| Url::parse(text).expect("a URL");
    let error = instance.service.add_webhook("e", &url("ftp://host/"));
    assert_eq!(
        error,
        Err(EndpointError::Url {
            url: "ftp://host/".to_owned()
        })
    );
    let error = instance.service.add_webhook("e", &url("http://localhost/"));
    assert_eq!(error, Err(EndpointError::NoRuntime));
}
