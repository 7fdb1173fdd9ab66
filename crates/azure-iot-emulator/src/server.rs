//! The HTTP server in front of a service: TLS, HTTP/1.1 and HTTP/2, faults, credentials, request ids, logs.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::amqp;
use crate::auth::Authenticator;
use crate::durable::Journal;
use crate::faults::{Faults, Outcome};
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse, split_path, split_query};

/// The longest body taken, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connections may finish what they are at when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A service and what the server needs to know to guard it.
pub(crate) struct Endpoint {
    pub(crate) service: Arc<dyn Service>,
    pub(crate) authenticator: Authenticator,
    pub(crate) faults: Faults,
    /// Without it the endpoint speaks plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// What WebSockets lead to, if the service speaks AMQP.
    pub(crate) amqp: Option<Arc<amqp::Node>>,
    /// What makes changes durable before they are answered.
    pub(crate) journal: Option<Journal>,
}

/// A listening server. Dropping it closes the listener at once and aborts its connections.
pub(crate) struct Server {
    address: SocketAddr,
    /// Shared with the accepting task, so that dropping the server frees the port without waiting for the task.
    listener: SharedListener,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

type SharedListener = Arc<Mutex<Option<TcpListener>>>;

impl Server {
    /// Binds and starts to accept. Port 0 takes a free one.
    pub(crate) async fn start(address: SocketAddr, endpoint: Endpoint) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let listener: SharedListener = Arc::new(Mutex::new(Some(listener)));
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(accept_all(listener.clone(), Arc::new(endpoint), stopping));
        Ok(Self {
            address,
            listener,
            stop,
            task,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Stops accepting and waits until the connections have answered what they are at.
    pub(crate) async fn shut_down(mut self) {
        self.listener.lock().take();
        self.stop.send_replace(true);
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, &mut self.task)
            .await
            .is_err()
        {
            tracing::warn!("some connections did not end in time and are cut");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listener.lock().take();
        self.task.abort();
    }
}

async fn accept_all(listener: SharedListener, endpoint: Arc<Endpoint>, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener) => accepted,
            // An error means that the server is gone, which is a stop as well.
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok(Some(stream)) => {
                let endpoint = endpoint.clone();
                let stopping = stopping.clone();
                connections.spawn(async move {
                    if let Err(error) = serve_connection(stream, endpoint, stopping).await {
                        tracing::debug!(%error, "a connection ended with an error");
                    }
                });
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "a connection can't be accepted");
                // Out of file descriptors, as a rule: trying again at once would only burn time.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    while connections.join_next().await.is_some() {}
}

/// The next connection; `None` when the listener was closed.
async fn accept(listener: &SharedListener) -> io::Result<Option<TcpStream>> {
    std::future::poll_fn(|context| match listener.lock().as_ref() {
        Some(listener) => listener.poll_accept(context).map_ok(|(stream, _)| Some(stream)),
        None => Poll::Ready(Ok(None)),
    })
    .await
}

async fn serve_connection(
    stream: TcpStream,
    endpoint: Arc<Endpoint>,
    stopping: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let reset = Arc::new(Reset::default());
    let stream = Resettable {
        stream,
        reset: reset.clone(),
    };
    match endpoint.tls.clone() {
        Some(tls) => {
            let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await??;
            serve_http(stream, endpoint, reset, stopping).await
        }
        None => serve_http(stream, endpoint, reset, stopping).await,
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    endpoint: Arc<Endpoint>,
    reset: Arc<Reset>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    let service = service_fn({
        let reset = reset.clone();
        move |request| answer(endpoint.clone(), reset.clone(), request)
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => return result,
        // The stream is dropped with the flag set, which makes the operating system send a reset.
        () = reset.requested.notified() => return Ok(()),
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

type ResponseBody = Either<Full<Bytes>, Either<ChunkedBody, HalfBody>>;

async fn answer(
    endpoint: Arc<Endpoint>,
    reset: Arc<Reset>,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    if let Some(node) = &endpoint.amqp
        && let Some(response) = amqp::upgrade(&mut request, node)
    {
        return Ok(response.map(|()| Either::Left(Full::new(Bytes::new()))));
    }
    let started = Instant::now();
    let request_id = uuid::Uuid::new_v4().to_string();
    let (mut parts, body) = request.into_parts();
    let service = endpoint.service.name();
    let verdict = endpoint.faults.judge(service, &parts.method, parts.uri.path());
    if !verdict.delay.is_zero() {
        tokio::time::sleep(verdict.delay).await;
    }
    let mut response = match verdict.outcome {
        Some(Outcome::Status(status, retry_after)) => {
            let mut response = endpoint.service.refuse(&Refusal::Fault(status), &request_id);
            if let Some(seconds) = retry_after {
                response.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Some(Outcome::Reset { processed: false }) => return reset.now().await,
        Some(Outcome::Reset { processed: true } | Outcome::Truncate) | None => {
            process(&endpoint, &mut parts, body, &request_id).await
        }
    };
    if verdict.outcome == (Some(Outcome::Reset { processed: true })) {
        return reset.now().await;
    }
    if !response.headers.contains_key("x-ms-request-id")
        && let Ok(id) = HeaderValue::from_str(&request_id)
    {
        response.headers.insert("x-ms-request-id", id);
    }
    tracing::info!(
        service,
        id = request_id,
        method = %parts.method,
        path = parts.uri.path(),
        status = response.status.as_u16(),
        microseconds = started.elapsed().as_micros(),
        "request"
    );
    Ok(into_http(response, verdict.outcome == Some(Outcome::Truncate)))
}

/// Checks the request and has the service answer it. The headers are taken out of the parts.
async fn process(
    endpoint: &Endpoint,
    parts: &mut Parts,
    body: Incoming,
    request_id: &str,
) -> ServiceResponse {
    let refuse = |refusal: Refusal| {
        tracing::info!(id = request_id, ?refusal, "refused");
        endpoint.service.refuse(&refusal, request_id)
    };
    let path_segments = match split_path(parts.uri.path()) {
        Ok(segments) => segments,
        Err(text) => return refuse(Refusal::BadRequest(text)),
    };
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = authority.or(host).unwrap_or("localhost");
    let caller = match endpoint.authenticator.check(&parts.headers, host, &path_segments) {
        Ok(caller) => caller,
        Err(error) => return refuse(Refusal::Unauthorized(error)),
    };
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return refuse(Refusal::BodyTooLarge { limit: BODY_LIMIT });
        }
        Err(error) => return refuse(Refusal::BadRequest(format!("the body can't be read: {error}"))),
    };
    let scheme = if endpoint.tls.is_some() { "https" } else { "http" };
    let base_url = format!("{scheme}://{host}");
    let request = ServiceRequest {
        method: parts.method.clone(),
        path_segments,
        raw_path: parts.uri.path().to_owned(),
        query: split_query(parts.uri.query().unwrap_or_default()),
        headers: std::mem::take(&mut parts.headers),
        body,
        caller,
        base_url,
        request_id: request_id.to_owned(),
    };
    let journal = endpoint.journal.as_ref();
    let journal = journal.filter(|_| endpoint.service.is_durable(&request));
    let response = endpoint.service.handle(request).await;
    // A refusal may come after a part was done, as in bulk requests, so it waits as well.
    if let Some(journal) = journal
        && journal.commit().await.is_err()
    {
        return refuse(Refusal::Fault(StatusCode::INTERNAL_SERVER_ERROR));
    }
    response
}

fn into_http(response: ServiceResponse, truncate: bool) -> Response<ResponseBody> {
    let mut http = Response::new(Either::Left(Full::new(Bytes::new())));
    *http.status_mut() = response.status;
    *http.headers_mut() = response.headers;
    if truncate {
        http.headers_mut().remove(TRANSFER_ENCODING);
        http.headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(response.body.len()));
        let half = response.body.slice(..response.body.len() / 2);
        *http.body_mut() = Either::Right(Either::Right(HalfBody {
            half: Some(half),
            flushed: false,
        }));
    } else if http.headers_mut().remove(TRANSFER_ENCODING).is_some() {
        // Hyper writes the header where the version of HTTP has it.
        *http.body_mut() = Either::Right(Either::Left(ChunkedBody(Some(response.body))));
    } else {
        *http.body_mut() = Either::Left(Full::new(response.body));
    }
    http
}

/// A body that does not say how long it is.
struct ChunkedBody(Option<Bytes>);

impl Body for ChunkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|body| Ok(Frame::data(body))))
    }
}

/// The first half of a body, and then an error, which makes hyper break the connection.
struct HalfBody {
    half: Option<Bytes>,
    flushed: bool,
}

impl Body for HalfBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // While the body has nothing to give, hyper sends what it has got.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("truncated by a fault rule"))))
    }
}

/// A request to reset a connection rather than to close it.
#[derive(Debug, Default)]
struct Reset {
    set: AtomicBool,
    requested: Notify,
}

impl Reset {
    /// Never comes back: the connection's task drops everything, this future included.
    async fn now<T>(&self) -> T {
        self.set.store(true, Ordering::Relaxed);
        self.requested.notify_one();
        std::future::pending().await
    }
}

/// A stream that resets when it is dropped after [`Reset::now`].
struct Resettable {
    stream: TcpStream,
    reset: Arc<Reset>,
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.reset.set.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "the connection is closed rather than reset");
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
