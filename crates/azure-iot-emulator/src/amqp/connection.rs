//! One connection: its sessions and links.

use std::sync::Arc;

use bytes::Bytes;
use fe2o3_amqp::acceptor::error::AcceptorAttachError;
use fe2o3_amqp::acceptor::{
    ConnectionAcceptor, LinkAcceptor, LinkEndpoint, ListenerConnectionHandle, ListenerSessionHandle,
    SessionAcceptor, SupportedReceiverSettleModes,
};
use fe2o3_amqp::connection::OpenError;
use fe2o3_amqp::types::definitions::{self, AmqpError, ReceiverSettleMode, Role, SessionError};
use fe2o3_amqp::types::messaging::TargetArchetype;
use fe2o3_amqp::types::performatives::Attach;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::amqp::access::AccessCell;
use crate::amqp::faults::{AmqpFaultAction, Point};
use crate::amqp::incoming::MAX_FRAME_LENGTH;
use crate::amqp::node::{Counters, Node};
use crate::amqp::peer::Peer;
use crate::amqp::replies::Replies;
use crate::amqp::sasl::Mechanisms;
use crate::amqp::stream::{AbortHandle, Stream};
use crate::amqp::{attach, cbs, devicebound, errors, idle, notifications};
use crate::iothub::NotificationKind as Kind;
use crate::server::limits::HANDSHAKE_TIMEOUT;

const CONTAINER_ID: &str = "iot-emulator";
/// Maximum message size that links announce. It is larger than the service's limit, so that the emulator
/// rejects an oversized message instead of closing the link.
const MAX_TRANSFER_SIZE: u64 = 1024 * 1024;

/// Serves a connection until it ends. Calls `opened` once it is open.
pub(crate) async fn serve(
    stream: Stream,
    abort_handle: AbortHandle,
    node: Arc<Node>,
    server_name: Option<Arc<str>>,
    opened: impl FnOnce(),
) {
    let peer = Peer {
        server_name,
        access: AccessCell::default(),
        replies: Replies::default(),
        abort_handle,
        node,
    };
    let opening = tokio::time::timeout(HANDSHAKE_TIMEOUT, open(stream, &peer)).await;
    let mut connection = match opening {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return tracing::debug!(%error, "could not open an AMQP connection"),
        Err(_) => return tracing::debug!("timed out while opening an AMQP connection"),
    };
    opened();
    Counters::count(&peer.node.counters.connections);
    while let Some(session) = connection.next_incoming_session().await {
        match SessionAcceptor::new()
            .accept_incoming_session(session, &mut connection)
            .await
        {
            Ok(session) => {
                tokio::spawn(serve_session(session, peer.clone()));
            }
            // The client would wait forever for the begin performative of this session, so the connection
            // is closed.
            Err(error) => {
                tracing::info!(%error, "could not begin an AMQP session");
                let text = "The session could not begin.".to_owned();
                let error = definitions::Error::new(AmqpError::InternalError, text, None);
                return ended(connection.close_with_error(error).await);
            }
        }
    }
    ended(connection.close().await);
}

fn ended(result: Result<(), fe2o3_amqp::connection::Error>) {
    if let Err(error) = result {
        tracing::debug!(%error, "an AMQP connection ended with an error");
    }
}

/// Opens a connection. The client's first protocol header determines whether there is a SASL layer.
async fn open(mut stream: Stream, peer: &Peer) -> Result<ListenerConnectionHandle, OpenError> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    let with_sasl = header.get(4) == Some(&3);
    if !header.starts_with(b"AMQP") {
        // Responds with the supported protocol header, as AMQP 1.0 section 2.2 requires.
        stream.write_all(b"AMQP\x03\x01\x00\x00").await?;
        stream.shutdown().await?;
        return Err(OpenError::ProtocolHeaderMismatch(Bytes::copy_from_slice(&header)));
    }
    let stream = stream.unread(Bytes::copy_from_slice(&header));
    let acceptor = ConnectionAcceptor::builder()
        .container_id(CONTAINER_ID)
        .max_frame_size(MAX_FRAME_LENGTH)
        .idle_time_out(idle::limit_in_milliseconds())
        .channel_max(8191);
    if with_sasl {
        let mechanisms = Mechanisms {
            node: peer.node.clone(),
            server_name: peer.server_name.clone(),
            access: peer.access.clone(),
        };
        acceptor.sasl_acceptor(mechanisms).build().accept(stream).await
    } else {
        acceptor.build().accept(stream).await
    }
}

