//! The `$cbs` node: tokens arrive as messages, and replies leave over another link.

use fe2o3_amqp::link::{RecvError, SendError};
use fe2o3_amqp::types::definitions::{self, AmqpError};
use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use fe2o3_amqp::{Receiver, Sender};

use crate::amqp::errors;
use crate::amqp::faults::{AmqpFaultAction, Point};
use crate::amqp::peer::Peer;
use crate::amqp::replies::Reply;
use crate::auth::error::AuthError;

/// Status description for a token that is signed with a device key. The emulator has no device
/// nodes over AMQP, so it cannot verify such tokens.
const NO_DEVICES: &str =
    "The emulator has no AMQP nodes for devices, so it accepts only the tokens of policies.";

/// Handles the requests that arrive over a link.
pub(crate) async fn serve_requests(mut receiver: Receiver, peer: Peer) {
    loop {
        let delivery = match receiver.recv::<Body<Value>>().await {
            Ok(delivery) => delivery,
            Err(RecvError::MessageDecode(error)) => {
                let text = format!("The message is not valid: {}", error.source);
                let refusal = definitions::Error::new(AmqpError::DecodeError, text, None);
                match receiver.reject(error.info, refusal).await {
                    Ok(()) => continue,
                    Err(error) => return tracing::debug!(%error, "the $cbs request link ended"),
                }
            }
            Err(error) => return tracing::debug!(%error, "the $cbs request link ended"),
        };
        if let Err(error) = receiver.accept(&delivery).await {
            return tracing::debug!(%error, "the $cbs request link ended");
        }
        let request = delivery.into_message();
        let properties = request.properties.clone().unwrap_or_default();
        let (status, description) = put_token(&request, &peer);
        tracing::info!(status, "put-token");
        // The message id keeps its type in the reply, because some clients require that.
        let reply = reply(properties.message_id, status, description);
        peer.replies.send(properties.reply_to.as_deref(), reply);
    }
}

fn put_token(request: &Message<Body<Value>>, peer: &Peer) -> (i32, &'static str) {
    if let Some(AmqpFaultAction::TokenStatus { status }) = peer.node.faults.apply(Point::Token, "$cbs") {
        return (status.into(), "Injected by a fault rule");
    }
    let property = |name: &str| request.application_properties.as_ref()?.0.get(name);
    let is_put = matches!(property("operation"), Some(SimpleValue::String(text)) if text == "put-token");
    let has_type = matches!(property("type"), Some(SimpleValue::String(_)));
    let (true, true, Body::Value(AmqpValue(Value::String(token)))) = (is_put, has_type, &request.body) else {
        return (400, "expected the operation put-token with a type and a token");
    };
    match peer.node.check_token(token, peer.server_name.as_deref()) {
        Ok(access) => {
            peer.access.set(access);
            (200, "OK")
        }
        Err(AuthError::NoPolicy) => (501, NO_DEVICES),
        Err(error) => {
            tracing::info!(%error, "refused a token");
            (401, "Unauthorized")
        }
    }
}

fn reply(correlation_id: Option<MessageId>, status: i32, description: &str) -> Reply {
    Message::builder()
        .properties(Properties {
            correlation_id,
            ..Properties::default()
        })
        .application_properties(
            ApplicationProperties::builder()
                .insert("status-code", SimpleValue::Int(status))
                .insert("status-description", SimpleValue::String(description.to_owned()))
                .build(),
        )
        .body(AmqpValue(Value::Null))
        .build()
}

/// Sends the replies for a link.
#[expect(clippy::expect_used, reason = "the peer has the sending half")]
pub(crate) async fn serve_replies(mut sender: Sender, address: String, peer: Peer) {
    let mut replies = peer.replies.add_link(address);
    loop {
        let reply = tokio::select! {
            reply = replies.recv() => reply,
            reason = sender.on_detach() => return tracing::debug!(%reason, "the $cbs reply link ended"),
        };
        let reply = reply.expect("the peer keeps the sending half until this task ends");
        // The outcome of a reply has no effect, so it is not awaited.
        match sender.send_batchable(reply).await {
            Ok(_) => {}
            Err(SendError::MessageSizeExceeded(error)) => {
                let closed = sender.close_with_error(errors::of_size(&error)).await;
                return tracing::info!(
                    ?closed,
                    "closed a $cbs reply link that takes no message of this size"
                );
            }
            Err(error) => return tracing::debug!(%error, "the $cbs reply link ended"),
        }
    }
}
