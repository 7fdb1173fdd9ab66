//! The shared AMQP connection: opening, reopening and authentication.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_iot_emulator::Emulator;
use futures::future::join_all;
use iothub_convenience::{AmqpErrorKind, AmqpTransport, IotHubRegistryManager};

use crate::support::{Hub, amqp_error, options};

#[tokio::test]
async fn clones_share_one_connection_that_is_opened_on_first_use() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    assert_eq!(hub.amqp().statistics().connections, 0);
    let sends = (0..20).map(|_| {
        let client = hub.client.clone();
        async move { client.send_c2d_message("dev-1", "hello").await }
    });
    for sent in join_all(sends).await {
        sent.unwrap();
    }
    let statistics = hub.amqp().statistics();
    assert_eq!((statistics.connections, statistics.tokens), (1, 1));
    assert_eq!(hub.receive_all("dev-1").len(), 20);
}

#[tokio::test]
async fn broken_idle_connection_is_reopened_without_losing_messages() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    for connections in 1..=3 {
        hub.hello().await.unwrap();
        assert_eq!(hub.amqp().statistics().connections, connections);
        hub.reset().await;
    }
    assert_eq!(hub.receive_all("dev-1").len(), 3);
}

#[tokio::test]
async fn closed_connection_is_reopened_on_next_use() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    hub.client.close_amqp().await;
    hub.hello().await.unwrap();
    hub.client.close_amqp().await;
    hub.hello().await.unwrap();
    assert_eq!(hub.amqp().statistics().connections, 2);
}

/// The emulator allows a clock skew of five minutes. Its clock is set five minutes ahead, so tokens are refused right
/// when they expire.
#[tokio::test]
async fn token_is_renewed_before_it_expires_on_the_same_connection() {
    let lifetime = Duration::from_secs(6);
    let hub = Hub::start_with(|options| options.token_lifetime = Some(lifetime)).await;
    hub.emulator.clock().advance(Duration::from_secs(300));
    hub.device("dev-1").await;
    hub.hello().await.unwrap();
    tokio::time::sleep(lifetime + Duration::from_secs(1)).await;
    hub.hello().await.unwrap();
    let statistics = hub.amqp().statistics();
    assert_eq!(statistics.connections, 1);
    assert!(statistics.tokens >= 2, "{statistics:?}");
    assert_eq!(hub.receive_all("dev-1").len(), 2);
}

/// HUB-AMQP-1, HUB-AMQP-2.
#[tokio::test]
async fn messages_and_feedback_use_a_websocket() {
    use futures::StreamExt;
    use iothub_convenience::{CloudToDeviceMessage, DeliveryAcknowledgement};

    let hub = Hub::start_with(|options| {
        options.amqp.transport = AmqpTransport::WebSocket;
        options.amqp.endpoint = None;
    })
    .await;
    hub.device("dev-1").await;
    let large = CloudToDeviceMessage::new(vec![b'x'; 60_000])
        .with_message_id("large")
        .with_acknowledgement(DeliveryAcknowledgement::Full);
    hub.client.send_c2d_message("dev-1", large).await.unwrap();
    hub.complete("dev-1");
    hub.emulator.iothub().unwrap().flush_feedback();
    let mut feedback = hub.client.feedback_messages();
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(batch.items[0].original_message_id.as_deref(), Some("large"));
    batch.complete().await.unwrap();
    assert_eq!(hub.amqp().statistics().connections, 1);
    // The client reconnects after a reset.
    hub.reset().await;
    hub.hello().await.unwrap();
}

/// A credential that returns these tokens in order and then repeats the last one. In place of an empty token, it
/// returns an error.
#[derive(Debug)]
struct Entra {
    tokens: Vec<String>,
    requests: AtomicUsize,
}

#[async_trait]
impl TokenCredential for Entra {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://iothubs.azure.net/.default"]);
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        let token = self.tokens.get(request).or(self.tokens.last()).unwrap();
        if token.is_empty() {
            let kind = azure_core::error::ErrorKind::Credential;
            return Err(azure_core::Error::with_message(kind, "no token"));
        }
        let expires_on = time::OffsetDateTime::now_utc() + Duration::from_secs(3600);
        Ok(AccessToken::new(token.clone(), expires_on))
    }
}

fn entra_client(emulator: &Emulator, token: &str) -> IotHubRegistryManager {
    entra_client_with(emulator, &[token]).0
}

fn entra_client_with(emulator: &Emulator, tokens: &[&str]) -> (IotHubRegistryManager, Arc<Entra>) {
    let host = emulator.iothub_endpoint().trim_start_matches("https://");
    let credential = Arc::new(Entra {
        tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
        requests: AtomicUsize::new(0),
    });
    let options = Some(options(emulator));
    let client = IotHubRegistryManager::from_token_credential(host, credential.clone(), options).unwrap();
    (client, credential)
}

#[tokio::test]
async fn http_and_amqp_share_the_token_of_an_identity() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let (client, identity) = entra_client_with(&hub.emulator, &[&hub.emulator.bearer_token()]);
    let (twin, sent) = futures::join!(
        client.get_twin("dev-1"),
        client.send_c2d_message("dev-1", "hello")
    );
    twin.unwrap();
    sent.unwrap();
    hub.reset().await;
    client.send_c2d_message("dev-1", "again").await.unwrap();
    assert_eq!(identity.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn token_of_an_identity_that_the_hub_refuses_over_amqp_is_replaced() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let (client, identity) = entra_client_with(&hub.emulator, &["refused", &hub.emulator.bearer_token()]);
    let refused = amqp_error(client.send_c2d_message("dev-1", "hello").await);
    assert_eq!(refused.kind(), AmqpErrorKind::TokenRefused);
    client.send_c2d_message("dev-1", "hello").await.unwrap();
    client.get_twin("dev-1").await.unwrap();
    assert_eq!(identity.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn entra_identity_sends_messages() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let client = entra_client(&hub.emulator, &hub.emulator.bearer_token());
    client.send_c2d_message("dev-1", "hello").await.unwrap();
    assert_eq!(hub.receive_all("dev-1"), ["hello"]);
    let client = entra_client(&hub.emulator, "");
    let result = client.send_c2d_message("dev-1", "hello").await;
    assert!(
        result
            .as_ref()
            .is_err_and(iothub_convenience::Error::is_credential)
    );
    assert_eq!(amqp_error(result).kind(), AmqpErrorKind::Credential);
}

#[tokio::test]
async fn debug_and_errors_show_no_secret() {
    let hub = Hub::start().await;
    let connection_string = hub.emulator.iothub_connection_string();
    let (_, key) = connection_string.rsplit_once("SharedAccessKey=").unwrap();
    let error = hub.hello().await.unwrap_err();
    let shown = format!("{:?} {error:?} {error}", hub.client);
    assert!(!shown.contains(key) && !shown.contains("sig="), "{shown}");
    let client = entra_client(&hub.emulator, "a-very-secret-token");
    let error = client.send_c2d_message("dev-1", "hello").await.unwrap_err();
    let shown = format!("{client:?} {error:?} {error}");
    assert!(!shown.contains("a-very-secret-token"), "{shown}");
}
