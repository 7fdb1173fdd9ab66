//! Bodies that are cut, endless, slow or compressed.

use std::io::Write as _;
use std::time::Duration;

use azure_service_core::ErrorKind;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::clients::{ATTEMPTS, Clients, MAX_RESPONSE_SIZE};
use crate::evil_server::{Answer, EvilServer};

const JSON: &str = "content-type: application/json";

/// A body that ends before its length is a broken connection: a read is retried, and the outcome of a write is unknown.
#[tokio::test]
async fn body_that_is_shorter_than_its_length_is_a_broken_connection() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    server.answer(Answer::text(format!(
        "HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 100\r\n\r\n{{\"a\":"
    )));
    for read in clients.read().await {
        let error = read.expect_err("the body is cut");
        assert_eq!(
            (error.kind, error.attempts),
            (ErrorKind::UnknownOutcome, ATTEMPTS),
            "{error:?}"
        );
    }
    for write in clients.write().await {
        let error = write.expect_err("the body is cut");
        assert_eq!(
            (error.kind, error.attempts),
            (ErrorKind::UnknownOutcome, 1),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn body_that_is_longer_than_its_length_is_read_up_to_it() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    server.answer(Answer::text(format!(
        "HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 5\r\n\r\n{{\"deviceId\":\"d\",\"$dtId\":\"t\"}}"
    )));
    for read in clients.read().await {
        let error = read.expect_err("the JSON is cut");
        assert_eq!(error.kind, ErrorKind::InvalidResponse, "{error:?}");
    }
}

#[tokio::test]
async fn endless_body_ends_at_the_limit_of_a_response() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    for (head, chunk) in [
        (
            format!("HTTP/1.1 200 OK\r\n{JSON}\r\nconnection: close\r\n\r\n"),
            vec![b' '; 1 << 16],
        ),
        (
            format!("HTTP/1.1 500 Any\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n"),
            [b"8000\r\n".to_vec(), vec![b' '; 0x8000], b"\r\n".to_vec()].concat(),
        ),
    ] {
        let pause = Duration::ZERO;
        server.answer(Answer::Endless { head, chunk, pause });
        for result in clients.read().await.into_iter().chain(clients.write().await) {
            let error = result.expect_err("the body is endless");
            assert_eq!(
                (error.kind, error.attempts),
                (ErrorKind::ResponseTooLarge, 1),
                "{error:?}"
            );
        }
    }
}

/// Bytes that arrive do not extend the timeout of a call.
#[tokio::test]
async fn dripping_body_ends_at_the_timeout_of_the_call() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    for head in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n",
    ] {
        server.answer(Answer::Endless {
            head: head.to_owned(),
            chunk: b"x".to_vec(),
            pause: Duration::from_millis(20),
        });
        for result in clients.read().await.into_iter().chain(clients.write().await) {
            let error = result.expect_err("the response is never complete");
            assert!(error.is_timeout, "{head:?} {error:?}");
        }
    }
}

/// Returns zeros, compressed.
fn compressed(length: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![0_u8; 1 << 16];
    for _ in 0..length.div_ceil(block.len()) {
        encoder.write_all(&block).expect("memory can be written to");
    }
    encoder.finish().expect("memory can be written to")
}

#[tokio::test]
async fn compressed_body_counts_with_its_length_after_decompression() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    let bomb = compressed(64 * MAX_RESPONSE_SIZE);
    assert!(bomb.len() < MAX_RESPONSE_SIZE);
    let head = format!(
        "HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    server.answer(Answer::Bytes([head.into_bytes(), bomb].concat()));
    for result in clients.read().await.into_iter().chain(clients.write().await) {
        let error = result.expect_err("the body is too large");
        let expected = (ErrorKind::ResponseTooLarge, Some(200), 1);
        assert_eq!((error.kind, error.status, error.attempts), expected, "{error:?}");
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|head| head.contains("accept-encoding: gzip"))
    );
}

/// A body that claims to be compressed, but is not.
#[tokio::test]
async fn body_that_cannot_be_decompressed_is_an_error() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    server.answer(Answer::response(
        200,
        &[JSON, "content-encoding: gzip"],
        "{\"deviceId\":\"d\"}",
    ));
    for result in clients.read().await {
        let error = result.expect_err("the body is not compressed");
        assert!(!error.is_timeout && !error.text.is_empty(), "{error:?}");
    }
}
