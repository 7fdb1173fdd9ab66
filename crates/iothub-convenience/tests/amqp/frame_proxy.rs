//! A TLS proxy between client and hub that interrupts a connection at a given frame.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use azure_iot_emulator::Emulator;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::server_tls::server_config;

/// The sender of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Client,
    Hub,
}

/// The proxy's action in place of forwarding a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Both connections are closed without a TLS alert.
    Cut,
    /// The stream to the client ends with a TLS alert. Bytes from the client are discarded.
    HalfClose,
    /// Nothing more is forwarded, but the connections stay open.
    Silence,
}

/// A fault that replaces the frame with this number, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interruption {
    pub(crate) fault: Fault,
    pub(crate) from: Peer,
    pub(crate) frame: usize,
}

#[derive(Debug, Default)]
struct State {
    interruption: Mutex<Option<Interruption>>,
    /// A number in frames from the client, and the number that replaces it.
    replacement: Mutex<Option<[u64; 2]>>,
    client_frames: AtomicUsize,
    hub_frames: AtomicUsize,
}

impl State {
    fn count(&self, peer: Peer) -> &AtomicUsize {
        match peer {
            Peer::Client => &self.client_frames,
            Peer::Hub => &self.hub_frames,
        }
    }

    /// Counts a frame. Returns the fault that replaces it.
    fn next_frame(&self, from: Peer) -> Option<Fault> {
        let frame = self.count(from).fetch_add(1, Ordering::SeqCst) + 1;
        let mut interruption = self.interruption.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = interruption.take_if(|next| next.from == from && next.frame == frame);
        reached.map(|interruption| interruption.fault)
    }

    fn replace_number(&self, frame: &mut [u8]) {
        let replacement = *self.replacement.lock().unwrap_or_else(PoisonError::into_inner);
        let Some([number, replacement]) = replacement.map(|numbers| numbers.map(u64::to_be_bytes)) else {
            return;
        };
        if let Some(at) = frame.windows(8).position(|bytes| bytes == number) {
            frame[at..at + 8].copy_from_slice(&replacement);
        }
    }
}

pub(crate) struct FrameProxy {
    /// Host and port of the proxy.
    pub(crate) endpoint: String,
    /// The CA certificate that clients must trust.
    pub(crate) ca_pem: String,
    state: Arc<State>,
    task: AbortHandle,
}

impl Drop for FrameProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FrameProxy {
    pub(crate) async fn start(emulator: &Emulator) -> Self {
        let (ca_pem, server) = server_config();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("localhost:{}", listener.local_addr().unwrap().port());
        let state = Arc::new(State::default());
        let hub = Connector {
            endpoint: emulator.iothub_amqp_endpoint().replace("amqps://", ""),
            tls: client_config(emulator.ca_certificate_pem()),
        };
        let task = tokio::spawn(accept_all(listener, server, hub, state.clone())).abort_handle();
        Self {
            endpoint,
            ca_pem,
            state,
            task,
        }
    }

    /// Restarts the frame counts, and interrupts the connection on which the given frame arrives. Other connections are
    /// not affected.
    pub(crate) fn arm(&self, interruption: Option<Interruption>) {
        let mut slot = self.state.interruption.lock().unwrap();
        for peer in [Peer::Client, Peer::Hub] {
            self.state.count(peer).store(0, Ordering::SeqCst);
        }
        *slot = interruption;
    }

    /// Replaces a number in frames from the client with another number.
    pub(crate) fn replace(&self, number: u64, replacement: u64) {
        *self.state.replacement.lock().unwrap() = Some([number, replacement]);
    }

    /// Returns whether the interruption is still pending.
    pub(crate) fn is_armed(&self) -> bool {
        self.state.interruption.lock().unwrap().is_some()
    }

    /// Returns the number of frames since the last call of [`arm`](Self::arm).
    pub(crate) fn frames(&self, from: Peer) -> usize {
        self.state.count(from).load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
struct Connector {
    endpoint: String,
    tls: TlsConnector,
}

async fn accept_all(listener: TcpListener, server: TlsAcceptor, hub: Connector, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (server, hub, state) = (server.clone(), hub.clone(), state.clone());
        connections.spawn(async move {
            // Errors are ignored, because the client and the hub handle broken connections.
            relay(client, server, hub, state).await.ok();
        });
    }
}

async fn relay(client: TcpStream, server: TlsAcceptor, hub: Connector, state: Arc<State>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let client = server.accept(client).await?;
    let stream = TcpStream::connect(&hub.endpoint).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").unwrap();
    let (mut from_hub, mut to_hub) = tokio::io::split(hub.tls.connect(name, stream).await?);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let fault = tokio::select! {
        fault = forward(&mut from_client, &mut to_hub, Peer::Client, &state) => fault,
        fault = forward(&mut from_hub, &mut to_client, Peer::Hub, &state) => fault,
    };
    match fault? {
        None | Some(Fault::Cut) => return Ok(()),
        Some(Fault::HalfClose) => to_client.shutdown().await?,
        Some(Fault::Silence) => {}
    }
    tokio::io::copy(&mut from_client, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Forwards frames until the stream ends or a fault occurs. Returns the fault.
async fn forward(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    from: Peer,
    state: &State,
) -> io::Result<Option<Fault>> {
    while let Some(mut frame) = read_frame(reader).await? {
        if from == Peer::Client {
            state.replace_number(&mut frame);
        }
        if let Some(fault) = state.next_frame(from) {
            return Ok(Some(fault));
        }
        writer.write_all(&frame).await?;
        writer.flush().await?;
    }
    Ok(None)
}

/// Reads a frame, or a protocol header, which has eight bytes.
async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut frame = vec![0; 4];
    match reader.read_exact(&mut frame).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let size = match <[u8; 4]>::try_from(frame.as_slice()).unwrap() {
        [b'A', b'M', b'Q', b'P'] => 8,
        size => u32::from_be_bytes(size) as usize,
    };
    frame.resize(size, 0);
    reader.read_exact(&mut frame[4..]).await?;
    Ok(Some(frame))
}

fn client_config(trusted: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
