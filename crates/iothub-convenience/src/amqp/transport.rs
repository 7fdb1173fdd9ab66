//! The byte stream under AMQP: TCP with an optional proxy, TLS, and an optional WebSocket.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use azure_service_core::ConnectionFailure;
use bytes::Bytes;
use futures::{Sink, SinkExt, StreamExt, TryStreamExt, future};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};
use url::Url;

use crate::amqp::error::{AmqpError, AmqpErrorKind};
use crate::amqp::options::{AmqpOptions, AmqpProxy, AmqpTransport};
use crate::error::{Error, Result};

const PORT: u16 = 5671;
const WEBSOCKET_PATH: &str = "/$iothub/websocket";
const WEBSOCKET_PROTOCOL: &str = "AMQPWSB10";
/// The maximum size of a proxy's response head, in bytes.
const PROXY_RESPONSE_LIMIT: usize = 16 * 1024;

/// The endpoint of AMQP, and the settings to connect to it.
#[derive(Clone)]
pub(crate) struct Target {
    host: String,
    port: u16,
    transport: AmqpTransport,
    proxy: Option<AmqpProxy>,
    server_name: ServerName<'static>,
    tls: Arc<ClientConfig>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("transport", &self.transport)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// Creates the target for the endpoint in the options, or if there is none, for the hub with this REST endpoint.
    #[expect(
        clippy::expect_used,
        reason = "the endpoint of a client is an http or https URL"
    )]
    pub(crate) fn new(endpoint: &Url, options: &AmqpOptions) -> Result<Self> {
        let invalid = || Error::invalid_input("amqp.endpoint", "must be a host with an optional port");
        let default_port = match options.transport {
            AmqpTransport::Tcp => PORT,
            // The WebSocket uses the port of the REST API.
            AmqpTransport::WebSocket => endpoint.port_or_known_default().unwrap_or(443),
        };
        let (host, port) = match &options.endpoint {
            None => (
                endpoint.host_str().expect("an https URL has a host").to_owned(),
                default_port,
            ),
            Some(text) => {
                let text = text.strip_prefix("amqps://").unwrap_or(text);
                let url = Url::parse(&format!("amqps://{text}")).map_err(|_| invalid())?;
                let is_host =
                    matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
                let host = url.host_str().filter(|_| is_host).ok_or_else(invalid)?;
                (host.to_owned(), url.port().unwrap_or(default_port))
            }
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let server_name = ServerName::try_from(host.clone()).map_err(|_| invalid())?;
        Ok(Self {
            host,
            port,
            transport: options.transport,
            proxy: options.proxy.clone(),
            server_name,
            tls: tls(options.trusted_certificates.as_deref())?,
        })
    }

    /// Opens the stream.
    pub(crate) async fn connect(&self) -> Result<Stream, AmqpError> {
        let stream = match &self.proxy {
            None => tcp(&self.host, self.port).await?,
            Some(proxy) => self.tunnel(proxy).await?,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small AMQP frames may be delayed");
        }
        let tls = TlsConnector::from(self.tls.clone());
        let stream = tls
            .connect(self.server_name.clone(), stream)
            .await
            .map_err(failed)?;
        match self.transport {
            AmqpTransport::Tcp => Ok(Stream::new(stream)),
            AmqpTransport::WebSocket => self.websocket(stream).await,
        }
    }

    /// Returns the host and port, for error messages and the `Host` header.
    pub(crate) fn authority(&self) -> String {
        match &self.server_name {
            ServerName::IpAddress(_) if self.host.contains(':') => format!("[{}]:{}", self.host, self.port),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// Opens a connection to the hub through `proxy` with `CONNECT`.
    ///
    /// hyper-util's connector is unsuitable: its error type is private and omits all statuses except 407, and it
    /// refuses any 2xx status other than 200.
    async fn tunnel(&self, proxy: &AmqpProxy) -> Result<TcpStream, AmqpError> {
        let refused = |text: String| AmqpError::new(AmqpErrorKind::Connection).with_message(text);
        let authority = self.authority();
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = proxy.authorization() {
            request.push_str("Proxy-Authorization: Basic ");
            request.push_str(authorization.secret());
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        let (host, port) = proxy.address();
        let mut stream = tcp(host, port)
            .await
            .map_err(|error| error.with_target(format!("the proxy {host}:{port}")))?;
        stream.write_all(request.as_bytes()).await.map_err(failed)?;
        let mut head = Vec::new();
        // Reads byte by byte, because the bytes after the response head come from the hub.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == PROXY_RESPONSE_LIMIT {
                return Err(refused(format!(
                    "the response head of the proxy exceeds {PROXY_RESPONSE_LIMIT} bytes"
                )));
            }
            head.push(stream.read_u8().await.map_err(failed)?);
        }
        let head = String::from_utf8_lossy(&head);
        let line = head.lines().next().unwrap_or_default();
        match line.split(' ').nth(1) {
            Some(status) if line.starts_with("HTTP/1.") && status.starts_with('2') && status.len() == 3 => {
                Ok(stream)
            }
            _ => Err(refused(format!("the proxy returned {line:?}"))),
        }
    }

    async fn websocket<S>(&self, stream: S) -> Result<Stream, AmqpError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let failed = |error: tungstenite::Error| AmqpError::new(AmqpErrorKind::Connection).with_source(error);
        let url = format!("wss://{}{WEBSOCKET_PATH}", self.authority());
        let mut request = url.into_client_request().map_err(failed)?;
        let protocol = HeaderValue::from_static(WEBSOCKET_PROTOCOL);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .map_err(failed)?;
        let (sink, stream) = socket.split();
        let incoming = stream.map_err(io::Error::other).try_filter_map(|message| {
            future::ready(Ok(match message {
                Message::Binary(bytes) => Some(bytes),
                _ => None,
            }))
        });
        let reader = StreamReader::new(incoming);
        let writer = SinkWriter::new(CopyToBytes::new(Binary(sink)));
        Ok(Stream::new(tokio::io::join(reader, writer)))
    }
}

