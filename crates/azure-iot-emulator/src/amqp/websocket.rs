//! AMQP over WebSockets, on the port of the REST API.

use std::sync::Arc;

use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::amqp::connection;
use crate::amqp::node::Node;
use crate::amqp::stream::{Abort, AbortHandle, AbortableStream, of_websocket};
use crate::auth::error::AuthError;
use crate::auth::hub_hosts::HostSide;
use crate::server::endpoint::Upgrade;
use crate::server::exchange::authority;
use crate::server::tls_peer::TlsPeer;
use crate::service::Refusal;

/// Paths that clients request. Only uamqp uses `/$servicebus/websocket`.
const PATHS: [&str; 2] = ["/$iothub/websocket", "/$servicebus/websocket"];
/// Accepted subprotocols: all official clients send `AMQPWSB10`; the WebSocket binding of AMQP defines `amqp`.
const PROTOCOLS: [&str; 2] = ["AMQPWSB10", "amqp"];

/// Error text for the subprotocol `mqtt`, which only devices use.
const NO_MQTT: &str = "The emulator has no MQTT endpoint for devices. The management API sends and receives on behalf of a \
     device; see \"Simulated devices\" in its documentation.";

impl Abort for TokioIo<Upgraded> {
    /// Does nothing, because the HTTP server owns the TCP stream. The connection ends without a close frame or a reset.
    fn abort(&self) {}
}

/// AMQP over WebSockets at the paths of a node.
pub(crate) struct AmqpWebSockets(pub(crate) Arc<Node>);

impl Upgrade for AmqpWebSockets {
    fn upgrade(
        &self,
        request: &mut Request<Incoming>,
        peer: &TlsPeer,
    ) -> Option<Result<Response<()>, Refusal>> {
        let path = request.uri().path().trim_end_matches('/');
        let is_here = PATHS.iter().any(|known| known.eq_ignore_ascii_case(path));
        is_here.then(|| upgrade(request, &self.0, peer))
    }
}

/// Responds to a request for AMQP over a WebSocket.
#[expect(clippy::expect_used, reason = "the accept key is base64")]
fn upgrade(
    request: &mut Request<Incoming>,
    node: &Arc<Node>,
    peer: &TlsPeer,
) -> Result<Response<()>, Refusal> {
    let server_name = peer.server_name.as_deref();
    let authority = authority(request.uri(), request.headers());
    let side = node.hosts().side_over_tls(authority, server_name);
    let side = side.map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let (key, protocol) = handshake(request, side)?;
    let accept = derive_accept_key(key.as_bytes());
    let upgrading = hyper::upgrade::on(&mut *request);
    tokio::spawn({
        let node = node.clone();
        let server_name = server_name.map(Arc::from);
        async move {
            match upgrading.await {
                Ok(upgraded) => serve(upgraded, node, server_name).await,
                Err(error) => tracing::debug!(%error, "a WebSocket upgrade failed"),
            }
        }
    });
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
    let accept = HeaderValue::from_str(&accept).expect("base64 is ASCII");
    headers.insert("sec-websocket-accept", accept);
    Ok(response)
}

/// Returns the key and the chosen subprotocol.
fn handshake(request: &Request<Incoming>, side: HostSide) -> Result<(HeaderValue, &'static str), Refusal> {
    let headers = request.headers();
    let is_upgrade = request.method() == Method::GET
        && tokens(headers, "connection").any(|token| token.eq_ignore_ascii_case("upgrade"))
        && tokens(headers, "upgrade").any(|token| token.eq_ignore_ascii_case("websocket"))
        && tokens(headers, "sec-websocket-version").any(|token| token == "13");
    let key = headers.get("sec-websocket-key").filter(|_| is_upgrade);
    let key = key.ok_or_else(|| {
        let text = "This path is for WebSockets: GET with the headers of RFC 6455, section 4.1.";
        Refusal::BadRequest(text.to_owned())
    })?;
    let offers = |known: &str| {
        tokens(headers, "sec-websocket-protocol").any(|token| token.eq_ignore_ascii_case(known))
    };
    match PROTOCOLS.iter().find(|known| offers(known)) {
        Some(protocol) => Ok((key.clone(), protocol)),
        None if offers("mqtt") && side == HostSide::Service => {
            Err(Refusal::Unauthorized(AuthError::WrongSide))
        }
        None if offers("mqtt") => Err(Refusal::Unsupported(NO_MQTT)),
        None => {
            let text = format!(
                "The subprotocol of the WebSocket must be {}.",
                PROTOCOLS.join(" or ")
            );
            Err(Refusal::BadRequest(text))
        }
    }
}

/// Returns the elements of a list header.
fn tokens<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

async fn serve(upgraded: Upgraded, node: Arc<Node>, server_name: Option<Arc<str>>) {
    let abort_handle: AbortHandle = node.new_abort_handle();
    let stream = AbortableStream::new(TokioIo::new(upgraded), abort_handle.clone());
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    connection::serve(of_websocket(socket), abort_handle, node, server_name, || {}).await;
}
