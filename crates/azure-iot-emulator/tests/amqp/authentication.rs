//! Authentication on the AMQP endpoint: put-token, SASL PLAIN and MSSBCBS.

use fe2o3_amqp::connection::OpenError;
use fe2o3_amqp::link::{LinkStateError, SendError};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition, LinkError};
use fe2o3_amqp::types::messaging::{MessageId, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Hub, message};

/// HUB-AMQP-3, HUB-AMQP-6, HUB-AMQP-7.
#[tokio::test]
async fn token_reply_repeats_the_message_id_in_its_type() {
    let hub = Hub::start().await;
    let token = hub.token("service", "localhost");
    let uuid = fe2o3_amqp::types::primitives::Uuid::from(*uuid::Uuid::new_v4().as_bytes());
    for (sasl, id) in [
        (None, MessageId::String("d95a5b5a".to_owned())),
        (Some(SaslProfile::Anonymous), MessageId::Ulong(0)),
        (Some(SaslProfile::Anonymous), MessageId::Uuid(uuid)),
    ] {
        let mut client = hub.open(sasl).await.unwrap();
        let response = client.put_token(&token, id.clone()).await;
        assert_eq!(response, (200, "OK".to_owned(), Some(id)));
    }
    let statistics = hub.emulator.amqp().unwrap().statistics();
    assert_eq!((statistics.connections, statistics.tokens), (3, 3));
}

/// HUB-AMQP-17.
#[tokio::test]
async fn reply_link_that_takes_only_smaller_messages_is_closed_with_an_error() {
    let hub = Hub::start().await;
    let mut client = hub.open(None).await.unwrap();
    let mut requests = client.sender("$cbs").await.unwrap();
    requests.send(message("$cbs", b"no token")).await.unwrap();
    let condition = client.refused_size("$cbs", 10).await;
    assert_eq!(
        condition,
        ErrorCondition::LinkError(LinkError::MessageSizeExceeded)
    );
}

/// HUB-AMQP-8, HUB-AMQP-10, HUB-AUTH-7, HUB-AUTH-8.
#[tokio::test]
async fn tokens_are_verified() {
    let hub = Hub::start().await;
    let mut client = hub.open(None).await.unwrap();
    let host = hub
        .emulator
        .iothub_endpoint()
        .trim_start_matches("https://")
        .to_owned();
    let bearer = hub.emulator.bearer_token();
    for token in [
        hub.token("iothubowner", "localhost"),
        hub.token("iothubowner", &host.replace(':', "%3A")),
        hub.token("iothubowner", &host),
        // These have the default ports of AMQP and HTTPS.
        hub.token("iothubowner", "localhost%3A5671"),
        hub.token("iothubowner", "localhost:443"),
        hub.token("iothubowner", "emulator.azure-devices.net"),
        hub.token("iothubowner", "localhost%2Fmessages"),
        format!("Bearer {bearer}"),
        bearer,
    ] {
        let (status, ..) = client.put_token(&token, 1.into()).await;
        assert_eq!(status, 200, "{token}");
    }
    let device = hub.token("iothubowner", "localhost%2Fdevices%2Fd");
    let device = device.trim_end_matches("&skn=iothubowner");
    let (status, description, _) = client.put_token(device, 1.into()).await;
    assert_eq!(status, 501);
    assert!(description.contains("no AMQP nodes for devices"), "{description}");
    for token in [
        hub.token("iothubowner", "other.azure-devices.net"),
        hub.token("iothubowner", "localhost%2Fdevices%2Fdev-1"),
        hub.token("iothubowner", "localhost").replace("sig=", "sig=A"),
        "SharedAccessSignature sr=localhost".to_owned(),
        "opaque".to_owned(),
        String::new(),
    ] {
        let (status, description, _) = client.put_token(&token, 1.into()).await;
        assert_eq!((status, description.as_str()), (401, "Unauthorized"), "{token}");
    }
}

/// HUB-HOST-3, HUB-HOST-4, HUB-HOST-5.
#[tokio::test]
async fn tokens_are_checked_for_the_name_of_the_handshake() {
    let hub = Hub::start().await;
    let (classic, service, device) = (
        "emulator.azure-devices.net",
        "emulator.service.azure-devices.net",
        "emulator.device.azure-devices.net",
    );
    let port = hub
        .emulator
        .iothub_endpoint()
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let bearer = hub.emulator.bearer_token();
    let device_token = |host: &str| {
        let token = hub.token("iothubowner", &format!("{host}%2Fdevices%2Fd"));
        token.trim_end_matches("&skn=iothubowner").to_owned()
    };
    for (name, token, expected) in [
        (classic, hub.token("service", classic), 200),
        (classic, hub.token("service", service), 401),
        (service, hub.token("service", service), 200),
        (service, hub.token("service", &format!("{service}%3A{port}")), 200),
        (service, hub.token("service", classic), 401),
        (service, hub.token("service", "localhost"), 401),
        (service, bearer.clone(), 200),
        (service, device_token(service), 401),
        (device, device_token(device), 501),
        (device, hub.token("iothubowner", device), 401),
        (device, bearer, 401),
    ] {
        let mut client = hub.open_as(name, None).await.unwrap();
        let (status, ..) = client.put_token(&token, 1.into()).await;
        assert_eq!(status, expected, "{name} {token}");
    }
}

