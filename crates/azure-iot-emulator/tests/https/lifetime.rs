use std::net::TcpListener;
use std::time::Duration;

use azure_iot_emulator::{Emulator, Fault, StartError};
use reqwest::{Method, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Running, VERSION, client, connect_tls};

/// A connection serves several requests.
#[tokio::test]
async fn connections_are_kept_alive() {
    let running = Running::start().await;
    running.create("a").await;
    let host = running.connection_string().host;
    let mut stream = connect_tls(&host, &running.emulator, b"http/1.1").await;
    for _ in 0..3 {
        let token = running.token();
        let request =
            format!("GET /devices/a?{VERSION} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"\"parentScopes\":[]}") {
            assert_ne!(
                stream.read_buf(&mut received).await.unwrap(),
                0,
                "the connection was closed"
            );
        }
        assert!(received.starts_with(b"HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn both_http_versions_are_served() {
    let running = Running::start().await;
    let one = client(&running.emulator).http1_only().build().unwrap();
    for (client, version) in [(&running.client, Version::HTTP_2), (&one, Version::HTTP_11)] {
        let url = format!("{}/devices?{VERSION}", running.emulator.iothub_endpoint());
        let response = client
            .get(url)
            .header("authorization", running.token())
            .send()
            .await
            .unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, version));
    }
}

#[tokio::test]
async fn dropping_the_emulator_frees_its_ports() {
    let running = Running::start().await;
    running.create("a").await;
    let endpoints = [
        running.emulator.iothub_endpoint().to_owned(),
        running.emulator.digitaltwins_endpoint().to_owned(),
        running.emulator.management_endpoint().to_owned(),
    ];
    drop(running);
    for endpoint in endpoints {
        let port: u16 = endpoint.rsplit_once(':').unwrap().1.parse().unwrap();
        let error = TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    }
}

/// Shutting down waits for the request in progress and refuses new ones.
#[tokio::test]
async fn shutdown_waits_for_requests_in_progress() {
    let running = Running::start().await;
    running.create("a").await;
    running
        .emulator
        .faults()
        .add(
            Fault::latency(Duration::from_millis(200))
                .on("GET", "/devices/a")
                .times(1),
        )
        .unwrap();
    let request = tokio::spawn(running.hub(Method::GET, "/devices/a").send());
    // The list is empty once the request has used up the fault. From then on the request is in progress.
    let used = async {
        while !running.emulator.faults().list().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), used).await.unwrap();
    running.emulator.shut_down().await;
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn taken_port_and_bad_policy_key_are_start_errors() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Emulator::builder().iothub_port(port).start().await.unwrap_err();
    assert!(
        matches!(
            error,
            StartError::Bind {
                service: "iothub",
                ..
            }
        ),
        "{error}"
    );
    for (policy, key) in [
        ("iothubowner", "not base64!"),
        ("iothubowner", ""),
        ("nobody", "AAAA"),
    ] {
        let error = Emulator::builder()
            .policy_key(policy, key)
            .start()
            .await
            .unwrap_err();
        assert!(matches!(error, StartError::PolicyKey { .. }), "{error}");
        assert!(key.is_empty() || !error.to_string().contains(key), "{error}");
    }
    for builder in [
        Emulator::builder().host_name("bad name\u{e9}"),
        Emulator::builder().host_name("a b"),
        Emulator::builder().hub_name(""),
    ] {
        let error = builder.start().await.unwrap_err();
        assert!(matches!(error, StartError::HostName { .. }), "{error}");
    }
}

#[tokio::test]
async fn services_can_be_disabled() {
    let emulator = Emulator::builder().without_iothub().start().await.unwrap();
    assert_eq!(
        (
            emulator.iothub_endpoint(),
            emulator.iothub_connection_string().as_str()
        ),
        ("", "")
    );
    assert!(emulator.digitaltwins().is_some() && emulator.iothub().is_none());
    let emulator = Emulator::builder().without_digitaltwins().start().await.unwrap();
    assert_eq!(emulator.digitaltwins_endpoint(), "");
    assert!(!format!("{emulator:?}").contains("SharedAccessKey"));
}

/// The limits are 100 headers over HTTP/1.1 and 16 KiB of headers over HTTP/2.
#[tokio::test]
async fn request_heads_that_are_too_large_are_refused() {
    let running = Running::start().await;
    let one = client(&running.emulator).http1_only().build().unwrap();
    let url = format!("{}/devices?{VERSION}", running.emulator.iothub_endpoint());
    let status = async |client: &reqwest::Client, count: usize, length: usize| {
        let mut request = client.get(&url);
        for number in 0..count {
            request = request.header(format!("x-{number}"), "x".repeat(length));
        }
        let response = request.send().await;
        response.ok().map(|response| response.status().as_u16())
    };
    assert_eq!(status(&one, 90, 4000).await, Some(401));
    assert_eq!(status(&one, 101, 1).await, Some(431));
    // The server may close the connection before the client has sent all headers.
    assert!(matches!(status(&one, 1, 2_000_000).await, Some(431) | None));
    assert_eq!(status(&running.client, 1, 14_000).await, Some(401));
    assert_eq!(status(&running.client, 1, 20_000).await, Some(431));
}

/// The server stops reading a body that exceeds the limit of every operation.
#[tokio::test]
async fn endless_body_is_refused() {
    let running = Running::start().await;
    let body = vec![b' '; 17 * 1024 * 1024];
    let response = running.hub(Method::PUT, "/devices/a").body(body).send().await;
    // The server may close the connection before the client has sent the whole body.
    if let Ok(response) = response {
        assert_eq!(response.status(), 413);
    }
    running.create("a").await;
}
