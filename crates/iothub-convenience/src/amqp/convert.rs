//! Conversions from the AMQP library's outcomes and errors.

use fe2o3_amqp::connection::{self, ConnectionStopReason, OpenError};
use fe2o3_amqp::link::{
    DetachError, LinkStateError, ReceiverAttachError, RecvError, SendError, SenderAttachError,
    SessionStopReason,
};
use fe2o3_amqp::session::{self, BeginError};
use fe2o3_amqp::types::definitions::{self, ErrorCondition};
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::types::primitives::Symbol;

use crate::amqp::error::{AmqpError, AmqpErrorKind as Kind, DeliveryState};

fn condition(condition: &ErrorCondition) -> String {
    match condition {
        ErrorCondition::AmqpError(error) => Symbol::from(error).0,
        ErrorCondition::ConnectionError(error) => Symbol::from(error).0,
        ErrorCondition::SessionError(error) => Symbol::from(error).0,
        ErrorCondition::LinkError(error) => Symbol::from(error).0,
        ErrorCondition::Custom(symbol) => symbol.0.clone(),
    }
}

fn with_reason(kind: Kind, reason: &definitions::Error) -> AmqpError {
    let error = AmqpError::new(kind).with_reason(condition(&reason.condition), reason.description.as_deref());
    let is_expired = reason
        .description
        .as_ref()
        .is_some_and(|text| text.to_ascii_lowercase().contains("expired"));
    if error.condition() == Some("amqp:unauthorized-access") && is_expired && kind != Kind::Rejected {
        return error.with_kind(Kind::TokenExpired);
    }
    error
}

/// Converts an outcome. Every outcome except acceptance is an error.
pub(crate) fn of_outcome(outcome: Outcome) -> Result<(), AmqpError> {
    let error = match outcome {
        Outcome::Accepted(_) => return Ok(()),
        Outcome::Rejected(rejected) => match &rejected.error {
            Some(reason) => with_reason(Kind::Rejected, reason),
            None => AmqpError::new(Kind::Rejected),
        },
        Outcome::Released(_) => AmqpError::new(Kind::Released),
        Outcome::Modified(modified) if modified.undeliverable_here == Some(true) => {
            AmqpError::new(Kind::Undeliverable)
        }
        Outcome::Modified(_) => AmqpError::new(Kind::Modified),
    };
    Err(error.with_delivery_state(DeliveryState::Refused))
}

pub(crate) fn of_open(error: OpenError) -> AmqpError {
    match error {
        OpenError::RemoteClosedWithError(reason) => with_reason(Kind::Connection, &reason),
        OpenError::SaslError { .. } => AmqpError::new(Kind::TokenRefused).with_source(error),
        other => AmqpError::new(Kind::Connection).with_source(other),
    }
}

pub(crate) fn of_begin(error: BeginError) -> AmqpError {
    match error {
        BeginError::RemoteEndedWithError(reason) => with_reason(Kind::Connection, &reason),
        BeginError::ConnectionStopped(reason) => of_connection_stop(&reason),
        other => AmqpError::new(Kind::Connection).with_source(other),
    }
}

fn of_connection_stop(reason: &ConnectionStopReason) -> AmqpError {
    match reason {
        ConnectionStopReason::ClosedWithError(error) | ConnectionStopReason::RemoteClosedWithError(error) => {
            with_reason(Kind::ConnectionLost, error)
        }
        ConnectionStopReason::Closed | ConnectionStopReason::RemoteClosed => {
            AmqpError::new(Kind::ConnectionLost)
        }
    }
}

fn of_session_stop(reason: &SessionStopReason) -> AmqpError {
    match reason {
        SessionStopReason::EndedWithError(error) | SessionStopReason::RemoteEndedWithError(error) => {
            with_reason(Kind::ConnectionLost, error)
        }
        SessionStopReason::ConnectionStopped(reason) => of_connection_stop(reason),
        SessionStopReason::Ended | SessionStopReason::RemoteEnded => AmqpError::new(Kind::ConnectionLost),
    }
}

/// Returns the reason for the end of a session.
pub(crate) fn of_session_end(error: session::Error) -> AmqpError {
    match error {
        session::Error::RemoteEndedWithError(reason) => with_reason(Kind::ConnectionLost, &reason),
        session::Error::ConnectionStopped(reason) => of_connection_stop(&reason),
        _ => AmqpError::new(Kind::ConnectionLost),
    }
}

/// Returns the reason for the end of a connection.
pub(crate) fn of_close(result: Result<(), connection::Error>) -> AmqpError {
    match result {
        Err(connection::Error::RemoteClosedWithError(reason)) => with_reason(Kind::ConnectionLost, &reason),
        _ => AmqpError::new(Kind::ConnectionLost),
    }
}

pub(crate) fn of_sender_attach(error: SenderAttachError) -> AmqpError {
    match error {
        SenderAttachError::RemoteClosedWithError(reason) => with_reason(Kind::Detached, &reason),
        SenderAttachError::SessionStopped(reason) => of_session_stop(&reason),
        other => AmqpError::new(Kind::Protocol).with_source(other),
    }
}

pub(crate) fn of_receiver_attach(error: ReceiverAttachError) -> AmqpError {
    match error {
        ReceiverAttachError::RemoteClosedWithError(reason) => with_reason(Kind::Detached, &reason),
        ReceiverAttachError::SessionStopped(reason) => of_session_stop(&reason),
        other => AmqpError::new(Kind::Protocol).with_source(other),
    }
}

fn of_link_state(error: LinkStateError) -> AmqpError {
    match error {
        LinkStateError::RemoteDetachedWithError(reason) | LinkStateError::RemoteClosedWithError(reason) => {
            with_reason(Kind::Detached, &reason)
        }
        LinkStateError::RemoteDetached | LinkStateError::RemoteClosed => AmqpError::new(Kind::Detached),
        LinkStateError::SessionStopped(reason) => of_session_stop(&reason),
        other => AmqpError::new(Kind::ConnectionLost).with_source(other),
    }
}

pub(crate) fn of_send(error: SendError) -> AmqpError {
    match error {
        SendError::LinkStateError(error) => of_link_state(error),
        SendError::Detached(error) => of_detach(error),
        // The library refused the message; the kind is the same as if the hub had rejected it.
        SendError::MessageSizeExceeded(error) => AmqpError::new(Kind::Rejected)
            .with_reason("amqp:link:message-size-exceeded".to_owned(), None)
            .with_message(format!(
                "{} bytes, at most {} are allowed",
                error.size, error.max_size
            )),
        other => AmqpError::new(Kind::Protocol).with_source(other),
    }
}

fn of_detach(error: DetachError) -> AmqpError {
    of_link_state(error.into())
}

pub(crate) fn of_recv(error: RecvError) -> AmqpError {
    match error {
        RecvError::LinkStateError(error) => of_link_state(error),
        RecvError::MessageSizeExceeded(_) => AmqpError::new(Kind::MessageTooLarge),
        other => AmqpError::new(Kind::Protocol).with_source(other),
    }
}
