//! Point reads over TLS on many connections, with the client in the same process. The client does as little work as
//! possible, because it competes with the server for CPU time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_iot_emulator::Emulator;
use http::header::{AUTHORIZATION, HOST};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::process::cpu_time;

/// Result of a run of reads.
pub(crate) struct ReadRun {
    pub(crate) count: u64,
    pub(crate) time: Duration,
    /// CPU time of client and server together.
    pub(crate) cpu_time: Option<Duration>,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Reads twins on `connections` connections for `time` and checks every response.
pub(crate) async fn reads(
    emulator: &Emulator,
    connections: usize,
    twins: usize,
    time: Duration,
) -> Outcome<ReadRun> {
    let host = emulator.digitaltwins_endpoint().trim_start_matches("https://");
    let authorization = format!("Bearer {}", emulator.bearer_token());
    let config = client_config(emulator.ca_certificate_pem())?;
    let mut senders = Vec::with_capacity(connections);
    for _ in 0..connections {
        senders.push(connect(host, &config).await?);
    }
    let before = cpu_time();
    let start = Instant::now();
    let readers: Vec<_> = senders
        .into_iter()
        .enumerate()
        .map(|(first, sender)| {
            let (host, authorization) = (host.to_owned(), authorization.clone());
            tokio::spawn(async move {
                let next = |count: usize| (first * 31 + count * 7919) % twins;
                read(sender, &host, &authorization, next, start + time).await
            })
        })
        .collect();
    let mut count = 0;
    for reader in readers {
        count += reader.await??;
    }
    Ok(ReadRun {
        count,
        time: start.elapsed(),
        cpu_time: cpu_time().zip(before).map(|(after, before)| after - before),
    })
}

fn client_config(pem: &str) -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

async fn connect(host: &str, config: &Arc<ClientConfig>) -> Outcome<SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let name = host.split(':').next().unwrap_or(host).to_owned();
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = connector.connect(ServerName::try_from(name)?, stream).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn read(
    mut sender: SendRequest<Empty<Bytes>>,
    host: &str,
    authorization: &str,
    next: impl Fn(usize) -> usize,
    until: Instant,
) -> Outcome<u64> {
    let mut count = 0;
    while Instant::now() < until {
        let id = format!("room-{}", next(count));
        let request = Request::get(format!("/digitaltwins/{id}?api-version=2023-10-31"))
            .header(HOST, host)
            .header(AUTHORIZATION, authorization)
            .body(Empty::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let right = status == StatusCode::OK && body.starts_with(format!("{{\"$dtId\":\"{id}\",").as_bytes());
        if !right {
            return Err(format!("{id}: {status} {}", String::from_utf8_lossy(&body)).into());
        }
        count += 1;
    }
    Ok(count as u64)
}
