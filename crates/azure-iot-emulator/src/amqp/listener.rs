//! The listening port for AMQP over TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::amqp::connection;
use crate::amqp::node::Node;
use crate::amqp::stream::{AbortableStream, Stream};
use crate::server::connections::{Connection, Connections};
use crate::server::limits::HANDSHAKE_TIMEOUT;
use crate::socket::{ACCEPT_RETRY_DELAY, ListeningSocket};

/// A listening port. Dropping it closes the port and breaks open connections.
pub(crate) struct Listener {
    port: u16,
    socket: ListeningSocket,
    node: Arc<Node>,
    tasks: [JoinHandle<()>; 2],
}

impl Listener {
    /// Binds the port and starts accepting connections. Port 0 selects a free port.
    pub(crate) async fn start(
        address: SocketAddr,
        tls: TlsAcceptor,
        node: Arc<Node>,
        connections: Connections,
    ) -> io::Result<Self> {
        let (socket, port) = ListeningSocket::bind(address).await?;
        let accepting = tokio::spawn(accept_all(socket.clone(), tls, node.clone(), connections));
        let expiring = tokio::spawn(expire_messages(node.clone()));
        Ok(Self {
            port,
            socket,
            node,
            tasks: [accepting, expiring],
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.socket.close();
        for task in &self.tasks {
            task.abort();
        }
        self.node.abort_all();
    }
}

async fn accept_all(socket: ListeningSocket, tls: TlsAcceptor, node: Arc<Node>, connections: Connections) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
        };
        match accepted {
            Ok(Some(stream)) => {
                let connection = connections.admit().await;
                tasks.spawn(serve(stream, tls.clone(), node.clone(), connection));
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "could not accept an AMQP connection");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, node: Arc<Node>, connection: Arc<Connection>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not disable Nagle's algorithm; small AMQP frames may be delayed");
    }
    let abort_handle = node.new_abort_handle();
    let stream = AbortableStream::new(stream, abort_handle.clone());
    let served = async {
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                // From here on the connection does not time out, because a client may send nothing
                // while it waits for messages.
                let opened = || connection.begin();
                let server_name = stream.get_ref().1.server_name().map(Arc::from);
                connection::serve(Stream::new(stream), abort_handle, node, server_name, opened).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake timed out"),
        }
    };
    tokio::select! {
        () = served => {}
        () = connection.evicted() => {}
    }
}

/// Expires messages on time, even if no requests arrive.
async fn expire_messages(node: Arc<Node>) {
    let mut changes = node.hub.messaging().subscribe();
    loop {
        changes.mark_unchanged();
        let due = async {
            match node.hub.tick_messages() {
                Some(next) => node.clock.sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            _ = changes.changed() => {}
        }
    }
}
