//! Responses to requests whose body the server does not read. The connection stays usable, or the response
//! announces its close.

use azure_iot_emulator::Fault;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Running, VERSION, connect_tls};

/// An HTTP/1.1 client that sends a request in two parts, so that the server can respond before it has received the
/// body.
struct Wire<S>(S);

struct Answer {
    status: u16,
    closes: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    async fn send(&mut self, request_line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{request_line} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.0.write_all(head.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        self.0.write_all(body).await.unwrap();
        self.0.flush().await.unwrap();
        self.answer(request_line).await
    }

    async fn answer(&mut self, request_line: &str) -> Answer {
        let mut received = Vec::new();
        let end = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let read = self.0.read_buf(&mut received).await.unwrap();
            assert_ne!(
                read, 0,
                "{request_line}: the connection was closed before the response"
            );
        };
        let head = String::from_utf8(received[..end].to_vec())
            .unwrap()
            .to_ascii_lowercase();
        let length = head.split_once("content-length: ").map_or(0, |(_, rest)| {
            rest.split("\r\n").next().unwrap().parse::<usize>().unwrap()
        });
        while received.len() < end + length {
            assert_ne!(self.0.read_buf(&mut received).await.unwrap(), 0, "{request_line}");
        }
        assert_eq!(received.len(), end + length, "{request_line}");
        Answer {
            status: head["http/1.1 ".len()..][..3].parse().unwrap(),
            closes: head.contains("\r\nconnection: close\r\n"),
        }
    }
}