async fn serve_session(mut session: ListenerSessionHandle, peer: Peer) {
    let acceptor = LinkAcceptor::builder()
        .supported_receiver_settle_modes(SupportedReceiverSettleModes::Both)
        .fallback_receiver_settle_mode(ReceiverSettleMode::First)
        .max_message_size(MAX_TRANSFER_SIZE)
        .build();
    while let Some(mut attach) = session.next_incoming_attach().await {
        let refusal = attach::correct(&mut attach);
        let address = address(&attach);
        let reply_to = target(&attach).unwrap_or_default();
        let accepted = acceptor.accept_incoming_attach(attach, &mut session).await;
        // Each link has its own task, which outlives the session, because it may have locks to release.
        match (accepted, refusal) {
            (Ok(link), None) => drop(tokio::spawn(serve_link(link, address, reply_to, peer.clone()))),
            (Ok(link), Some(error)) => drop(tokio::spawn(refuse(link, error))),
            (Err(AcceptorAttachError::SessionStopped(_)), _) => {}
            (Err(error), _) => return end(session, &error).await,
        }
    }
    if let Err(error) = session.end().await {
        tracing::debug!(%error, "an AMQP session ended with an error");
    }
}

/// Ends a session whose client has sent an attach that cannot be accepted.
async fn end(mut session: ListenerSessionHandle, reason: &AcceptorAttachError) {
    tracing::info!(%reason, "ended an AMQP session");
    let text = "The name of the link is in use in this session.".to_owned();
    let error = definitions::Error::new(SessionError::HandleInUse, text, None);
    if let Err(error) = session.end_with_error(error).await {
        tracing::debug!(%error, "an AMQP session ended with an error");
    }
}

fn target(attach: &Attach) -> Option<String> {
    match attach.target.as_deref()? {
        TargetArchetype::Target(target) => target.address.clone(),
    }
}

/// Returns the address of a link's node.
fn address(attach: &Attach) -> String {
    let address = match attach.role {
        Role::Sender => target(attach),
        Role::Receiver => attach.source.as_deref().and_then(|source| source.address.clone()),
    };
    address.unwrap_or_default()
}

/// Returns the path of an address, which may be a URL.
fn path(address: &str) -> &str {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    path.trim_matches('/')
}

async fn serve_link(link: LinkEndpoint, address: String, reply_to: String, peer: Peer) {
    let path = path(&address).to_ascii_lowercase();
    if path == "$cbs" {
        return match link {
            LinkEndpoint::Receiver(receiver) => cbs::serve_requests(receiver, peer).await,
            LinkEndpoint::Sender(sender) => cbs::serve_replies(sender, reply_to, peer).await,
        };
    }
    if let Some(AmqpFaultAction::RefuseLink {
        condition,
        description,
    }) = peer.node.faults.apply(Point::Attach, &address)
    {
        return refuse(link, errors::of_fault(&condition, description.as_deref())).await;
    }
    if path.starts_with("devices/") {
        return refuse(link, no_device_nodes()).await;
    }
    if !peer.may_connect() {
        return refuse(link, peer.unauthorized()).await;
    }
    match (path.as_str(), link) {
        ("messages/devicebound", LinkEndpoint::Receiver(receiver)) => {
            devicebound::serve(receiver, &address, peer).await;
        }
        ("messages/servicebound/feedback", LinkEndpoint::Sender(sender)) => {
            notifications::serve(sender, Kind::Feedback, &address, peer).await;
        }
        ("messages/servicebound/filenotifications", LinkEndpoint::Sender(sender)) => {
            notifications::serve(sender, Kind::File, &address, peer).await;
        }
        (_, link) => {
            refuse(link, no_node(&address)).await;
        }
    }
}

/// Returns the error for a device's node, for which the emulator would have to verify device credentials.
fn no_device_nodes() -> definitions::Error {
    let text = "The emulator has no AMQP nodes for devices. The management API sends and receives on behalf of a device.";
    definitions::Error::new(AmqpError::NotImplemented, text.to_owned(), None)
}

fn no_node(address: &str) -> definitions::Error {
    let text = format!("There is no node {address} for this direction.");
    definitions::Error::new(AmqpError::NotFound, text, None)
}

async fn refuse(link: LinkEndpoint, error: definitions::Error) {
    tracing::info!(condition = ?error.condition, "refused an AMQP link");
    let closed = match link {
        LinkEndpoint::Receiver(receiver) => receiver.close_with_error(error).await,
        LinkEndpoint::Sender(sender) => sender.close_with_error(error).await,
    };
    if let Err(error) = closed {
        tracing::debug!(%error, "a refused link ended with an error");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-AMQP-9.
    #[test]
    fn addresses_are_compared_by_their_paths() {
        for address in [
            "/messages/devicebound",
            "messages/devicebound",
            "amqps://hub:5671/messages/devicebound",
            "amqps://hub/messages/devicebound/",
        ] {
            assert_eq!(path(address), "messages/devicebound");
        }
        assert_eq!(path("amqps://hub"), "");
        assert_eq!(path("$cbs"), "$cbs");
    }
}
