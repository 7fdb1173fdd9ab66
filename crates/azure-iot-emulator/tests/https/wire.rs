//! Clients of HTTP/1.1 and HTTP/2 that send the head of a request before its body, so that the server can respond before it
//! has the body. Client libraries hide how a connection or stream ends.

use std::time::Duration;

use azure_iot_emulator::Emulator;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::support::connect_tls;

/// Time for a server that does not read the body to respond.
const PAUSE: Duration = Duration::from_millis(20);

/// A response, without its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether the server announces that it closes the connection.
    pub(crate) closes: bool,
    /// Whether the server resets the stream.
    pub(crate) reset: bool,
}

/// An HTTP/1.1 or HTTP/2 connection.
pub(crate) enum Wire<'a> {
    Http1(&'a str, Http1<TlsStream<TcpStream>>),
    Http2(&'a str, Http2<TlsStream<TcpStream>>),
}

impl<'a> Wire<'a> {
    pub(crate) async fn connect(emulator: &Emulator, host: &'a str, http2: bool) -> Self {
        if http2 {
            let stream = connect_tls(host, emulator, b"h2").await;
            Self::Http2(host, Http2::start(stream).await)
        } else {
            Self::Http1(host, Http1(connect_tls(host, emulator, b"http/1.1").await))
        }
    }

    /// Sends a request, such as `PUT /devices/a`.
    pub(crate) async fn send(&mut self, request: &str, authorization: Option<&str>, body: &[u8]) -> Answer {
        match self {
            Self::Http1(host, wire) => {
                let mut headers = vec![("Host", *host)];
                headers.extend(authorization.map(|value| ("Authorization", value)));
                wire.send(request, &headers, body).await
            }
            Self::Http2(host, wire) => wire.send(request, host, authorization, body).await,
        }
    }
}

pub(crate) struct Http1<S>(pub(crate) S);

impl<S: AsyncRead + AsyncWrite + Unpin> Http1<S> {
    pub(crate) async fn send(&mut self, request_line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{request_line} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.0.write_all(head.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        tokio::time::sleep(PAUSE).await;
        self.0.write_all(body).await.unwrap();
        self.0.flush().await.unwrap();
        self.answer(request_line).await
    }

    pub(crate) async fn answer(&mut self, request_line: &str) -> Answer {
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
            reset: false,
        }
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// `SETTINGS_HEADER_TABLE_SIZE` of zero, so that every header block is complete on its own.
const NO_TABLE: [u8; 6] = [0, 1, 0, 0, 0, 0];
const INITIAL_WINDOW_SIZE: [u8; 2] = [0, 4];
const INITIAL_WINDOW: usize = 65_535;
const MAX_FRAME: usize = 16_384;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// An HTTP/2 connection, handled frame by frame.
pub(crate) struct Http2<S> {
    stream: S,
    next_stream: u32,
    /// The server's flow-control window in bytes for the connection; `stream_window` is the one for a new stream.
    window: usize,
    stream_window: usize,
}

/// A stream with the request that was sent on it.
struct Exchange {
    id: u32,
    window: usize,
    answer: Answer,
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2<S> {
    pub(crate) async fn start(mut stream: S) -> Self {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        stream.write_all(preface).await.unwrap();
        let mut wire = Self {
            stream,
            next_stream: 1,
            window: INITIAL_WINDOW,
            stream_window: INITIAL_WINDOW,
        };
        wire.write(SETTINGS, 0, 0, &NO_TABLE).await;
        let settings = wire.read().await;
        assert_eq!((settings.kind, settings.flags), (SETTINGS, 0));
        for setting in settings.payload.chunks(6) {
            if setting.starts_with(&INITIAL_WINDOW_SIZE) {
                let size = u32::from_be_bytes(setting[2..].try_into().unwrap());
                wire.stream_window = usize::try_from(size).unwrap();
            }
        }
        wire.write(SETTINGS, ACK, 0, &[]).await;
        wire
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let stream = stream.to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream].concat();
        self.stream.write_all(&[&head, payload].concat()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn read(&mut self) -> Frame {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.unwrap();
        Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes(head[5..].try_into().unwrap()),
            payload,
        }
    }

    /// Sends a request and returns its response, after all frames that the server sends for it.
    pub(crate) async fn send(
        &mut self,
        request: &str,
        host: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Answer {
        let mut exchange = Exchange {
            id: self.next_stream,
            window: self.stream_window,
            answer: Answer {
                status: 0,
                closes: false,
                reset: false,
            },
            ended: false,
        };
        self.next_stream += 2;
        let block = header_block(request, host, authorization);
        let flags = if body.is_empty() {
            END_HEADERS | END_STREAM
        } else {
            END_HEADERS
        };
        self.write(HEADERS, flags, exchange.id, &block).await;
        tokio::time::sleep(PAUSE).await;
        self.send_body(&mut exchange, body).await;
        while !exchange.ended {
            let frame = self.read().await;
            self.take(&frame, &mut exchange);
        }
        // The reply to a ping follows all frames that the server has queued before it.
        tokio::time::sleep(PAUSE).await;
        self.write(PING, 0, 0, &[7; 8]).await;
        loop {
            let frame = self.read().await;
            if frame.kind == PING && frame.flags == ACK {
                return exchange.answer;
            }
            self.take(&frame, &mut exchange);
        }
    }

    async fn send_body(&mut self, exchange: &mut Exchange, body: &[u8]) {
        let mut rest = body;
        while !rest.is_empty() {
            let size = rest.len().min(MAX_FRAME).min(self.window).min(exchange.window);
            if size == 0 {
                let frame = self.read().await;
                self.take(&frame, exchange);
                continue;
            }
            let (part, after) = rest.split_at(size);
            let flags = if after.is_empty() { END_STREAM } else { 0 };
            self.write(DATA, flags, exchange.id, part).await;
            self.window -= size;
            exchange.window -= size;
            rest = after;
        }
    }

    fn take(&mut self, frame: &Frame, exchange: &mut Exchange) {
        let of_stream = frame.stream == exchange.id;
        match frame.kind {
            HEADERS if of_stream => {
                exchange.answer.status = status_of(&frame.payload);
                exchange.ended |= frame.flags & END_STREAM != 0;
            }
            DATA if of_stream => exchange.ended |= frame.flags & END_STREAM != 0,
            RST_STREAM if of_stream => (exchange.answer.reset, exchange.ended) = (true, true),
            GOAWAY => exchange.answer.closes = true,
            WINDOW_UPDATE => {
                let increment = u32::from_be_bytes(frame.payload[..4].try_into().unwrap());
                let increment = usize::try_from(increment).unwrap();
                match frame.stream {
                    0 => self.window += increment,
                    _ if of_stream => exchange.window += increment,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// Encodes the headers of a request in HPACK (RFC 7541): literals whose names are in the static table.
fn header_block(request: &str, host: &str, authorization: Option<&str>) -> Vec<u8> {
    let (method, path) = request.split_once(' ').unwrap();
    let mut block = vec![0x87];
    let mut add = |name: &[u8], value: &str| {
        block.extend_from_slice(name);
        // The length, as an integer with a 7-bit prefix.
        match value.len().checked_sub(127) {
            None => block.push(u8::try_from(value.len()).unwrap()),
            Some(mut rest) => {
                block.push(127);
                while rest >= 128 {
                    block.push(u8::try_from(rest % 128).unwrap() | 0x80);
                    rest /= 128;
                }
                block.push(u8::try_from(rest).unwrap());
            }
        }
        block.extend_from_slice(value.as_bytes());
    };
    add(&[0x02], method);
    add(&[0x04], path);
    add(&[0x01], host);
    if let Some(authorization) = authorization {
        // Index 23 (`authorization`), as an integer with a 4-bit prefix.
        add(&[0x0f, 8], authorization);
    }
    block
}

/// Reads `:status`, the first field of a header block.
fn status_of(block: &[u8]) -> u16 {
    // A dynamic table size update may come first.
    let block = match block {
        [first, rest @ ..] if first & 0xe0 == 0x20 => rest,
        block => block,
    };
    match block {
        [indexed @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(indexed & 0x7f) - 8],
        // A literal with the name at index 8, `:status`.
        [0x48 | 0x08 | 0x18, length, value @ ..] => {
            let value = &value[..usize::from(length & 0x7f)];
            let digits = if length & 0x80 == 0 {
                value.to_vec()
            } else {
                huffman(value)
            };
            String::from_utf8(digits).unwrap().parse().unwrap()
        }
        other => panic!("an unexpected header block: {other:02x?}"),
    }
}

/// Decodes three Huffman-coded digits. The codes for 0 to 2 have five bits, the other codes six.
fn huffman(bytes: &[u8]) -> Vec<u8> {
    let mut bits = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let mut digits = Vec::new();
    while digits.len() < 3 {
        let mut next = |count: u8| (0..count).fold(0, |value, _| value << 1 | bits.next().unwrap());
        let five = next(5);
        let digit = if five < 3 {
            five
        } else {
            (five << 1 | next(1)) - 0x19 + 3
        };
        digits.push(b'0' + digit);
    }
    digits
}

#[test]
fn statuses_are_decoded() {
    for (block, status) in [
        (&[0x8d][..], 404),
        (&[0x20, 0x48, 0x82, 0x68, 0x01], 401),
        (&[0x48, 0x83, 0x68, 0x0c, 0xff], 403),
        (&[0x08, 3, b'5', b'0', b'3'], 503),
    ] {
        assert_eq!(status_of(block), status, "{block:02x?}");
    }
}