#[tokio::test]
async fn refused_requests_leave_the_connection_usable() {
    let running = Running::start().await;
    running.create("a").await;
    let hub = running.emulator.iothub_endpoint().trim_start_matches("https://");
    let token = running.token();
    let credentials: &[(&str, &str)] = &[("Host", hub), ("Authorization", &token)];
    let none: &[(&str, &str)] = &[("Host", hub)];
    let fault = |status| Fault::status(status).on("PATCH", "/twins/a").times(1);
    for status in [429, 503] {
        running.emulator.faults().add(fault(status)).unwrap();
    }
    let patch = format!("PATCH /twins/a?{VERSION}");
    let mut wire = Wire(connect_tls(hub, &running.emulator, b"http/1.1").await);
    for (request, headers, status) in [
        (&*patch, credentials, 429),
        (&*patch, credentials, 503),
        (&*format!("POST /devices/query?{VERSION}"), none, 401),
        ("POST /devices/query", credentials, 400),
        (&*format!("PUT /devices/%zz?{VERSION}"), credentials, 400),
        (&*format!("PUT /nothing?{VERSION}"), credentials, 404),
        (&*format!("POST /devices/a?{VERSION}"), credentials, 405),
        (&*format!("PUT /devices/b?{VERSION}"), credentials, 400),
        (&*format!("POST /devices/a/messages/events?{VERSION}"), none, 501),
        ("POST /$iothub/websocket", none, 400),
        (&*patch, credentials, 400),
    ] {
        let answer = wire.send(request, headers, &[b'x'; 100_000]).await;
        assert_eq!((answer.status, answer.closes), (status, false), "{request}");
    }
    let read = wire
        .send(&format!("GET /devices/a?{VERSION}"), credentials, b"")
        .await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn refused_requests_leave_the_connection_to_the_other_services_usable() {
    let running = Running::start().await;
    let twins = running
        .emulator
        .digitaltwins_endpoint()
        .trim_start_matches("https://");
    let mut wire = Wire(connect_tls(twins, &running.emulator, b"http/1.1").await);
    for _ in 0..10 {
        let answer = wire
            .send(
                "POST /query?api-version=2023-10-31",
                &[("Host", twins)],
                &[b' '; 70_000],
            )
            .await;
        assert_eq!((answer.status, answer.closes), (401, false));
    }
    let management = running.emulator.management_endpoint();
    let host = management.trim_start_matches("http://");
    let mut wire = Wire(TcpStream::connect(host).await.unwrap());
    for (request, host, status) in [
        ("PUT /state", "attacker.example", 403),
        ("PUT /clock", host, 400),
        ("POST /nothing", host, 404),
    ] {
        let headers = [("Host", host), ("Content-Type", "application/json")];
        let answer = wire.send(request, &headers, &[b' '; 70_000]).await;
        assert_eq!((answer.status, answer.closes), (status, false), "{request}");
    }
    let blobs = running.emulator.iothub_blob_endpoint();
    let blobs = blobs.trim_start_matches("https://");
    let mut wire = Wire(connect_tls(blobs, &running.emulator, b"http/1.1").await);
    for _ in 0..2 {
        let answer = wire
            .send(
                "PUT /container/blob?comp=block",
                &[("Host", blobs)],
                &[b' '; 70_000],
            )
            .await;
        assert_eq!((answer.status, answer.closes), (501, false));
    }
}

/// A client that sends its whole body before it reads, as Python's client does, still receives the response to a
/// body that is too long. The response announces the close of the connection.
#[tokio::test]
async fn response_to_a_long_body_announces_the_close_of_the_connection() {
    let running = Running::start().await;
    let hub = running.emulator.iothub_endpoint().trim_start_matches("https://");
    let body = vec![b' '; 80 * 1024 * 1024];
    for (token, status) in [(running.token(), 413), (String::new(), 401)] {
        let mut wire = Wire(connect_tls(hub, &running.emulator, b"http/1.1").await);
        let headers = [("Host", hub), ("Authorization", &*token)];
        let request = format!("PUT /devices/a?{VERSION}");
        let answer = wire.send(&request, &headers, &body).await;
        assert_eq!((answer.status, answer.closes), (status, true));
        assert_eq!(
            wire.0.read(&mut [0]).await.unwrap(),
            0,
            "the connection is closed"
        );
    }
    running.create("a").await;
}

/// RFC 9110, section 10.1.1: a client that waits for `100 Continue` immediately receives the error response
/// instead.
#[tokio::test]
async fn client_that_expects_continue_is_refused_before_its_body() {
    let running = Running::start().await;
    let hub = running.emulator.iothub_endpoint().trim_start_matches("https://");
    let mut wire = Wire(connect_tls(hub, &running.emulator, b"http/1.1").await);
    let request = format!("PUT /devices/a?{VERSION}");
    let head =
        format!("{request} HTTP/1.1\r\nHost: {hub}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
    let started = std::time::Instant::now();
    wire.0.write_all(head.as_bytes()).await.unwrap();
    wire.0.flush().await.unwrap();
    let answer = wire.answer(&request).await;
    assert_eq!((answer.status, answer.closes), (401, true));
    assert!(started.elapsed().as_millis() < 900, "{:?}", started.elapsed());
}

/// curl 7 reports a reset of a stream as an error, even after the complete response.
#[tokio::test]
async fn refused_streams_are_not_reset() {
    let running = Running::start().await;
    for endpoint in [
        running.emulator.iothub_endpoint(),
        running.emulator.digitaltwins_endpoint(),
    ] {
        let host = endpoint.trim_start_matches("https://");
        let mut frames = Frames(connect_tls(host, &running.emulator, b"h2").await);
        frames
            .0
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        frames.write(SETTINGS, 0, 0, &[]).await;
        for stream in [1, 3, 5] {
            let (status, seen) = frames
                .refused(stream, host, "/models?api-version=2023-10-31")
                .await;
            assert_eq!(status, 401);
            assert!(!seen.contains(&RST_STREAM), "{seen:?}");
        }
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// A connection of raw HTTP/2 frames. Client libraries would hide a reset after the response.
struct Frames<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let stream = stream.to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream].concat();
        self.0.write_all(&[&head, payload].concat()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    async fn read(&mut self) -> (u8, u8, u32, Vec<u8>) {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.unwrap();
        let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
        (head[3], head[4], stream, payload)
    }

    /// Posts a body in a separate frame. Returns the status and the types of the stream's frames.
    async fn refused(&mut self, stream: u32, host: &str, path: &str) -> (u16, Vec<u8>) {
        // HPACK: `:method POST` and `:scheme https` from the static table, then `:path` and `:authority` as literals.
        let length = |text: &str| u8::try_from(text.len()).unwrap();
        let block = [
            &[0x83, 0x87, 0x04, length(path)],
            path.as_bytes(),
            &[0x01, length(host)],
            host.as_bytes(),
        ]
        .concat();
        self.write(HEADERS, END_HEADERS, stream, &block).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.write(DATA, END_STREAM, stream, &[b' '; 1000]).await;
        // The reply to a ping arrives after all frames that the server has queued.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.write(PING, 0, 0, &[7; 8]).await;
        let (mut status, mut seen) = (0, Vec::new());
        loop {
            let (kind, flags, of, payload) = self.read().await;
            if of == stream {
                if kind == HEADERS {
                    status = status_of(&payload);
                }
                seen.push(kind);
            } else if kind == PING && flags == ACK {
                return (status, seen);
            } else if kind == SETTINGS && flags != ACK {
                self.write(SETTINGS, ACK, 0, &[]).await;
            }
        }
    }
}

/// Parses `:status` at the start of a header block. It is a literal with a name from the static table or, from an
/// earlier response, an entry of the dynamic table, which can only be the same status.
fn status_of(block: &[u8]) -> u16 {
    match block {
        // Literal with indexing, name 8; the value is Huffman-coded `401`.
        [0x48, 0x82, 0x68, 0x01, ..] | [0xbe..=0xff, ..] => 401,
        other => panic!("an unexpected header block: {other:02x?}"),
    }
}
