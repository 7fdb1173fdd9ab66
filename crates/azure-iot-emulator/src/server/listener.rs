//! The listening server and its accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::server::connection;
use crate::server::connections::Connections;
use crate::server::endpoint::Endpoint;
use crate::socket::{ACCEPT_RETRY_DELAY, ListeningSocket};

/// Maximum time for open connections to finish their requests when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A listening server. Dropping it closes the socket and aborts open connections.
pub(crate) struct Server {
    port: u16,
    socket: ListeningSocket,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Binds the port and starts accepting connections, up to `limit` at a time. Port 0 selects a free port.
    pub(crate) async fn start(address: SocketAddr, endpoint: Endpoint, limit: usize) -> io::Result<Self> {
        let (socket, port) = ListeningSocket::bind(address).await?;
        let (stop, stopping) = watch::channel(false);
        let connections = Connections::new(limit);
        let task = tokio::spawn(accept_all(
            socket.clone(),
            Arc::new(endpoint),
            connections,
            stopping,
        ));
        Ok(Self {
            port,
            socket,
            stop,
            task,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops accepting connections, and waits for open connections to finish their requests.
    pub(crate) async fn shut_down(mut self) {
        self.socket.close();
        self.stop.send_replace(true);
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, &mut self.task)
            .await
            .is_err()
        {
            tracing::warn!("open connections did not finish in time and were aborted");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.socket.close();
        self.task.abort();
    }
}

async fn accept_all(
    socket: ListeningSocket,
    endpoint: Arc<Endpoint>,
    connections: Connections,
    mut stopping: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            // An error means that the server was dropped.
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next() => continue,
        };
        match accepted {
            Ok(Some(stream)) => {
                let connection = tokio::select! {
                    connection = connections.admit() => connection,
                    _ = stopping.wait_for(|stop| *stop) => break,
                };
                let endpoint = endpoint.clone();
                let stopping = stopping.clone();
                tasks.spawn(async move {
                    if let Err(error) = connection::serve(stream, endpoint, connection, stopping).await {
                        tracing::debug!(%error, "a connection ended with an error");
                    }
                });
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}
