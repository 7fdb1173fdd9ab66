//! Time limits for slow and silent clients. The clock of the tests is paused, so that waiting takes no time.

use std::time::Duration;

use azure_iot_emulator::Fault;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::{Running, VERSION, connect_tls};

const SECOND: Duration = Duration::from_secs(1);

fn authority(url: &str) -> &str {
    url.split_once("://").unwrap().1
}

/// Sends `bytes`, one every five seconds, and returns the response and the seconds until the connection has ended.
async fn drip(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> (Vec<u8>, u64) {
    let started = Instant::now();
    let mut received = Vec::new();
    let mut bytes = bytes.iter();
    loop {
        if let Some(byte) = bytes.next() {
            // The server may have closed the connection.
            drop(stream.write_all(&[*byte]).await);
            drop(stream.flush().await);
        }
        let read = tokio::time::timeout(5 * SECOND, stream.read_buf(&mut received)).await;
        if matches!(read, Ok(Ok(0) | Err(_))) {
            return (received, started.elapsed().as_secs());
        }
        assert!(started.elapsed() < 600 * SECOND, "the connection does not end");
    }
}

/// Runs a future with the clock running, and then gives the server time to read the bytes that were sent. A paused
/// clock would advance while bytes are still in transit.
async fn in_real_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::resume();
    let output = future.await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::pause();
    output
}

async fn silence(stream: impl AsyncRead + AsyncWrite + Unpin) -> u64 {
    drip(stream, b"").await.1
}

