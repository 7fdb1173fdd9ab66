//! The port that speaks AMQP over TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::connection;
use super::node::Node;
use super::stream::{Cuttable, Stream};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A listening port. Dropping it closes the port and breaks its connections.
pub(crate) struct Listener {
    port: u16,
    /// Shared with the accepting task, so that dropping this frees the port without waiting for the task.
    listener: SharedListener,
    node: Arc<Node>,
    tasks: [JoinHandle<()>; 2],
}

type SharedListener = Arc<Mutex<Option<TcpListener>>>;

impl Listener {
    /// Binds and starts to accept. Port 0 takes a free one.
    pub(crate) async fn start(address: SocketAddr, tls: TlsAcceptor, node: Arc<Node>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let port = listener.local_addr()?.port();
        let listener = Arc::new(Mutex::new(Some(listener)));
        let accepting = tokio::spawn(accept_all(listener.clone(), tls, node.clone()));
        let keeping_time = tokio::spawn(keep_time(node.clone()));
        Ok(Self {
            port,
            listener,
            node,
            tasks: [accepting, keeping_time],
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listener.lock().take();
        for task in &self.tasks {
            task.abort();
        }
        self.node.cut_all();
    }
}

async fn accept_all(listener: SharedListener, tls: TlsAcceptor, node: Arc<Node>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok(Some(stream)) => {
                connections.spawn(serve(stream, tls.clone(), node.clone()));
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "an AMQP connection can't be accepted");
                // Out of file descriptors, as a rule: trying again at once would only burn time.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The next connection; `None` when the listener was closed.
async fn accept(listener: &SharedListener) -> io::Result<Option<TcpStream>> {
    std::future::poll_fn(|context| match listener.lock().as_ref() {
        Some(listener) => listener.poll_accept(context).map_ok(|(stream, _)| Some(stream)),
        None => std::task::Poll::Ready(Ok(None)),
    })
    .await
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, node: Arc<Node>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small AMQP frames may be delayed");
    }
    let cut = node.new_cut();
    let stream = Cuttable::new(stream, cut.clone());
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => connection::serve(Stream::new(stream), cut, node).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Lets messages expire when their time has come, even while nobody asks.
async fn keep_time(node: Arc<Node>) {
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
