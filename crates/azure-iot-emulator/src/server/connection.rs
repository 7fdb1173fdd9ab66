//! One connection: TLS, then HTTP/1.1 or HTTP/2.

use std::pin::pin;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::server::connections::Connection;
use crate::server::endpoint::Endpoint;
use crate::server::exchange::respond;
use crate::server::limits::{CLOSE_TIMEOUT, HANDSHAKE_TIMEOUT, HEAD_TIMEOUT};
use crate::server::reset::{Reset, Resettable};
use crate::server::tls_peer::TlsPeer;

type Result = std::result::Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Serves a connection until it ends, its client is too slow, or another connection needs its place. Once
/// `stopping` is set, serves only the open requests.
pub(super) async fn serve(
    stream: TcpStream,
    endpoint: Arc<Endpoint>,
    connection: Arc<Connection>,
    stopping: watch::Receiver<bool>,
) -> Result {
    stream.set_nodelay(true)?;
    let reset = Arc::new(Reset::default());
    let stream = Resettable::new(stream, reset.clone(), connection.clone());
    tokio::select! {
        result = handshake(stream, endpoint, connection.clone(), reset.clone(), stopping) => result,
        // Dropping the stream sends the reset.
        () = reset.requested() => Ok(()),
        () = connection.evicted() => Ok(()),
    }
}

async fn handshake(
    stream: Resettable,
    endpoint: Arc<Endpoint>,
    connection: Arc<Connection>,
    reset: Arc<Reset>,
    stopping: watch::Receiver<bool>,
) -> Result {
    let http = auto::Builder::new(TokioExecutor::new());
    let Some(tls) = endpoint.tls.clone() else {
        let serving = Serving {
            endpoint,
            connection,
            reset,
            peer: Arc::default(),
        };
        return serve_http(stream, http.http1_only(), serving, stopping).await;
    };
    let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await??;
    // The HTTP version is the one that the handshake has selected. Hyper could detect it from the stream, but
    // without a time limit.
    let http = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => http.http2_only(),
        _ => http.http1_only(),
    };
    let peer = Arc::new(TlsPeer::of(stream.get_ref().1));
    let serving = Serving {
        endpoint,
        connection,
        reset,
        peer,
    };
    serve_http(stream, http, serving, stopping).await
}

/// The parts of a connection that requests share.
struct Serving {
    endpoint: Arc<Endpoint>,
    connection: Arc<Connection>,
    reset: Arc<Reset>,
    peer: Arc<TlsPeer>,
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    mut http: auto::Builder<TokioExecutor>,
    serving: Serving,
    mut stopping: watch::Receiver<bool>,
) -> Result {
    let Serving {
        endpoint,
        connection,
        reset,
        peer,
    } = serving;
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    http.http2().timer(TokioTimer::new());
    let service = service_fn({
        let connection = connection.clone();
        move |request| {
            let (endpoint, reset, peer) = (endpoint.clone(), reset.clone(), peer.clone());
            respond(endpoint, reset, peer, connection.process(), request)
        }
    });
    let mut served = pin!(http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let limit = tokio::select! {
        result = served.as_mut() => return result,
        // Open requests may finish. The listener limits the time for them.
        _ = stopping.wait_for(|stop| *stop) => None,
        () = connection.idle() => Some(CLOSE_TIMEOUT),
    };
    served.as_mut().graceful_shutdown();
    match limit {
        None => served.await,
        Some(limit) => tokio::time::timeout(limit, served).await?,
    }
}
