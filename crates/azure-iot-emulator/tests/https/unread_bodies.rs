//! Responses to requests whose body the server does not read. The connection stays usable, or the response
//! announces its close.

use azure_iot_emulator::{Clock, Emulator, Fault};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Running, VERSION, client, connect_tls};
use crate::wire::{Answer, Http1, Wire};

/// One byte more than the longest body that the server reads.
const TOO_LONG: usize = 16 * 1024 * 1024 + 1;

/// A request whose body the server does not need.
struct Refused {
    request: &'static str,
    authorized: bool,
    length: usize,
    /// Whether a fault rule causes the status.
    fault: bool,
    status: u16,
    /// Whether the service itself closes connections over HTTP/1.1 with this response.
    closes: bool,
}

const fn refused(request: &'static str, status: u16) -> Refused {
    Refused {
        request,
        authorized: true,
        length: 30_000,
        fault: false,
        status,
        closes: false,
    }
}

impl Refused {
    const fn unauthorized(self) -> Self {
        Self {
            authorized: false,
            ..self
        }
    }

    const fn by_fault(self) -> Self {
        Self { fault: true, ..self }
    }

    const fn too_long(self) -> Self {
        Self {
            length: TOO_LONG,
            ..self
        }
    }

    const fn closed_by_the_service(self) -> Self {
        Self { closes: true, ..self }
    }
}

const HUB: [Refused; 12] = [
    refused("POST /devices/query?api-version=2021-04-12", 401).unauthorized(),
    refused("PATCH /twins/a?api-version=2021-04-12", 429).by_fault(),
    refused("PATCH /twins/a?api-version=2021-04-12", 503).by_fault(),
    refused("PUT /nothing?api-version=2021-04-12", 404),
    refused("POST /devices/a?api-version=2021-04-12", 405),
    refused("PUT /devices/a?api-version=2021-04-12", 413).too_long(),
    refused("POST /devices/a/messages/events?api-version=2021-04-12", 501).unauthorized(),
    refused("POST /devices/query?api-version=soon", 400),
    refused("POST /devices/query", 400),
    refused("PUT /devices/%zz?api-version=2021-04-12", 400),
    refused("POST /$iothub/websocket", 400).unauthorized(),
    refused("POST /devices/query?api-version=2021-04-12", 429).closed_by_the_service(),
];

const TWINS: [Refused; 10] = [
    refused("POST /query?api-version=2023-10-31", 401).unauthorized(),
    refused("PATCH /digitaltwins/t?api-version=2023-10-31", 429).by_fault(),
    refused("PATCH /digitaltwins/t?api-version=2023-10-31", 503).by_fault(),
    refused("POST /query?api-version=2023-10-31", 501).by_fault(),
    refused("PUT /nothing?api-version=2023-10-31", 404),
    refused("POST /digitaltwins/t?api-version=2023-10-31", 405),
    refused("PUT /digitaltwins/t?api-version=2023-10-31", 413).too_long(),
    refused("POST /query?api-version=soon", 400),
    refused("PUT /digitaltwins/%zz?api-version=2023-10-31", 400),
    refused("PUT /jobs/imports/j?api-version=2023-10-31", 429),
];

/// Starts an emulator that refuses every hub query and every Digital Twins job: their rate limits are used up, and the
/// manual clock stands still.
async fn throttled() -> Running {
    let clock = Clock::manual(datetime!(2026-01-01 00:00 UTC));
    let emulator = Emulator::builder().clock(clock).throttling(true);
    let emulator = emulator.start().await.unwrap();
    let client = client(&emulator).build().unwrap();
    let running = Running { emulator, client };
    let token = running.emulator.bearer_token();
    for (url, count) in [
        (
            running.emulator.iothub_endpoint().to_owned() + "/devices/query?" + VERSION,
            20,
        ),
        (
            running.emulator.digitaltwins_endpoint().to_owned() + "/jobs/imports?api-version=2023-10-31",
            1,
        ),
    ] {
        for _ in 0..count {
            let request = if count == 1 {
                running.client.get(&url)
            } else {
                running.client.post(&url)
            };
            let response = request.bearer_auth(&token).send().await.unwrap();
            assert_ne!(response.status(), 429);
        }
    }
    running
}

async fn connection_survives(running: &Running, host: &str, table: &[Refused], read: &str, http2: bool) {
    let token = format!("Bearer {}", running.emulator.bearer_token());
    let mut wire = Wire::connect(&running.emulator, host, http2).await;
    for refused in table {
        let (method, path) = refused.request.split_once(' ').unwrap();
        if refused.fault {
            let path = path.split('?').next().unwrap();
            let fault = Fault::status(refused.status).on(method, path).times(1);
            running.emulator.faults().add(fault).unwrap();
        }
        let authorization = refused.authorized.then_some(&*token);
        let body = vec![b'x'; refused.length];
        let expected = Answer {
            status: refused.status,
            closes: refused.closes && !http2,
            reset: false,
        };
        let answer = wire.send(refused.request, authorization, &body).await;
        assert_eq!(answer, expected, "{} with HTTP/2: {http2}", refused.request);
        if expected.closes {
            wire = Wire::connect(&running.emulator, host, http2).await;
        }
    }
    let answer = wire.send(read, Some(&token), b"").await;
    assert_eq!(
        (answer.status, answer.closes),
        (200, false),
        "{read} with HTTP/2: {http2}"
    );
}

/// curl 7 reports a stream reset as an error, even after the complete response.
#[tokio::test]
async fn every_refusal_leaves_the_connection_usable_over_both_versions_of_http() {
    let running = throttled().await;
    let hub = running.emulator.iothub_endpoint().trim_start_matches("https://");
    let twins = running.emulator.digitaltwins_endpoint();
    let twins = twins.trim_start_matches("https://");
    for http2 in [false, true] {
        let read = "GET /devices?api-version=2021-04-12";
        connection_survives(&running, hub, &HUB, read, http2).await;
        let read = "GET /models?api-version=2023-10-31";
        connection_survives(&running, twins, &TWINS, read, http2).await;
    }
}

#[tokio::test]
async fn refused_requests_leave_the_connection_to_the_other_services_usable() {
    let running = Running::start().await;
    let management = running.emulator.management_endpoint();
    let host = management.trim_start_matches("http://");
    let mut wire = Http1(TcpStream::connect(host).await.unwrap());
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
    let mut wire = Http1(connect_tls(blobs, &running.emulator, b"http/1.1").await);
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
        let mut wire = Http1(connect_tls(hub, &running.emulator, b"http/1.1").await);
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
    let mut wire = Http1(connect_tls(hub, &running.emulator, b"http/1.1").await);
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
