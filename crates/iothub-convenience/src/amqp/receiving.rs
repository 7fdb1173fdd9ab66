//! A receiving link.

use std::time::Duration;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp::link::delivery::{Delivery, DeliveryInfo};
use fe2o3_amqp::types::messaging::Body;
use fe2o3_amqp::types::primitives::Value;
use tokio::time::timeout;

use crate::amqp::connection::{CLOSE_TIMEOUT, within};
use crate::amqp::convert;
use crate::amqp::error::{AmqpError, AmqpErrorKind};
use crate::amqp::session::SessionEnd;

/// The settlement of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settlement {
    Complete,
    Abandon,
    Reject,
}

/// A link that receives messages until its session ends.
#[derive(Debug)]
pub(crate) struct ReceivingLink {
    receiver: Receiver,
    end: SessionEnd,
    /// The timeout of a settlement.
    limit: Duration,
}

impl ReceivingLink {
    pub(crate) fn new(receiver: Receiver, end: SessionEnd, limit: Duration) -> Self {
        Self { receiver, end, limit }
    }

    /// Receives a message. Messages that cannot be decoded are rejected.
    pub(crate) async fn receive(&mut self) -> Result<Delivery<Body<Value>>, AmqpError> {
        loop {
            match self.end.race(self.receiver.recv()).await? {
                Ok(delivery) => return Ok(delivery),
                Err(RecvError::MessageDecode(error)) => {
                    tracing::warn!(%error, "a notification that cannot be decoded is rejected");
                    if let Err(error) = self.settle(error.info, Settlement::Reject).await {
                        tracing::debug!(%error, "a notification was not rejected");
                    }
                }
                Err(error) => return Err(self.too_large(convert::of_recv(error))),
            }
        }
    }

    /// Sets the kind and adds the limit if the error is due to a message above the maximum size. Either the client or
    /// the hub may have closed the link, because the client announces its limit to the hub.
    fn too_large(&self, error: AmqpError) -> AmqpError {
        match self.receiver.max_message_size() {
            Some(limit) if error.is_too_large() => error
                .with_kind(AmqpErrorKind::MessageTooLarge)
                .with_message(format!("max_message_size is {limit} bytes")),
            _ => error,
        }
    }

    /// Settles a delivery. The hub does not confirm it.
    pub(crate) async fn settle(
        &self,
        delivery: DeliveryInfo,
        settlement: Settlement,
    ) -> Result<(), AmqpError> {
        let receiver = &self.receiver;
        let settling = async {
            let settling = self.end.race(async {
                match settlement {
                    Settlement::Complete => receiver.accept(delivery).await,
                    Settlement::Abandon => receiver.release(delivery).await,
                    Settlement::Reject => receiver.reject(delivery, None).await,
                }
            });
            let lost = AmqpError::new(AmqpErrorKind::LockLost);
            match settling.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(lost.with_source(error)),
                Err(reason) => Err(lost.with_source(reason)),
            }
        };
        within(self.limit, "the notification was not settled", settling).await
    }

    /// Detaches the link after earlier settlements have been sent.
    pub(crate) async fn close(self) {
        match timeout(CLOSE_TIMEOUT, self.end.race(self.receiver.close())).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::debug!(%error, "the notification link was detached with an error"),
            Ok(Err(reason)) => tracing::debug!(%reason, "the notification link ended with its session"),
            Err(_) => tracing::debug!("the hub did not respond to the detach of a notification link"),
        }
    }
}
