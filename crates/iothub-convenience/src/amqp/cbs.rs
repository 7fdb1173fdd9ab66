//! Claims-based security: `put-token` requests to the `$cbs` node.

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use fe2o3_amqp::{Receiver, Sender};

use crate::amqp::convert;
use crate::amqp::credential::Token;
use crate::amqp::error::{AmqpError, AmqpErrorKind};
use crate::amqp::session::Session;

const NODE: &str = "$cbs";
/// The target address of the link for responses.
const REPLY_TO: &str = "cbs";

/// The two links to the `$cbs` node. They stay open for renewals.
#[derive(Debug)]
pub(crate) struct Cbs {
    requests: Sender,
    responses: Receiver,
}

impl Cbs {
    pub(crate) async fn attach(session: &Session, max_message_size: u64) -> Result<Self, AmqpError> {
        let mut session = session.handle().await;
        let requests = Sender::builder()
            .name("cbs-requests")
            .target(NODE)
            .attach(&mut session)
            .await
            .map_err(convert::of_sender_attach)?;
        let responses = Receiver::builder()
            .name("cbs-responses")
            .source(NODE)
            .target(REPLY_TO)
            .max_message_size(max_message_size)
            .attach(&mut session)
            .await
            .map_err(convert::of_receiver_attach)?;
        Ok(Self { requests, responses })
    }

    /// Sends a token. It authorizes the connection until the token expires.
    pub(crate) async fn put_token(&mut self, token: &Token) -> Result<(), AmqpError> {
        let id = MessageId::String(uuid::Uuid::new_v4().to_string());
        let request = Message::builder()
            .properties(Properties {
                message_id: Some(id.clone()),
                reply_to: Some(REPLY_TO.to_owned()),
                ..Properties::default()
            })
            .application_properties(
                ApplicationProperties::builder()
                    .insert("operation", SimpleValue::String("put-token".to_owned()))
                    .insert("type", SimpleValue::String(token.token_type.to_owned()))
                    .insert("name", SimpleValue::String(token.audience.clone()))
                    .build(),
            )
            .body(AmqpValue(Value::String(token.value.secret().to_owned())))
            .build();
        let outcome = self.requests.send(request).await.map_err(convert::of_send)?;
        convert::of_outcome(outcome).map_err(|error| error.with_kind(AmqpErrorKind::TokenRefused))?;
        loop {
            let response = self
                .responses
                .recv::<Body<Value>>()
                .await
                .map_err(convert::of_recv)?;
            // The token takes effect even if the response is not settled.
            if let Err(error) = self.responses.accept(&response).await {
                tracing::debug!(%error, "the response to put-token was not settled");
            }
            let response = response.into_message();
            let correlation_id = response
                .properties
                .as_ref()
                .and_then(|properties| properties.correlation_id.clone());
            // Skips the response to an earlier request that has timed out.
            if correlation_id.is_none_or(|correlation_id| correlation_id == id) {
                return read_status(&response);
            }
        }
    }

    /// Detaches both links.
    pub(crate) async fn detach(self) {
        for detached in [self.requests.close().await, self.responses.close().await] {
            if let Err(error) = detached {
                tracing::debug!(%error, "a $cbs link was detached with an error");
            }
        }
    }
}

fn read_status(response: &Message<Body<Value>>) -> Result<(), AmqpError> {
    let property = |name: &str| response.application_properties.as_ref()?.0.get(name);
    let status = match property("status-code") {
        Some(SimpleValue::Int(status)) => i64::from(*status),
        Some(SimpleValue::Uint(status)) => i64::from(*status),
        Some(SimpleValue::Long(status)) => *status,
        Some(SimpleValue::Short(status)) => i64::from(*status),
        Some(SimpleValue::Ushort(status)) => i64::from(*status),
        _ => {
            let error = AmqpError::new(AmqpErrorKind::Protocol);
            return Err(error.with_message("the response to put-token has no status"));
        }
    };
    if (200..300).contains(&status) {
        return Ok(());
    }
    let description = match property("status-description") {
        Some(SimpleValue::String(text)) => text.as_str(),
        _ => "no description",
    };
    let error = match status {
        401 | 403 | 404 => AmqpError::new(AmqpErrorKind::TokenRefused),
        _ => AmqpError::new(AmqpErrorKind::Connection),
    };
    Err(error.with_message(format!("status {status}, {description}")))
}
