//! Clients that violate the protocol. Every invalid frame gets an error, so that no client waits forever.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use crate::support::Hub;

const OPEN: u8 = 0x10;
const BEGIN: u8 = 0x11;
const ATTACH: u8 = 0x12;
const FLOW: u8 = 0x13;
const TRANSFER: u8 = 0x14;
const DISPOSITION: u8 = 0x15;
const DETACH: u8 = 0x16;
const END: u8 = 0x17;
const CLOSE: u8 = 0x18;
const SOURCE: u8 = 0x28;
const TARGET: u8 = 0x29;
const COORDINATOR: u8 = 0x30;

const NULL: &[u8] = &[0x40];
const TRUE: &[u8] = &[0x41];
const SENDER: &[u8] = &[0x42];
const RECEIVER: &[u8] = &[0x41];
const ZERO: &[u8] = &[0x43];

fn text(text: &str) -> Vec<u8> {
    [&[0xa1, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn list(descriptor: u8, fields: &[&[u8]]) -> Vec<u8> {
    let content = fields.concat();
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    let count = u32::try_from(fields.len()).unwrap().to_be_bytes();
    [&[0x00, 0x53, descriptor, 0xd0], &length[..], &count, &content].concat()
}

fn frame(channel: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&length[..], &[2, 0, 0, channel], body].concat()
}

/// Returns a terminus with an address, `dynamic` and `dynamic-node-properties`.
fn terminus(descriptor: u8, address: &str, dynamic: &[u8], properties: &[u8]) -> Vec<u8> {
    let address = text(address);
    list(descriptor, &[&address, NULL, NULL, NULL, dynamic, properties])
}

fn source(address: &str) -> Vec<u8> {
    terminus(SOURCE, address, NULL, NULL)
}

fn target(address: &str) -> Vec<u8> {
    terminus(TARGET, address, NULL, NULL)
}

/// Returns an attach frame. `count` is the initial delivery count, which a sender must set.
fn attach(name: &str, handle: u8, role: &[u8], source: &[u8], target: &[u8], count: &[u8]) -> Vec<u8> {
    let name = text(name);
    let handle = [0x52, handle];
    let fields = [
        &*name, &handle, role, NULL, NULL, source, target, NULL, NULL, count,
    ];
    frame(0, &list(ATTACH, &fields))
}

fn sender(name: &str, handle: u8, address: &str) -> Vec<u8> {
    attach(name, handle, SENDER, &source("here"), &target(address), ZERO)
}

struct Wire(TlsStream<TcpStream>);

impl Wire {
    /// Opens a connection with a session on channel 0.
    async fn begin(hub: &Hub) -> Self {
        let mut wire = Self(hub.connect().await);
        let begin = list(BEGIN, &[NULL, ZERO, &[0x52, 100], &[0x52, 100]]);
        let opening = [
            b"AMQP\x00\x01\x00\x00".to_vec(),
            frame(0, &list(OPEN, &[&text("test")])),
            frame(0, &begin),
        ];
        wire.write(&opening.concat()).await;
        let mut header = [0; 8];
        wire.0.read_exact(&mut header).await.unwrap();
        assert_eq!(&header, b"AMQP\x00\x01\x00\x00");
        assert_eq!(wire.read().await.unwrap().0, OPEN);
        assert_eq!(wire.read().await.unwrap().0, BEGIN);
        wire
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Returns the next performative; `None` at the end of the stream. The timeout limits a failing test.
    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            loop {
                let length = self.0.read_u32().await.ok()?;
                let mut rest = vec![0; usize::try_from(length).unwrap() - 4];
                self.0.read_exact(&mut rest).await.ok()?;
                // Frames without a body are heartbeats.
                if let Some(performative) = rest.get(6) {
                    return Some((*performative, rest.split_off(4)));
                }
            }
        };
        let read = tokio::time::timeout(Duration::from_secs(20), read).await;
        read.expect("the server answers")
    }

    /// Returns the body of the next performative of this kind. Skips others, but fails at one that ends a link, the
    /// session or the connection.
    async fn next(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let (found, body) = self.read().await.expect("the connection is open");
            if found == kind {
                return body;
            }
            assert!(
                found < DETACH,
                "{found:#x} in place of {kind:#x}: {}",
                readable(&body)
            );
        }
    }
}

