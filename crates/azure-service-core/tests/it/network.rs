//! The default transport against faulty servers.

use super::support::*;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions};
use azure_service_core::{ConnectionFailure, ErrorKind, ServiceClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The server's action on a connection.
#[derive(Debug, Clone, Copy)]
enum Act {
    Reset,
    Close,
    Send(&'static str),
}

const OK: Act =
    Act::Send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n{\"name\":\"hall\"}");

/// Starts a server that performs the next of `acts` on each connection and repeats the last one. Returns its endpoint
/// and the number of connections.
async fn serve(acts: &'static [Act]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let index = counter.fetch_add(1, Ordering::SeqCst);
            perform(stream, *acts.get(index).unwrap_or(&acts[acts.len() - 1])).await;
        }
    });
    (endpoint, count)
}

/// Starts a server that reads once and then sends `answer`. Returns its endpoint and the number of connections.
#[cfg(feature = "rustls")]
async fn serve_immediately(answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(answer).await.unwrap();
        }
    });
    (endpoint, count)
}

async fn perform(mut stream: TcpStream, act: Act) {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
    match act {
        Act::Reset => stream.set_zero_linger().unwrap(),
        Act::Close => {}
        Act::Send(text) => {
            stream.write_all(text.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    }
}

fn client_of(endpoint: &str) -> ServiceClient<Client> {
    let retry = RetryOptions::exponential(ExponentialRetryOptions {
        max_retries: 2,
        initial_delay: azure_core::time::Duration::milliseconds(1),
        ..Default::default()
    });
    client(
        endpoint,
        &anonymous(),
        ClientOptions {
            retry,
            ..ClientOptions::default()
        },
    )
}

#[tokio::test]
async fn broken_connection_is_retried_only_for_idempotent_requests() {
    const TRUNCATED: Act = Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"name\":");
    static RESET: &[Act] = &[Act::Reset, OK];
    static CLOSE: &[Act] = &[Act::Close, OK];
    static CUT: &[Act] = &[TRUNCATED, OK];
    for acts in [RESET, CLOSE, CUT] {
        let (endpoint, count) = serve(acts).await;
        assert_eq!(get(&client_of(&endpoint)).await.unwrap().name, "hall");
        assert_eq!(count.load(Ordering::SeqCst), 2);

        let (endpoint, count) = serve(acts).await;
        let error = invoke(&client_of(&endpoint)).await.unwrap_err();
        assert!(
            error.is_unknown_outcome() && !error.is_timeout(),
            "{acts:?}: {error:?}"
        );
        assert_eq!((error.attempts(), count.load(Ordering::SeqCst)), (1, 1));
        let text = report(&error);
        assert!(
            text.starts_with(&format!("the connection to {} broke: ", &endpoint[7..])),
            "{text}"
        );
        assert!(
            text.ends_with("; the service may have processed the request (invoke_room)"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn refused_connection_is_retried_for_all_requests_and_has_a_known_outcome() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client_of(&format!("http://{address}"));
    for (error, operation) in [
        (get(&client).await.unwrap_err(), "get_room"),
        (invoke(&client).await.unwrap_err(), "invoke_room"),
    ] {
        assert_eq!(
            (error.kind(), error.status(), error.attempts()),
            (ErrorKind::Connection, None, 3),
            "{error:?}"
        );
        assert!(error.is_connection() && error.is_retryable());
        assert_eq!(error.connection_failure(), Some(&ConnectionFailure::Refused));
        assert_eq!(
            report(&error),
            format!("cannot connect to {address}: connection refused ({operation}, 3 attempts)")
        );
    }
}

#[tokio::test]
async fn unknown_host_is_reported() {
    // Without retries, because resolvers are slow.
    let options = ClientOptions {
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    };
    let client = client("http://no-such-host.invalid", &anonymous(), options);
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.connection_failure(), Some(&ConnectionFailure::UnknownHost));
    assert_eq!(
        report(&error),
        "cannot connect to no-such-host.invalid:80: the host name cannot be resolved (get_room)"
    );
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn server_without_tls_is_reported() {
    let (endpoint, count) = serve_immediately(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = get(&client_of(&endpoint.replace("http:", "https:")))
        .await
        .unwrap_err();
    assert!(
        matches!(error.connection_failure(), Some(ConnectionFailure::Tls(_))),
        "{error:?}"
    );
    assert!(
        error.to_string().contains(": the TLS handshake failed: "),
        "{error}"
    );
    assert!(!error.is_certificate() && !error.is_retryable());
    assert_eq!((error.attempts(), count.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    static AWAY: &[Act] = &[Act::Send(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )];
    let (endpoint, count) = serve(AWAY).await;
    assert_eq!(get(&client_of(&endpoint)).await.unwrap_err().status(), Some(307));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn error_status_is_kept_if_its_body_is_truncated() {
    static BAD: &[Act] = &[Act::Send(
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{\"Message\":\"ErrorCode:DeviceNotFou",
    )];
    let (endpoint, _) = serve(BAD).await;
    let error = get(&client_of(&endpoint)).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        (error.code(), error.body()),
        (None, Some("{\"Message\":\"ErrorCode:DeviceNotFou"))
    );
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn handshake_without_a_common_tls_version_fails_at_once() {
    // A fatal `protocol_version` alert (70), and a ServerHello of TLS 1.1.
    const ALERT: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";
    const TLS_1_1: &[u8] =
        b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x020123456789abcdef0123456789abcdef\x00\xc0\x13\x00";
    for (answer, failure, text) in [
        (
            ALERT,
            ConnectionFailure::TlsVersion,
            "it does not accept TLS 1.2 or 1.3",
        ),
        (
            TLS_1_1,
            ConnectionFailure::TlsVersion,
            "it does not accept TLS 1.2 or 1.3",
        ),
    ] {
        let (endpoint, count) = serve_immediately(answer).await;
        let error = get(&client_of(&endpoint.replace("http:", "https:")))
            .await
            .unwrap_err();
        assert_eq!(error.connection_failure(), Some(&failure), "{error:?}");
        assert!(error.is_connection() && !error.is_retryable() && !error.is_certificate());
        let address = endpoint.trim_start_matches("http://");
        assert_eq!(
            report(&error),
            format!("cannot connect to {address}: {text} (get_room)")
        );
        assert_eq!((error.attempts(), count.load(Ordering::SeqCst)), (1, 1));
    }
}
