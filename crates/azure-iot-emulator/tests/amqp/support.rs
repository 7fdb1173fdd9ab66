//! A running emulator and an AMQP client that is independent of any SDK.

use std::sync::Arc;
use std::time::Duration;

use azure_iot_emulator::{Emulator, IotHub};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use fe2o3_amqp::link::{LinkStateError, RecvError, SendError, SenderAttachError};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::{Session, SessionHandle};
use fe2o3_amqp::types::definitions::ErrorCondition;
use fe2o3_amqp::types::messaging::{
    AmqpValue, ApplicationProperties, Body, Data, Message, MessageId, Outcome, Properties,
};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use fe2o3_amqp::{Connection, Receiver, Sender};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) struct Hub {
    pub(crate) emulator: Emulator,
}

/// A client connection with one session.
pub(crate) struct Client {
    pub(crate) session: SessionHandle<()>,
    _connection: ConnectionHandle<()>,
}

impl Hub {
    pub(crate) async fn start() -> Self {
        let emulator = Emulator::builder().without_digitaltwins().start().await.unwrap();
        Self { emulator }
    }

    pub(crate) fn engine(&self) -> &IotHub {
        self.emulator.iothub().unwrap()
    }

    /// Returns a token for `resource` that is signed with the key of `policy` and valid for one hour. The caller
    /// percent-encodes `resource` if necessary.
    pub(crate) fn token(&self, policy: &str, resource: &str) -> String {
        let text = self.emulator.iothub_connection_string_for(policy).unwrap();
        let (_, key) = text.rsplit_once("SharedAccessKey=").unwrap();
        let expiry = self.emulator.clock().now().unix_timestamp() + 3600;
        let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(key).unwrap()).unwrap();
        mac.update(format!("{resource}\n{expiry}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
        format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}")
    }

    pub(crate) async fn connect(&self) -> TlsStream<TcpStream> {
        let endpoint = self.emulator.iothub_amqp_endpoint();
        self.connect_to(endpoint.trim_start_matches("amqps://")).await
    }

    pub(crate) async fn connect_to(&self, address: &str) -> TlsStream<TcpStream> {
        self.connect_as(address, "localhost").await
    }

    /// Opens a TLS connection with the server name (SNI) `name`.
    pub(crate) async fn connect_as(&self, address: &str, name: &'static str) -> TlsStream<TcpStream> {
        let pem = self.emulator.ca_certificate_pem();
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(name).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap()
    }

    pub(crate) async fn open(&self, sasl: Option<SaslProfile>) -> Result<Client, OpenError> {
        self.open_as("localhost", sasl).await
    }

    /// Opens an AMQP connection to the hub under one of its host names.
    pub(crate) async fn open_as(
        &self,
        name: &'static str,
        sasl: Option<SaslProfile>,
    ) -> Result<Client, OpenError> {
        let endpoint = self.emulator.iothub_amqp_endpoint();
        let stream = self
            .connect_as(endpoint.trim_start_matches("amqps://"), name)
            .await;
        let builder = Connection::builder().container_id("test").hostname(name);
        let builder = match sasl {
            Some(profile) => builder.sasl_profile(profile),
            None => builder,
        };
        let mut connection = builder.open_with_stream(stream).await?;
        let session = Session::begin(&mut connection).await.unwrap();
        Ok(Client {
            session,
            _connection: connection,
        })
    }

    /// Opens a connection and authorizes it with a token of the policy `iothubowner`.
    pub(crate) async fn client(&self) -> Client {
        let mut client = self.open(None).await.unwrap();
        let token = self.token("iothubowner", "localhost");
        assert_eq!(client.put_token(&token, 1.into()).await.0, 200);
        client
    }

    /// Registers a device in the engine, without HTTP.
    pub(crate) async fn device(&self, device_id: &str) {
        use azure_iot_emulator::ServiceRequest;
        let id = utf8_percent_encode(device_id, NON_ALPHANUMERIC);
        let request = ServiceRequest::new(Method::PUT, &format!("/devices/{id}?api-version=2021-04-12"));
        let request = request
            .unwrap()
            .with_json(&serde_json::json!({ "deviceId": device_id }));
        assert_eq!(self.engine().handle(request).await.status, 200);
    }

