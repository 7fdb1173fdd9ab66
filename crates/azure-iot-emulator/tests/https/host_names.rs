//! The host names of a hub: one for services and devices, one for services only, and one for devices only.

use std::net::SocketAddr;
use std::sync::Arc;

use azure_iot_emulator::Emulator;
use reqwest::{Client, Method};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{ConnectionString, Running, VERSION, client};

const CLASSIC: &str = "emulator.azure-devices.net";
const SERVICE: &str = "emulator.service.azure-devices.net";
const DEVICE: &str = "emulator.device.azure-devices.net";

/// A client that resolves the names of the hub to the emulator.
struct Named {
    client: Client,
    address: SocketAddr,
}

impl Named {
    fn new(emulator: &Emulator) -> Self {
        let authority = emulator
            .iothub_endpoint()
            .trim_start_matches("https://localhost:");
        let port = authority.parse().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let names = [CLASSIC, SERVICE, DEVICE];
        let builder = names
            .iter()
            .fold(client(emulator), |builder, name| builder.resolve(name, address));
        Self {
            client: builder.build().unwrap(),
            address,
        }
    }

    fn authority(&self, name: &str) -> String {
        format!("{name}:{}", self.address.port())
    }

    async fn status(&self, method: Method, name: &str, path: &str, authorization: Option<&str>) -> u16 {
        let url = format!("https://{}{path}?{VERSION}", self.authority(name));
        let mut request = self.client.request(method, url);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

/// HUB-HOST-1, HUB-HOST-3.
#[tokio::test]
async fn signature_names_the_host_that_the_client_connects_to() {
    let running = Running::start().await;
    let named = Named::new(&running.emulator);
    let credentials = running.connection_string();
    let expiry = running.now() + 60;
    let get = async |name: &str, resource: &str| {
        let token = credentials.token(&resource.replace(':', "%3A"), expiry);
        named.status(Method::GET, name, "/devices", Some(&token)).await
    };
    for name in [CLASSIC, SERVICE] {
        assert_eq!(get(name, name).await, 200, "{name}");
        assert_eq!(get(name, &named.authority(name)).await, 200, "{name}");
        assert_eq!(get(name, &name.to_uppercase()).await, 200, "{name}");
        for other in [CLASSIC, SERVICE, DEVICE, "localhost"] {
            if other != name {
                assert_eq!(get(name, other).await, 401, "{name} {other}");
            }
        }
    }
    // Under the computer's other host names, the token may be for any of the hub's names.
    for name in [CLASSIC, SERVICE, "localhost"] {
        assert_eq!(get("localhost", name).await, 200, "{name}");
    }
    // `Host` omits the port, as on the default port. A client may still sign the default port.
    let url = format!("https://{}/devices?{VERSION}", named.authority(SERVICE));
    for (resource, status) in [(format!("{SERVICE}%3A443"), 200), (SERVICE.to_owned(), 200)] {
        let request = named.client.get(&url).header("host", SERVICE);
        let request = request.header("authorization", credentials.token(&resource, expiry));
        let client = client(&running.emulator)
            .http1_only()
            .resolve(SERVICE, named.address);
        let response = client.build().unwrap().execute(request.build().unwrap()).await;
        assert_eq!(response.unwrap().status(), status, "{resource}");
    }
    let bearer = format!("Bearer {}", running.emulator.bearer_token());
    for name in [CLASSIC, SERVICE] {
        let status = named.status(Method::GET, name, "/devices", Some(&bearer)).await;
        assert_eq!(status, 200, "{name}");
    }
}

/// HUB-HOST-4, HUB-HOST-5.
#[tokio::test]
async fn each_of_the_newer_names_turns_the_other_side_away() {
    let running = Running::start().await;
    running.create("d").await;
    let named = Named::new(&running.emulator);
    let expiry = running.now() + 60;
    let owner = running.connection_string();
    let device = ConnectionString {
        host: String::new(),
        policy: String::new(),
        key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
    };
    let bearer = format!("Bearer {}", running.emulator.bearer_token());
    let events = "/devices/d/messages/events";
    for (name, expected) in [(CLASSIC, 501), (SERVICE, 401), (DEVICE, 501)] {
        let token = device.token(&format!("{name}%2Fdevices%2Fd"), expiry);
        let token = token.trim_end_matches("&skn=");
        for authorization in [Some(token), Some(&*bearer), None] {
            let status = named.status(Method::POST, name, events, authorization).await;
            assert_eq!(status, expected, "{name} {authorization:?}");
        }
        // No operation of the service API accepts a device's token.
        let status = named.status(Method::GET, name, "/twins/d", Some(token)).await;
        assert_eq!(status, 401, "{name}");
    }
    let token = owner.token(DEVICE, expiry);
    for authorization in [Some(&*token), Some(&*bearer), None] {
        let status = named
            .status(Method::GET, DEVICE, "/devices/d", authorization)
            .await;
        assert_eq!(status, 401, "{authorization:?}");
    }
}

/// HUB-HOST-5: devices use WebSockets for MQTT, services for AMQP.
#[tokio::test]
async fn web_sockets_of_devices_are_unauthorized_at_the_name_for_services() {
    let emulator = Emulator::start().await.unwrap();
    let named = Named::new(&emulator);
    for (name, protocol, expected) in [
        (CLASSIC, "mqtt", 501),
        (DEVICE, "mqtt", 501),
        (SERVICE, "mqtt", 401),
        (SERVICE, "AMQPWSB10", 101),
    ] {
        let url = format!("https://{}/$iothub/websocket", named.authority(name));
        let client = client(&emulator).http1_only().resolve(name, named.address);
        let request = client
            .build()
            .unwrap()
            .get(url)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", protocol);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{name} {protocol}");
    }
}

/// Sends a request with the given `Host` header over a TLS connection with or without a server name (SNI), and returns
/// the status line.
async fn status_line(emulator: &Emulator, server_name: Option<&'static str>, host: &str) -> String {
    let mut roots = rustls::RootCertStore::empty();
    let pem = emulator.ca_certificate_pem().as_bytes();
    roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_sni = server_name.is_some();
    let address = emulator.iothub_endpoint().trim_start_matches("https://");
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(server_name.unwrap_or("localhost")).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.unwrap();
    let token = emulator.bearer_token();
    let request = format!(
        "GET /devices?{VERSION} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.lines().next().unwrap().to_owned()
}

/// HUB-HOST-2.
#[tokio::test]
async fn newer_names_need_the_server_name_in_the_handshake() {
    let emulator = Emulator::start().await.unwrap();
    for (server_name, host, expected) in [
        (None, "localhost", "200 OK"),
        (None, CLASSIC, "200 OK"),
        (Some("localhost"), CLASSIC, "200 OK"),
        (Some(SERVICE), SERVICE, "200 OK"),
        (None, SERVICE, "400 Bad Request"),
        (Some(CLASSIC), SERVICE, "400 Bad Request"),
        (Some(SERVICE), DEVICE, "400 Bad Request"),
    ] {
        let line = status_line(&emulator, server_name, host).await;
        assert_eq!(line, format!("HTTP/1.1 {expected}"), "{server_name:?} {host}");
    }
}

/// HUB-AUTH-22.
#[tokio::test]
async fn hub_without_local_authentication_takes_only_bearer_tokens() {
    let emulator = Emulator::builder()
        .without_local_authentication()
        .start()
        .await
        .unwrap();
    let client = client(&emulator).build().unwrap();
    let running = Running { emulator, client };
    let signature = running.token();
    let response = running.get("/devices", Some(&signature)).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["iothub-errorcode"], "IotHubUnauthorizedAccess");
    let bearer = format!("Bearer {}", running.emulator.bearer_token());
    assert_eq!(running.get("/devices", Some(&bearer)).await.status(), 200);
}
