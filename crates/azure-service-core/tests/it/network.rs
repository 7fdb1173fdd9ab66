//! Real sockets that misbehave, with the transport that clients have by default.

use super::support::*;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions};
use azure_service_core::{ErrorKind, ServiceClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Debug, Clone, Copy)]
enum Act {
    Reset,
    Close,
    Send(&'static str),
}

const OK: Act =
    Act::Send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n{\"name\":\"lamp\"}");

/// A server that handles one request per connection; the last act is repeated.
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

fn over(endpoint: &str) -> ServiceClient<Client> {
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
async fn a_broken_connection_is_repeated_for_get_only() {
    const TRUNCATED: Act = Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"name\":");
    static RESET: &[Act] = &[Act::Reset, OK];
    static CLOSE: &[Act] = &[Act::Close, OK];
    static CUT: &[Act] = &[TRUNCATED, OK];
    for acts in [RESET, CLOSE, CUT] {
        let (endpoint, count) = serve(acts).await;
        assert_eq!(get(&over(&endpoint)).await.unwrap().name, "lamp");
        assert_eq!(count.load(Ordering::SeqCst), 2);

        let (endpoint, count) = serve(acts).await;
        let error = invoke(&over(&endpoint)).await.unwrap_err();
        assert!(
            error.is_unknown_outcome() && !error.is_timeout(),
            "{acts:?}: {error:?}"
        );
        assert_eq!((error.attempts(), count.load(Ordering::SeqCst)), (1, 1));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn a_refused_connection_is_repeated_for_all_and_never_an_unknown_outcome() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = over(&endpoint);
    for error in [
        get(&client).await.unwrap_err(),
        invoke(&client).await.unwrap_err(),
    ] {
        assert_eq!(
            (error.kind(), error.status(), error.attempts()),
            (ErrorKind::Connection, None, 3),
            "{error:?}"
        );
        assert!(error.is_connection());
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    static AWAY: &[Act] = &[Act::Send(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )];
    let (endpoint, count) = serve(AWAY).await;
    assert_eq!(get(&over(&endpoint)).await.unwrap_err().status(), Some(307));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_that_is_cut_short_does_not_hide_an_error_status_that_is_complete() {
    static BAD: &[Act] = &[Act::Send(
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{\"Message\":\"ErrorCode:DeviceNotFou",
    )];
    let (endpoint, _) = serve(BAD).await;
    let error = get(&over(&endpoint)).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        (error.code(), error.body()),
        (None, Some("{\"Message\":\"ErrorCode:DeviceNotFou"))
    );
}