    /// Sends a REST API request directly to the engine, without HTTP.
    pub(crate) async fn request(&self, method: Method, path: &str) -> azure_iot_emulator::ServiceResponse {
        use azure_iot_emulator::ServiceRequest;
        let request = ServiceRequest::new(method, &format!("{path}?api-version=2021-04-12"));
        self.engine().handle(request.unwrap()).await
    }
}

impl Client {
    /// Sends a `put-token` request and returns the reply's status, status description and correlation id.
    pub(crate) async fn put_token(&mut self, token: &str, id: MessageId) -> (i32, String, Option<MessageId>) {
        let session = &mut self.session;
        let mut requests = Sender::attach(session, "requests", "$cbs").await.unwrap();
        let mut responses = Receiver::attach(session, "responses", "$cbs").await.unwrap();
        let request = Message::builder()
            .properties(Properties {
                message_id: Some(id),
                ..Properties::default()
            })
            .application_properties(
                ApplicationProperties::builder()
                    .insert("operation", "put-token".to_owned())
                    .insert("type", "servicebus.windows.net:sastoken".to_owned())
                    .insert("name", "localhost".to_owned())
                    .build(),
            )
            .body(AmqpValue(Value::String(token.to_owned())))
            .build();
        requests.send(request).await.unwrap();
        let response = responses.recv::<Body<Value>>().await.unwrap();
        responses.accept(&response).await.unwrap();
        let response = response.into_message();
        let properties = response.application_properties.unwrap().0;
        let Some(SimpleValue::Int(status)) = properties.get("status-code") else {
            panic!("the status is not an int: {properties:?}");
        };
        let Some(SimpleValue::String(description)) = properties.get("status-description") else {
            panic!("the status has no description: {properties:?}");
        };
        let result = (
            *status,
            description.clone(),
            response.properties.unwrap().correlation_id,
        );
        requests.close().await.unwrap();
        responses.close().await.unwrap();
        result
    }

    pub(crate) async fn sender(&mut self, address: &str) -> Result<Sender, SenderAttachError> {
        let name = format!("sender-{}", uuid::Uuid::new_v4());
        Sender::attach(&mut self.session, name, address).await
    }

    pub(crate) async fn receiver(&mut self, address: &str) -> Receiver {
        let name = format!("receiver-{}", uuid::Uuid::new_v4());
        Receiver::attach(&mut self.session, name, address).await.unwrap()
    }

    /// Returns the error condition with which the server closes a link whose receiver accepts messages of at most
    /// `size` bytes.
    pub(crate) async fn refused_size(&mut self, address: &str, size: u64) -> ErrorCondition {
        let receiver = Receiver::builder()
            .name(format!("small-{size}"))
            .source(address)
            .max_message_size(size);
        let mut receiver = receiver.attach(&mut self.session).await.unwrap();
        let received = receiver.recv::<Body<Value>>();
        let received = tokio::time::timeout(Duration::from_secs(20), received).await;
        match received.expect("the link ends").unwrap_err() {
            RecvError::LinkStateError(LinkStateError::RemoteClosedWithError(error)) => error.condition,
            other => panic!("{other:?}"),
        }
    }

    /// Sends a message with the body `hello` to the device address `to`.
    pub(crate) async fn send_hello(&mut self, to: &str) -> Result<Outcome, SendError> {
        let mut sender = self.sender("/messages/devicebound").await.unwrap();
        let outcome = sender.send(message(to, b"hello")).await;
        sender.close().await.unwrap();
        outcome
    }
}

pub(crate) fn message(to: &str, body: &[u8]) -> Message<Data> {
    Message::builder()
        .properties(Properties {
            to: Some(to.to_owned()),
            ..Properties::default()
        })
        .body(Data(body.to_vec().into()))
        .build()
}

/// Returns the error condition and the error code of a rejected message.
pub(crate) fn rejection(outcome: Result<Outcome, SendError>) -> (String, i64) {
    let Ok(Outcome::Rejected(rejected)) = outcome else {
        panic!("expected a rejection, got {outcome:?}");
    };
    let error = rejected.error.unwrap();
    let details: serde_json::Value = serde_json::from_str(&error.description.unwrap()).unwrap();
    assert!(details["message"].as_str().unwrap().starts_with("ErrorCode:"));
    assert!(details["timestampUtc"].is_string());
    assert!(error.info.is_some_and(|info| info.len() == 1));
    (
        format!("{:?}", error.condition),
        details["errorCode"].as_i64().unwrap(),
    )
}
