//! Connections that can be reset instead of closed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::server::connections::Connection;

/// A handle to reset a connection instead of closing it.
#[derive(Debug, Default)]
pub(super) struct Reset {
    set: AtomicBool,
    notify: Notify,
}

impl Reset {
    /// Resets the connection. Never returns, because the connection's task drops this future.
    pub(super) async fn now<T>(&self) -> T {
        self.set.store(true, Ordering::Relaxed);
        self.notify.notify_one();
        std::future::pending().await
    }

    /// Waits until a reset is requested.
    pub(super) async fn requested(&self) {
        self.notify.notified().await;
    }
}

/// A stream that is reset when it is dropped after [`Reset::now`], and closed otherwise.
pub(super) struct Resettable {
    stream: TcpStream,
    reset: Arc<Reset>,
    /// Keeps the connection's place until the stream is dropped, even after a switch to another protocol.
    _connection: Arc<Connection>,
}

impl Resettable {
    pub(super) fn new(stream: TcpStream, reset: Arc<Reset>, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            reset,
            _connection: connection,
        }
    }
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.reset.set.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "could not request a reset; the connection is closed instead");
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