/// HUB-AMQP-5.
#[tokio::test]
async fn sasl_plain_accepts_a_signature_as_password() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let plain = |username: &str, password: String| {
        Some(SaslProfile::Plain {
            username: username.to_owned(),
            password,
        })
    };
    let token = hub.token("iothubowner", "localhost");
    let mut client = hub
        .open(plain("iothubowner@sas.root.emulator", token.clone()))
        .await
        .unwrap();
    let outcome = client.send_hello("/devices/dev-1/messages/devicebound").await;
    assert!(matches!(outcome, Ok(Outcome::Accepted(_))), "{outcome:?}");
    for profile in [
        plain("iothubowner@sas.root.emulator", "guess".to_owned()),
        plain("guest", token),
    ] {
        let refused = hub.open(profile).await.err();
        assert!(
            matches!(refused, Some(OpenError::SaslError { .. })),
            "{refused:?}"
        );
    }
}

/// HUB-AMQP-4: MSSBCBS is not a registered SASL mechanism, but one official client uses it.
#[tokio::test]
async fn mssbcbs_is_offered_and_accepted() {
    let hub = Hub::start().await;
    let mut stream = hub.connect().await;
    stream.write_all(b"AMQP\x03\x01\x00\x00").await.unwrap();
    let mut header = [0; 8];
    stream.read_exact(&mut header).await.unwrap();
    assert_eq!(&header, b"AMQP\x03\x01\x00\x00");
    let mechanisms = frame(&mut stream).await;
    for mechanism in ["MSSBCBS", "ANONYMOUS", "EXTERNAL", "PLAIN"] {
        let offered = mechanisms
            .windows(mechanism.len())
            .any(|text| text == mechanism.as_bytes());
        assert!(offered, "{mechanism}");
    }
    // A sasl-init that only names the mechanism.
    let body = [&[0x00, 0x53, 0x41, 0xc0, 0x0a, 0x01, 0xa3, 0x07][..], b"MSSBCBS"].concat();
    let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    stream
        .write_all(&[&length[..], &[2, 1, 0, 0], &body].concat())
        .await
        .unwrap();
    // A sasl-outcome with code 0, ok.
    let outcome = frame(&mut stream).await;
    assert_eq!(outcome.get(..3), Some(&[0x00, 0x53, 0x44][..]));
    assert!(outcome.ends_with(&[0x50, 0x00]), "{outcome:?}");
}

/// Reads a frame and returns its body.
async fn frame(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let length = stream.read_u32().await.unwrap();
    let mut rest = vec![0; length as usize - 4];
    stream.read_exact(&mut rest).await.unwrap();
    rest.split_off(4)
}

#[tokio::test]
async fn other_protocol_header_is_answered_with_the_sasl_header() {
    let hub = Hub::start().await;
    let mut stream = hub.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.ok();
    assert_eq!(response, b"AMQP\x03\x01\x00\x00");
}

fn condition(error: Option<SendError>) -> ErrorCondition {
    match error {
        Some(SendError::LinkStateError(LinkStateError::RemoteClosedWithError(error))) => error.condition,
        other => panic!("expected a link closed with an error, got {other:?}"),
    }
}

/// HUB-AMQP-12.
#[tokio::test]
async fn links_need_the_service_connect_permission() {
    let hub = Hub::start().await;
    let unauthorized = ErrorCondition::AmqpError(AmqpError::UnauthorizedAccess);
    for policy in [None, Some("registryReadWrite"), Some("device")] {
        let mut client = hub.open(None).await.unwrap();
        if let Some(policy) = policy {
            let token = hub.token(policy, "localhost");
            assert_eq!(client.put_token(&token, 1.into()).await.0, 200);
        }
        let mut sender = client.sender("/messages/devicebound").await.unwrap();
        let error = sender
            .send(message("/devices/d/messages/devicebound", b""))
            .await
            .err();
        assert_eq!(condition(error), unauthorized, "{policy:?}");
    }
}

/// HUB-AMQP-13.
#[tokio::test]
async fn expired_token_closes_the_links_unless_it_is_renewed() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    let mut sender = client.sender("/messages/devicebound").await.unwrap();
    let hello = || message("/devices/dev-1/messages/devicebound", b"hello");
    // Five minutes of clock skew are allowed.
    hub.emulator
        .clock()
        .advance(std::time::Duration::from_secs(3600 + 200));
    assert!(matches!(sender.send(hello()).await, Ok(Outcome::Accepted(_))));
    let token = hub.token("iothubowner", "localhost");
    assert_eq!(client.put_token(&token, 2.into()).await.0, 200);
    hub.emulator.clock().advance(std::time::Duration::from_secs(3600));
    assert!(matches!(sender.send(hello()).await, Ok(Outcome::Accepted(_))));
    hub.emulator.clock().advance(std::time::Duration::from_secs(600));
    let error = sender.send(hello()).await.err();
    assert_eq!(
        condition(error),
        ErrorCondition::AmqpError(AmqpError::UnauthorizedAccess)
    );
}