#[tokio::test(start_paused = true)]
async fn handshake_is_limited_to_10_seconds() {
    let running = Running::start().await;
    for url in [
        running.emulator.iothub_endpoint(),
        &running.emulator.iothub_amqp_endpoint(),
        &running.emulator.iothub_blob_endpoint(),
        running.emulator.digitaltwins_endpoint(),
    ] {
        let stream = TcpStream::connect(authority(url)).await.unwrap();
        assert_eq!(silence(stream).await, 10, "{url}");
        let stream = TcpStream::connect(authority(url)).await.unwrap();
        // The bytes are the beginning of a TLS record.
        assert_eq!(drip(stream, b"\x16\x03\x01\x02\x00\x01\x00").await.1, 10, "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn opening_an_amqp_connection_is_limited_to_10_seconds() {
    let running = Running::start().await;
    let url = running.emulator.iothub_amqp_endpoint();
    for bytes in [&b""[..], b"AMQP\x03"] {
        let stream = connect_tls(authority(&url), &running.emulator, b"http/1.1").await;
        assert_eq!(drip(stream, bytes).await.1, 10);
    }
}

/// HUB-AMQP-16: the client of an open AMQP connection must send a frame, which may be empty, at least every four
/// minutes.
#[tokio::test(start_paused = true)]
async fn idle_amqp_connections_are_closed_with_an_error() {
    let running = Running::start().await;
    let url = running.emulator.iothub_amqp_endpoint();
    let open = [
        &b"AMQP\x00\x01\x00\x00"[..],
        &[0, 0, 0, 20, 2, 0, 0, 0, 0x00, 0x53, 0x10, 0xc0, 7, 1, 0xa1, 4],
        b"test",
    ]
    .concat();
    let heartbeat = [0, 0, 0, 8, 2, 0, 0, 0];
    for heartbeats in [0, 3] {
        let mut received = Vec::new();
        let mut stream = in_real_time(async {
            let mut stream = connect_tls(authority(&url), &running.emulator, b"http/1.1").await;
            stream.write_all(&open).await.unwrap();
            stream.flush().await.unwrap();
            while !received.windows(12).any(|bytes| bytes == b"iot-emulator") {
                stream.read_buf(&mut received).await.unwrap();
            }
            stream
        })
        .await;
        for _ in 0..heartbeats {
            tokio::time::sleep(200 * SECOND).await;
            in_real_time(async {
                stream.write_all(&heartbeat).await.unwrap();
                stream.flush().await.unwrap();
            })
            .await;
        }
        let (rest, seconds) = drip(stream, b"").await;
        received.extend(rest);
        assert!((239..=241).contains(&seconds), "{heartbeats}: {seconds}");
        let text = String::from_utf8_lossy(&received);
        assert!(text.contains("amqp:connection:forced"), "{text}");
        // Half of the limit, 120,000 milliseconds, is announced.
        let announced = [0x70, 0, 1, 0xd4, 0xc0];
        assert!(
            received.windows(5).any(|bytes| bytes == announced),
            "{received:02x?}"
        );
    }
    // An incomplete frame does not restart the idle timeout.
    let mut stream = connect_tls(authority(&url), &running.emulator, b"http/1.1").await;
    stream.write_all(&open).await.unwrap();
    stream.flush().await.unwrap();
    let (_, seconds) = drip(stream, &[0; 7]).await;
    assert!((239..=241).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn request_head_is_limited_to_30_seconds() {
    let running = Running::start().await;
    let hub = authority(running.emulator.iothub_endpoint());
    for bytes in [&b""[..], b"GET /devices HTTP/1.1\r\n"] {
        let stream = connect_tls(hub, &running.emulator, b"http/1.1").await;
        assert_eq!(drip(stream, bytes).await.1, 30);
        let management = authority(running.emulator.management_endpoint());
        let stream = TcpStream::connect(management).await.unwrap();
        assert_eq!(drip(stream, bytes).await.1, 30);
    }
    // Over HTTP/2, closing the connection may take 5 more seconds.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // The bytes are the beginning of a HEADERS frame of 100 bytes.
    let headers = [0, 0, 100, 1, 5, 0, 0, 0, 1, 0x83, 0x87];
    for (at_once, slowly) in [
        (vec![], &b""[..]),
        (vec![], preface),
        ([&preface[..], &settings].concat(), &headers),
    ] {
        let mut stream = connect_tls(hub, &running.emulator, b"h2").await;
        stream.write_all(&at_once).await.unwrap();
        let (_, seconds) = drip(stream, slowly).await;
        assert!((30..=35).contains(&seconds), "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn request_body_is_limited_to_60_seconds() {
    let running = Running::start().await;
    let hub = authority(running.emulator.iothub_endpoint());
    let twins = authority(running.emulator.digitaltwins_endpoint());
    let blobs = running.emulator.iothub_blob_endpoint();
    let bearer = format!("Bearer {}", running.emulator.bearer_token());
    let json = "Content-Type: application/json\r\n";
    for (authority, request, authorization) in [
        (hub, format!("PUT /devices/a?{VERSION}"), running.token()),
        (twins, "POST /query?api-version=2023-10-31".to_owned(), bearer),
        (authority(&blobs), "PUT /c/b".to_owned(), String::new()),
    ] {
        let mut stream = connect_tls(authority, &running.emulator, b"http/1.1").await;
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {authorization}\r\n{json}Content-Length: 100\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let (response, seconds) = drip(stream, &[b' '; 99]).await;
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with("HTTP/1.1 408 "), "{request}: {response}");
        // The response waits up to 5 more seconds for the body, and announces the close of the connection.
        assert!((60..=80).contains(&seconds), "{request}: {seconds}");
        assert!(response.contains("connection: close"), "{request}: {response}");
    }
    let management = authority(running.emulator.management_endpoint());
    let mut stream = TcpStream::connect(management).await.unwrap();
    let head = format!("PUT /clock HTTP/1.1\r\nHost: {management}\r\n{json}Content-Length: 100\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (response, _) = drip(stream, &[b' '; 99]).await;
    assert!(response.starts_with(b"HTTP/1.1 408 "));
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed() {
    let running = Running::start().await;
    let hub = authority(running.emulator.iothub_endpoint());
    let mut stream = connect_tls(hub, &running.emulator, b"http/1.1").await;
    let request = format!("GET /devices?{VERSION} HTTP/1.1\r\nHost: {hub}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (response, seconds) = drip(stream, b"").await;
    assert!(response.starts_with(b"HTTP/1.1 401 "));
    assert_eq!(seconds, 30);

    let stream = connect_tls(hub, &running.emulator, b"h2").await;
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get(format!("https://{hub}/devices?{VERSION}"));
    let response = sender
        .send_request(request.body(Empty::<Bytes>::new()).unwrap())
        .await;
    let response = response.unwrap();
    assert_eq!(response.status(), 401);
    response.into_body().collect().await.unwrap();
    let started = Instant::now();
    connection.await.unwrap().unwrap();
    assert_eq!(started.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn response_must_be_read_within_two_minutes() {
    let running = Running::start().await;
    let blobs = running.emulator.iothub_blob_endpoint();
    let size = 15 * 1024 * 1024;
    let put = running.client.put(format!("{blobs}/c/b")).body(vec![b' '; size]);
    assert_eq!(put.send().await.unwrap().status(), 201);
    for (wait, complete) in [(100 * SECOND, true), (130 * SECOND, false)] {
        let host = authority(&blobs);
        let mut stream = connect_tls(host, &running.emulator, b"http/1.1").await;
        let request = format!("GET /c/b HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(wait).await;
        let mut received = Vec::new();
        // Reading fails at the end of a truncated response.
        drop(stream.read_to_end(&mut received).await);
        assert_eq!(received.len() > size, complete, "{wait:?}: {}", received.len());
    }
}

/// A direct method may take five minutes.
#[tokio::test(start_paused = true)]
async fn connection_is_not_idle_while_a_request_is_processed() {
    let running = Running::start().await;
    let fault = Fault::latency(600 * SECOND).on("GET", "/devices");
    running.emulator.faults().add(fault).unwrap();
    let started = Instant::now();
    let response = running.hub(Method::GET, "/devices").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(started.elapsed() >= 600 * SECOND);
}
