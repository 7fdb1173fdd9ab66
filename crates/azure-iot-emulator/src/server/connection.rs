//! One connection: TLS, then HTTP/1.1 or HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::server::endpoint::Endpoint;
use crate::server::exchange::respond;
use crate::server::reset::{Reset, Resettable};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves a connection until it ends; once `stopping` is set, only until its open requests finish.
pub(super) async fn serve(
    stream: TcpStream,
    endpoint: Arc<Endpoint>,
    stopping: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let reset = Arc::new(Reset::default());
    let stream = Resettable::new(stream, reset.clone());
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
        move |request| respond(endpoint.clone(), reset.clone(), request)
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => return result,
        // Dropping the stream sends the reset.
        () = reset.requested() => return Ok(()),
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}
