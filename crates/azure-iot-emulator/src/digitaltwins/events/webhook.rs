//! Events over HTTP: one after the other, repeated a few times, then given up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::digitaltwins::events::cloud_event::CloudEvent;
use crate::digitaltwins::events::endpoint::EndpointError;

/// Events that may wait for a slow receiver; what comes then is dropped.
const QUEUE: usize = 10_000;
const ATTEMPTS: u32 = 5;
/// Before the second attempt; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer, which is read only so that its connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Takes the events of one endpoint. The webhook ends with it.
#[derive(Debug)]
pub(crate) struct Sender {
    name: String,
    queue: mpsc::Sender<Arc<CloudEvent>>,
}

impl Sender {
    /// Never waits: this is called while an operation is under way.
    pub(crate) fn send(&self, event: &Arc<CloudEvent>) {
        if self.queue.try_send(Arc::clone(event)).is_err() {
            tracing::warn!(
                endpoint = self.name,
                event = event.id,
                "event dropped: too many wait"
            );
        }
    }
}

/// Sends to an address. With `https` the receiver's certificate has to lead to the platform's roots or to one of
/// `roots`.
pub(crate) fn start(
    name: &str,
    url: &Url,
    roots: &[CertificateDer<'static>],
) -> Result<Sender, EndpointError> {
    let unusable = || EndpointError::Url { url: url.to_string() };
    let host = url.host().ok_or_else(unusable)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unusable());
    }
    let host = match host {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let target = Target {
        authority: match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        },
        port: url.port_or_known_default().ok_or_else(unusable)?,
        path: match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
        tls: match url.scheme() {
            "https" => Some(connector(roots).map_err(|error| EndpointError::Tls {
                reason: error.to_string(),
            })?),
            _ => None,
        },
        host,
    };
    let runtime = Handle::try_current().map_err(|_| EndpointError::NoRuntime)?;
    let (queue, events) = mpsc::channel(QUEUE);
    runtime.spawn(deliver(name.to_owned(), target, events));
    Ok(Sender {
        name: name.to_owned(),
        queue,
    })
}

fn connector(roots: &[CertificateDer<'static>]) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots.iter().cloned(), Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // What is called dangerous is a verifier that verifies less than the platform's; this one is that.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// An address taken apart.
struct Target {
    /// As the header `Host` has it.
    authority: String,
    host: String,
    port: u16,
    path: String,
    /// For `https`.
    tls: Option<TlsConnector>,
}

async fn deliver(name: String, target: Target, mut events: mpsc::Receiver<Arc<CloudEvent>>) {
    let mut connection = None;
    while let Some(event) = events.recv().await {
        let body = match serde_json::to_vec(&*event) {
            Ok(body) => Bytes::from(body),
            Err(error) => {
                tracing::error!(endpoint = name, event = event.id, %error, "event can't be written");
                continue;
            }
        };
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            let sent = tokio::time::timeout(ATTEMPT_TIMEOUT, post(&target, &mut connection, body.clone()));
            let problem = match sent.await {
                Ok(Ok(status)) if status.is_success() => break,
                Ok(Ok(status)) if !is_passing(status) => {
                    tracing::warn!(endpoint = name, event = event.id, %status, "event refused");
                    break;
                }
                Ok(Ok(status)) => status.to_string(),
                Ok(Err(error)) => {
                    connection = None;
                    error.to_string()
                }
                Err(_) => {
                    connection = None;
                    "no answer in time".to_owned()
                }
            };
            if attempt == ATTEMPTS {
                tracing::warn!(endpoint = name, event = event.id, problem, "event given up");
                break;
            }
            tracing::debug!(
                endpoint = name,
                event = event.id,
                problem,
                attempt,
                "event is sent again"
            );
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// Whether the same request may find another answer later.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

async fn post(
    target: &Target,
    connection: &mut Option<SendRequest<Full<Bytes>>>,
    body: Bytes,
) -> Result<StatusCode, BoxError> {
    let mut kept = connection.take();
    let usable = match &mut kept {
        Some(sender) => sender.ready().await.is_ok(),
        None => false,
    };
    let mut sender = match kept.filter(|_| usable) {
        Some(sender) => sender,
        None => connect(target).await?,
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri(&target.path)
        .header(HOST, &target.authority)
        .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    Limited::new(response.into_body(), ANSWER_BYTES).collect().await?;
    *connection = Some(sender);
    Ok(status)
}

async fn connect(target: &Target) -> Result<SendRequest<Full<Bytes>>, BoxError> {
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
    let Some(tls) = &target.tls else {
        return handshake(stream).await;
    };
    let name = ServerName::try_from(target.host.clone())?;
    let stream = tls.connect(name, stream).await?;
    handshake(stream).await
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, BoxError> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection of a webhook ended");
        }
    });
    Ok(sender)
}