fn readable(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[tokio::test]
async fn every_invalid_frame_is_answered_with_an_error() {
    let hub = Hub::start().await;
    let cbs = || sender("first", 0, "$cbs");
    let transfer = |handle: u8| frame(0, &list(TRANSFER, &[&[0x52, handle], ZERO, &[0xa0, 1, 7]]));
    let detach = frame(0, &list(DETACH, &[&[0x52, 9], TRUE]));
    let flow = frame(
        0,
        &list(
            FLOW,
            &[ZERO, &[0x52, 9], ZERO, &[0x52, 9], &[0x52, 9], ZERO, &[0x52, 9]],
        ),
    );
    let coordinator = attach("c", 0, SENDER, &source("here"), &list(COORDINATOR, &[]), ZERO);
    let again = frame(0, &list(BEGIN, &[NULL, ZERO, &[0x52, 100], &[0x52, 100]]));
    for (slip, bytes, kind, condition) in [
        (
            "name in use",
            [cbs(), sender("first", 1, "$cbs")].concat(),
            END,
            "amqp:session:handle-in-use",
        ),
        (
            "handle in use",
            [cbs(), sender("second", 0, "$cbs")].concat(),
            CLOSE,
            "amqp:session:handle-in-use",
        ),
        (
            "transfer without link",
            transfer(9),
            CLOSE,
            "amqp:session:unattached-handle",
        ),
        ("flow without link", flow, CLOSE, "amqp:session:unattached-handle"),
        (
            "detach without link",
            detach,
            CLOSE,
            "amqp:session:unattached-handle",
        ),
        (
            "channel without session",
            frame(5, &list(DISPOSITION, &[RECEIVER, ZERO])),
            CLOSE,
            "amqp:not-found",
        ),
        (
            "unknown performative",
            frame(0, &list(0x70, &[])),
            CLOSE,
            "amqp:decode-error",
        ),
        (
            "attach without fields",
            frame(0, &list(ATTACH, &[])),
            CLOSE,
            "amqp:decode-error",
        ),
        (
            "no performative",
            frame(0, b"GET / HTTP/1.1"),
            CLOSE,
            "amqp:decode-error",
        ),
        (
            "frame shorter than its header",
            vec![0, 0, 0, 4, 2, 0, 0, 0],
            CLOSE,
            "amqp:",
        ),
        (
            "frame beyond the maximum",
            vec![0, 16, 0, 0, 2, 0, 0, 0],
            CLOSE,
            "amqp:",
        ),
        (
            "second open",
            frame(0, &list(OPEN, &[&text("test")])),
            CLOSE,
            "amqp:",
        ),
        ("second begin", again, CLOSE, "amqp:not-allowed"),
        ("coordinator", coordinator, CLOSE, "amqp:"),
    ] {
        let mut wire = Wire::begin(&hub).await;
        wire.write(&bytes).await;
        loop {
            let (found, body) = wire.read().await.unwrap_or_else(|| panic!("{slip}: no answer"));
            if found >= DETACH {
                assert_eq!(found, kind, "{slip}: {}", readable(&body));
                assert!(readable(&body).contains(condition), "{slip}: {}", readable(&body));
                break;
            }
        }
    }
}

/// The frame is truncated at every possible length.
#[tokio::test]
async fn truncated_performatives_are_answered_with_an_error() {
    let hub = Hub::start().await;
    let body = sender("first", 0, "$cbs").split_off(8);
    for length in 1..body.len() {
        let mut wire = Wire::begin(&hub).await;
        wire.write(&frame(0, &body[..length])).await;
        let answer = wire.read().await;
        assert!(answer.is_some(), "{length}");
    }
}

/// The next link can be attached before the client of the refused link has responded to the detach.
#[tokio::test]
async fn refused_links_are_closed_with_an_error_and_do_not_block_others() {
    let hub = Hub::start().await;
    let (from, to) = (source("here"), target("$cbs"));
    let dynamic = |descriptor| list(descriptor, &[NULL, NULL, NULL, NULL, TRUE]);
    for (slip, attach, condition) in [
        (
            "no source",
            attach("a", 0, SENDER, NULL, &to, ZERO),
            "amqp:invalid-field",
        ),
        (
            "no target",
            attach("a", 0, SENDER, &from, NULL, ZERO),
            "amqp:invalid-field",
        ),
        (
            "no source to read",
            attach("a", 0, RECEIVER, NULL, &to, NULL),
            "amqp:invalid-field",
        ),
        (
            "no count",
            attach("a", 0, SENDER, &from, &to, NULL),
            "amqp:invalid-field",
        ),
        (
            "dynamic target",
            attach("a", 0, SENDER, &from, &dynamic(TARGET), ZERO),
            "amqp:not-implemented",
        ),
        (
            "dynamic source",
            attach("a", 0, RECEIVER, &dynamic(SOURCE), &to, NULL),
            "amqp:not-implemented",
        ),
        (
            "dynamic address",
            attach("a", 0, SENDER, &from, &terminus(TARGET, "$cbs", TRUE, NULL), ZERO),
            "amqp:not-implemented",
        ),
        (
            "device",
            sender("a", 0, "/devices/d/messages/events"),
            "amqp:not-implemented",
        ),
        (
            "no token",
            sender("a", 0, "/messages/devicebound"),
            "amqp:unauthorized-access",
        ),
    ] {
        let mut wire = Wire::begin(&hub).await;
        wire.write(&attach).await;
        let body = readable(&wire.next(DETACH).await);
        assert!(body.contains(condition) && !body.contains("Is"), "{slip}: {body}");
        wire.write(&sender("next", 1, "$cbs")).await;
        let body = readable(&wire.next(ATTACH).await);
        assert!(body.contains("next"), "{slip}: {body}");
    }
}

/// HUB-AMQP-11.
#[tokio::test]
async fn dynamic_node_properties_have_no_effect_without_dynamic() {
    let hub = Hub::start().await;
    let entry = [
        &[0xc1, 17, 2],
        &*[&[0xa3, 7], &b"purpose"[..]].concat(),
        &*text("token"),
    ]
    .concat();
    for properties in [&[0xc1, 1, 0][..], &entry] {
        let mut wire = Wire::begin(&hub).await;
        let from = terminus(SOURCE, "here", NULL, properties);
        let to = terminus(TARGET, "$cbs", SENDER, properties);
        wire.write(&attach("a", 0, SENDER, &from, &to, ZERO)).await;
        wire.next(ATTACH).await;
        // The link accepts messages.
        wire.next(FLOW).await;
        let from = terminus(SOURCE, "$cbs", NULL, properties);
        wire.write(&attach("b", 1, RECEIVER, &from, &target("here"), NULL))
            .await;
        wire.next(ATTACH).await;
    }
}

/// AMQP frames are binary, so a text message is an error.
#[tokio::test]
async fn text_message_of_a_web_socket_ends_the_connection() {
    let hub = Hub::start().await;
    let host = hub.emulator.iothub_endpoint().trim_start_matches("https://");
    let stream = hub.connect_to(host).await;
    let request = Request::get(format!("wss://{host}/$iothub/websocket"))
        .header("host", host)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key())
        .header("sec-websocket-protocol", "AMQPWSB10");
    let (mut socket, _) = client_async(request.body(()).unwrap(), stream).await.unwrap();
    let opening = [
        b"AMQP\x00\x01\x00\x00".to_vec(),
        frame(0, &list(OPEN, &[&text("test")])),
    ]
    .concat();
    socket.send(Message::binary(opening)).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    let mut received = Vec::new();
    let read = async {
        while let Some(Ok(message)) = socket.next().await {
            received.extend_from_slice(&message.into_data());
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("the connection ends");
    assert!(
        readable(&received).contains("amqp:decode-error"),
        "{}",
        readable(&received)
    );
}

#[tokio::test]
async fn request_that_is_not_a_message_is_rejected() {
    let hub = Hub::start().await;
    let mut wire = Wire::begin(&hub).await;
    wire.write(&sender("a", 0, "$cbs")).await;
    wire.next(FLOW).await;
    let transfer = list(TRANSFER, &[ZERO, ZERO, &[0xa0, 1, 7]]);
    wire.write(&frame(0, &[&transfer[..], b"no message"].concat()))
        .await;
    let body = readable(&wire.next(DISPOSITION).await);
    assert!(body.contains("amqp:decode-error"), "{body}");
}
