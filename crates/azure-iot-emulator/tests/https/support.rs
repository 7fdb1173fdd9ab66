//! A running emulator, a client that trusts it, and hand-made tokens.

use std::sync::Arc;

use azure_iot_emulator::Emulator;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder, Response};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const VERSION: &str = "api-version=2021-04-12";

pub(crate) struct Running {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
}

/// The fields of a connection string.
pub(crate) struct ConnectionString {
    pub(crate) host: String,
    pub(crate) policy: String,
    pub(crate) key: String,
}

impl ConnectionString {
    pub(crate) fn of(connection_string: &str) -> Self {
        let part = |name: &str| {
            let mut fields = connection_string
                .split(';')
                .filter_map(|part| part.split_once('='));
            fields
                .find(|(key, _)| *key == name)
                .expect("the connection string has the field")
                .1
                .to_owned()
        };
        Self {
            host: part("HostName"),
            policy: part("SharedAccessKeyName"),
            key: part("SharedAccessKey"),
        }
    }

    /// Returns a token that is valid until `expiry`. The caller percent-encodes `resource` if necessary.
    pub(crate) fn token(&self, resource: &str, expiry: i64) -> String {
        let key = STANDARD.decode(&self.key).expect("the key is base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        mac.update(format!("{resource}\n{expiry}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
        format!(
            "SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={}",
            self.policy
        )
    }
}

pub(crate) fn client(emulator: &Emulator) -> ClientBuilder {
    let certificate = Certificate::from_pem(emulator.ca_certificate_pem().as_bytes()).expect("a certificate");
    Client::builder().tls_certs_only([certificate])
}

/// Opens a TLS connection for the protocol `alpn`.
pub(crate) async fn connect_tls(host: &str, emulator: &Emulator, alpn: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let pem = emulator.ca_certificate_pem().as_bytes();
    roots
        .add(CertificateDer::from_pem_slice(pem).expect("a certificate"))
        .expect("a certificate authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let stream = TcpStream::connect(host).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    connected.expect("a handshake")
}

impl Running {
    pub(crate) async fn start() -> Self {
        let emulator = Emulator::start().await.expect("the emulator starts");
        let client = client(&emulator).build().expect("a client");
        Self { emulator, client }
    }

    pub(crate) fn connection_string(&self) -> ConnectionString {
        ConnectionString::of(&self.emulator.iothub_connection_string())
    }

    /// Returns a token of the owner policy, valid for one hour.
    pub(crate) fn token(&self) -> String {
        let credentials = self.connection_string();
        credentials.token(&credentials.host, self.now() + 3600)
    }

    pub(crate) fn now(&self) -> i64 {
        self.emulator.clock().now().unix_timestamp()
    }

    /// Returns a request to the hub with the owner's token.
    pub(crate) fn hub(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}?{VERSION}", self.emulator.iothub_endpoint());
        self.client
            .request(method, url)
            .header("authorization", self.token())
    }

    pub(crate) async fn get(&self, path: &str, authorization: Option<&str>) -> Response {
        let url = format!("{}{path}?{VERSION}", self.emulator.iothub_endpoint());
        let mut request = self.client.get(url);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        request.send().await.expect("a response")
    }

    pub(crate) async fn create(&self, device_id: &str) {
        let body = serde_json::json!({ "deviceId": device_id });
        let request = self
            .hub(Method::PUT, &format!("/devices/{device_id}"))
            .json(&body);
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), 200);
    }

    /// Returns whether the device exists. Reads the engine directly, so that faults do not apply.
    pub(crate) fn has_device(&self, device_id: &str) -> bool {
        !self.emulator.dump_state()["iothub"]["devices"][device_id].is_null()
    }
}
