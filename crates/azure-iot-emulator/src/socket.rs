//! A listening socket shared by its owner and the accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};

/// Delay after a failed accept. The usual cause is a lack of file descriptors, so an immediate retry would fail again.
pub(crate) const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Returns the authority of an endpoint on this machine. The default port of the scheme is omitted, as in the
/// `Host` header of clients.
pub(crate) fn local_authority(port: u16, default_port: u16) -> String {
    if port == default_port {
        "localhost".to_owned()
    } else {
        format!("localhost:{port}")
    }
}

/// A listening socket. Clones share it, so that closing it frees the port without waiting for the accept loop.
#[derive(Clone)]
pub(crate) struct ListeningSocket(Arc<Mutex<Option<TcpListener>>>);

impl ListeningSocket {
    /// Binds a port and returns the socket and its port. Port 0 selects a free port.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<(Self, u16)> {
        let listener = TcpListener::bind(address).await?;
        let port = listener.local_addr()?.port();
        Ok((Self(Arc::new(Mutex::new(Some(listener)))), port))
    }

    pub(crate) fn close(&self) {
        self.0.lock().take();
    }

    /// Accepts a connection; returns `None` once the socket is closed.
    pub(crate) async fn accept(&self) -> io::Result<Option<TcpStream>> {
        std::future::poll_fn(|context| match self.0.lock().as_ref() {
            Some(listener) => listener.poll_accept(context).map_ok(|(stream, _)| Some(stream)),
            None => Poll::Ready(Ok(None)),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_port_is_omitted() {
        assert_eq!(local_authority(443, 443), "localhost");
        assert_eq!(local_authority(8443, 443), "localhost:8443");
        assert_eq!(local_authority(443, 5671), "localhost:443");
    }
}
