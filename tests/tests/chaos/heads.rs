//! Heads of responses that are not HTTP.

use std::time::Duration;

use azure_service_core::ErrorKind;

use crate::clients::Clients;
use crate::evil_server::{Answer, EvilServer};

const BODY: &str = "{\"deviceId\":\"d\",\"$dtId\":\"t\",\"$metadata\":{\"$model\":\"dtmi:a:b;1\"}}";

#[tokio::test]
async fn response_that_is_not_http_has_an_unknown_outcome() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    let long = "x".repeat(1 << 20);
    for head in [
        String::new(),
        "\0\u{1}\u{2}\u{3}".repeat(100),
        "HTTP/1.1 abc OK\r\n\r\n".to_owned(),
        "HTTP/9.9 200 OK\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(10_000)),
        "HTTP/1.1 200 OK\r\n no colon\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{BODY}"),
        format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{BODY}"),
        format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{BODY}"),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{BODY}\r\n0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{BODY}\r\n"),
    ] {
        let shown: String = head.chars().take(60).collect();
        server.answer(Answer::text(head));
        for result in clients.read().await {
            let error = result.expect_err("not HTTP");
            assert_eq!(error.kind, ErrorKind::UnknownOutcome, "{shown:?}: {error:?}");
        }
        for result in clients.write().await {
            let error = result.expect_err("not HTTP");
            let expected = (ErrorKind::UnknownOutcome, 1);
            assert_eq!((error.kind, error.attempts), expected, "{shown:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn endless_head_ends_at_a_limit_or_the_timeout() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    for (head, chunk) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
        ("HTTP/1.1 200 OK\r\na: ", "bbbbbbbbbbbbbbbb"),
    ] {
        server.answer(Answer::Endless {
            head: head.to_owned(),
            chunk: chunk.repeat(64).into_bytes(),
            pause: Duration::from_millis(1),
        });
        for result in clients.read().await.into_iter().chain(clients.write().await) {
            let error = result.expect_err("the head is endless");
            assert!(
                error.is_timeout || error.kind == ErrorKind::UnknownOutcome,
                "{error:?}"
            );
        }
    }
}

/// A 2xx status that the operation does not have, and a body of another type.
#[tokio::test]
async fn success_with_another_content_is_an_error_of_the_response() {
    let server = EvilServer::start().await;
    let clients = Clients::of(&server);
    for body in [
        "",
        "null",
        "[]",
        "7",
        "<html></html>",
        "\u{feff}\u{feff}{}",
        "{\"deviceId\":7,\"$dtId\":7}",
    ] {
        server.answer(Answer::response(200, &["content-type: text/html"], body));
        for result in clients.read().await {
            let error = result.expect_err("not a twin");
            assert_eq!(error.kind, ErrorKind::InvalidResponse, "{body}: {error:?}");
        }
    }
}
