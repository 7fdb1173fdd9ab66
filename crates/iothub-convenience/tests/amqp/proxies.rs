//! Connections through an HTTP proxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use iothub_convenience::{AmqpError, AmqpErrorKind, AmqpProxy, AmqpTransport};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Hub, amqp_error};

/// Starts a proxy that requires `user:pass word`. Returns its port.
async fn proxy(connections: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let connections = connections.clone();
            tokio::spawn(async move {
                let mut client = BufReader::new(client);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    client.read_line(&mut head).await.unwrap();
                }
                if !head.contains("Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n") {
                    let response = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
                    return client.write_all(response).await.unwrap();
                }
                let target = head.strip_prefix("CONNECT ").unwrap();
                let target = target.split(' ').next().unwrap();
                let mut server = TcpStream::connect(target).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                // Errors are ignored, because the client and the hub handle broken connections.
                copy_bidirectional(&mut client, &mut server).await.ok();
            });
        }
    });
    port
}

#[tokio::test]
async fn both_transports_connect_through_a_proxy() {
    let connections = Arc::new(AtomicUsize::new(0));
    let port = proxy(connections.clone()).await;
    let url = format!("http://user:pass%20word@localhost:{port}");
    for (transport, count) in [(AmqpTransport::Tcp, 1), (AmqpTransport::WebSocket, 2)] {
        let hub = Hub::start_with(|options| {
            options.amqp.proxy = Some(AmqpProxy::new(&url).unwrap());
            options.amqp.transport = transport;
            if transport == AmqpTransport::WebSocket {
                options.amqp.endpoint = None;
            }
        })
        .await;
        hub.device("dev-1").await;
        hub.hello().await.unwrap();
        assert_eq!(hub.receive_all("dev-1"), ["hello"]);
        assert_eq!(connections.load(Ordering::SeqCst), count);
    }
}

#[tokio::test]
async fn refusing_proxy_is_the_reason_of_the_error() {
    let port = proxy(Arc::default()).await;
    let url = format!("http://localhost:{port}");
    let hub = Hub::start_with(|options| options.amqp.proxy = Some(AmqpProxy::new(&url).unwrap())).await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(error.kind(), AmqpErrorKind::Connection);
    assert!(error.to_string().contains("407"), "{error}");
    assert_eq!(hub.amqp().statistics().connections, 0);
}

/// Sends a message through a proxy that returns `response` to every request. Returns the error.
async fn send_through(response: Vec<u8>) -> AmqpError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let mut client = BufReader::new(client);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                client.read_line(&mut head).await.unwrap();
            }
            // The client may close the connection before it has read the whole response.
            client.write_all(&response).await.ok();
        }
    });
    let url = format!("http://user:hidden@localhost:{port}");
    let hub = Hub::start_with(|options| options.amqp.proxy = Some(AmqpProxy::new(&url).unwrap())).await;
    let error = amqp_error(hub.hello().await);
    assert_eq!(error.kind(), AmqpErrorKind::Connection);
    let text = format!("{error} {error:?}");
    assert!(
        !text.contains("hidden") && !text.contains("dXNlcjpoaWRkZW4="),
        "{text}"
    );
    error
}

#[tokio::test]
async fn status_line_of_a_refusing_proxy_is_in_the_error() {
    let error = send_through(b"HTTP/1.1 503 No route to hub\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    assert!(error.to_string().contains("503 No route to hub"), "{error}");
}

#[tokio::test]
async fn oversized_proxy_response_is_an_error_even_with_status_200() {
    let mut response = b"HTTP/1.1 200 OK\r\nX-Padding: ".to_vec();
    response.resize(64 * 1024, b'x');
    let error = send_through(response).await;
    assert!(error.to_string().contains("16384 bytes"), "{error}");
}

#[tokio::test]
async fn proxy_that_closes_the_connection_is_an_error() {
    let error = send_through(b"HTTP/1.1 200".to_vec()).await;
    assert!(error.to_string().contains("unexpected end of file"), "{error}");
}