fn failed(error: io::Error) -> AmqpError {
    AmqpError::new(AmqpErrorKind::Connection).with_source(error)
}

/// Opens a TCP connection. The error tells whether the host name could not be resolved.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, AmqpError> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<_> = addresses
        .map_err(|_| AmqpError::no_connection(ConnectionFailure::UnknownHost))?
        .collect();
    TcpStream::connect(addresses.as_slice()).await.map_err(failed)
}

/// Returns a TLS configuration that trusts the certificates of the system and `trusted`.
fn tls(trusted: Option<&str>) -> Result<Arc<ClientConfig>> {
    let invalid = || Error::invalid_input("amqp.trusted_certificates", "contains no PEM certificate");
    let certificates = match trusted {
        None => Vec::new(),
        Some(pem) => {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            read.ok().filter(|read| !read.is_empty()).ok_or_else(invalid)?
        }
    };
    let other =
        |error: rustls::Error| Error::from(AmqpError::new(AmqpErrorKind::Connection).with_source(error));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(certificates, provider.clone()).map_err(other)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

/// A byte stream of any transport.
pub(crate) struct Stream(Box<dyn Io>);

impl Stream {
    fn new(stream: impl Io + 'static) -> Self {
        Self(Box::new(stream))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// A byte sink that writes binary messages to a WebSocket. It is handwritten because sink combinators panic if they
/// are used after an error, which happens when a connection is closed.
struct Binary<S>(S);

impl<S: Sink<Message, Error = tungstenite::Error> + Unpin> Sink<Bytes> for Binary<S> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(context).map_err(io::Error::other)
    }

    fn start_send(mut self: Pin<&mut Self>, bytes: Bytes) -> io::Result<()> {
        self.0
            .start_send_unpin(Message::Binary(bytes))
            .map_err(io::Error::other)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(context).map_err(io::Error::other)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(context).map_err(io::Error::other)
    }
}
