//! Clients that connect without sending anything, or that never finish a body, do not delay other
//! clients.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use reqwest::Method;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::data_file::Caller;
use crate::program::{Program, start_by};

/// The program's maximum number of file descriptors: more than [`SLOW_BODIES`] for each of its endpoints, but fewer
/// than the test's connections.
const DESCRIPTORS: u64 = 1300;
const SILENT: usize = 1500;
const SLOW_BODIES: usize = 200;
/// Maximum duration of the other clients' requests. It is much shorter than the server's time
/// limits, so the server must not wait for silent clients to time out.
const PROMPT: Duration = Duration::from_secs(5);

/// Starts the program with a limit on file descriptors.
fn start_limited() -> (Program, Caller) {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_iot-emulator"), "--log", "off"]);
    let (program, ready) = start_by(&mut command);
    (program, Caller::of(ready))
}

/// Raises the test process's limit on file descriptors, because it holds the client end of every connection.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum.map(|maximum| maximum.min(16_384)).or(Some(16_384)),
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("the limit can be raised up to the maximum");
}

struct Ports {
    caller: Caller,
    connector: TlsConnector,
}

impl Ports {
    fn of(caller: Caller) -> Self {
        let pem = std::fs::read(caller.ready["caFile"].as_str().unwrap()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Self { caller, connector }
    }

    fn authority(&self, service: &str, key: &str) -> String {
        let url = self.caller.ready[service][key].as_str().unwrap();
        url.split_once("://").unwrap().1.to_owned()
    }

    async fn tls(&self, authority: &str) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(authority).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        self.connector.connect(name, stream).await.unwrap()
    }

    /// Sends a request whose body never ends.
    async fn slow_body(&self) -> TlsStream<TcpStream> {
        let authority = self.authority("digitaltwins", "endpoint");
        let token = self.caller.ready["bearerToken"].as_str().unwrap();
        let mut stream = self.tls(&authority).await;
        let request = format!(
            "POST /query?api-version=2023-10-31 HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        stream
    }

    /// Sends a request to every service on a new connection.
    async fn use_all(&self) {
        let caller = Caller::of(self.caller.ready.clone());
        let hub = caller.hub(Method::GET, "/devices", None).await;
        assert_eq!(hub.expect("the hub responds").0, 200);
        let twins = caller.twins(Method::GET, "/models", None).await;
        assert_eq!(twins.expect("Digital Twins responds").0, 200);
        let clock = format!("http://{}/clock", self.authority("management", "endpoint"));
        let clock = caller.send(Method::GET, clock, None).await;
        assert_eq!(clock.expect("the management API responds").0, 200);
        let blob = format!("https://{}/c/b", self.authority("iothub", "blobEndpoint"));
        let blob = caller.send(Method::GET, blob, None).await;
        assert_eq!(blob.expect("the blob containers respond").0, 404);
        let mut amqp = self.tls(&self.authority("iothub", "amqpEndpoint")).await;
        amqp.write_all(b"AMQP\x03\x01\x00\x00").await.unwrap();
        let mut header = [0; 8];
        amqp.read_exact(&mut header).await.unwrap();
        assert_eq!(&header, b"AMQP\x03\x01\x00\x00");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_and_slow_bodies_do_not_stall_the_program() {
    raise_limit();
    let (_program, caller) = start_limited();
    let ports = Ports::of(caller);
    let mut silent = Vec::new();
    for (service, key) in [
        ("iothub", "amqpEndpoint"),
        ("iothub", "blobEndpoint"),
        ("digitaltwins", "endpoint"),
        ("management", "endpoint"),
    ] {
        let authority = ports.authority(service, key);
        for _ in 0..SILENT / 10 {
            silent.push(TcpStream::connect(&authority).await.unwrap());
        }
    }
    let hub = ports.authority("iothub", "endpoint");
    let opening = (0..SILENT).map(|_| async {
        let opened = tokio::time::timeout(PROMPT, ports.tls(&hub)).await;
        opened.expect("the server continues to accept connections")
    });
    let silent_tls: Vec<_> = futures::stream::iter(opening)
        .buffer_unordered(32)
        .collect()
        .await;
    let opening = (0..SLOW_BODIES).map(|_| async {
        let opened = tokio::time::timeout(PROMPT, ports.slow_body()).await;
        opened.expect("Digital Twins continues to accept connections")
    });
    let slow: Vec<_> = futures::stream::iter(opening)
        .buffer_unordered(32)
        .collect()
        .await;
    for _ in 0..3 {
        let used = tokio::time::timeout(PROMPT, ports.use_all()).await;
        used.expect("all services respond in time");
    }
    drop((silent, silent_tls, slow));
}
