//! The node that receives cloud-to-device messages.

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::link::{LinkStateError, RecvError};
use fe2o3_amqp::types::definitions;
use fe2o3_amqp::types::messaging::{Body, Message, Modified};
use fe2o3_amqp::types::primitives::Value;
use percent_encoding::percent_decode_str;

use crate::amqp::faults::{AmqpFaultAction, Point};
use crate::amqp::node::Counters;
use crate::amqp::peer::Peer;
use crate::amqp::{errors, message};
use crate::iothub::{Code, HubError};

/// The response to a message.
enum Verdict {
    Accept,
    Reject(definitions::Error),
    Release,
    Modify(Modified),
    Detach(definitions::Error),
    Reset,
    /// No outcome at all.
    Silence,
}

pub(crate) async fn serve(mut receiver: Receiver, address: &str, peer: Peer) {
    let clock = peer.node.clock.clone();
    loop {
        let received = tokio::select! {
            received = receiver.recv::<Body<Value>>() => received,
            () = peer.access.lost(&clock) => return close(receiver, peer.expired()).await,
        };
        let (info, verdict) = match received {
            Ok(delivery) => {
                Counters::count(&peer.node.counters.messages);
                let (info, message) = delivery.into_parts();
                (info, judge(message, address, &peer))
            }
            Err(RecvError::MessageDecode(error)) => {
                let refusal = HubError::argument(format!("The message can't be read: {}", error.source));
                (error.info, Verdict::Reject(errors::of_hub(&refusal, clock.now())))
            }
            Err(RecvError::LinkStateError(LinkStateError::RemoteClosed)) => {
                return tracing::debug!("a sender closed its link");
            }
            Err(error) => return tracing::debug!(%error, "a sender's link ended"),
        };
        let settled = match verdict {
            Verdict::Detach(error) => return close(receiver, error).await,
            Verdict::Reset => {
                peer.cut.now();
                return;
            }
            Verdict::Accept => {
                // Accepted messages survive a restart.
                let verdict = match peer.node.hub.durable().await {
                    Ok(()) => Verdict::Accept,
                    Err(error) => Verdict::Reject(errors::of_hub(&error, peer.node.clock.now())),
                };
                settle(&receiver, info, verdict).await
            }
            verdict => settle(&receiver, info, verdict).await,
        };
        if let Err(error) = settled {
            return tracing::debug!(%error, "a sender's link ended");
        }
    }
}

async fn settle(
    receiver: &Receiver,
    info: DeliveryInfo,
    verdict: Verdict,
) -> Result<(), fe2o3_amqp::link::DispositionError> {
    match verdict {
        Verdict::Accept => receiver.accept(info).await,
        Verdict::Reject(error) => {
            tracing::info!(condition = ?error.condition, "a message is rejected");
            receiver.reject(info, error).await
        }
        Verdict::Release => receiver.release(info).await,
        Verdict::Modify(modified) => receiver.modify(info, modified).await,
        Verdict::Silence | Verdict::Detach(_) | Verdict::Reset => Ok(()),
    }
}

async fn close(receiver: Receiver, error: definitions::Error) {
    tracing::info!(condition = ?error.condition, "a sender's link is closed");
    if let Err(error) = receiver.close_with_error(error).await {
        tracing::debug!(%error, "a sender's link ended with an error");
    }
}

fn judge(message: Message<Body<Value>>, address: &str, peer: &Peer) -> Verdict {
    match peer.node.faults.judge(Point::Message, address) {
        Some(AmqpFaultAction::Detach {
            condition,
            description,
        }) => {
            return Verdict::Detach(errors::of_fault(&condition, description.as_deref()));
        }
        Some(AmqpFaultAction::Reject {
            condition,
            description,
        }) => {
            return Verdict::Reject(errors::of_fault(&condition, description.as_deref()));
        }
        Some(AmqpFaultAction::Release) => return Verdict::Release,
        Some(AmqpFaultAction::Modify {
            delivery_failed,
            undeliverable_here,
        }) => {
            return Verdict::Modify(Modified {
                delivery_failed: Some(delivery_failed),
                undeliverable_here: Some(undeliverable_here),
                message_annotations: None,
            });
        }
        Some(AmqpFaultAction::Silence) => return Verdict::Silence,
        Some(AmqpFaultAction::Reset { processed: false }) => return Verdict::Reset,
        Some(AmqpFaultAction::Reset { processed: true }) => {
            drop(enqueue(message, peer));
            return Verdict::Reset;
        }
        _ => {}
    }
    if !peer.may_connect() {
        return Verdict::Detach(peer.expired());
    }
    match enqueue(message, peer) {
        Ok(()) => Verdict::Accept,
        Err(error) => Verdict::Reject(errors::of_hub(&error, peer.node.clock.now())),
    }
}

/// Puts a message into the queue of its device or module.
fn enqueue(message: Message<Body<Value>>, peer: &Peer) -> Result<(), HubError> {
    let message = message::read(message)?;
    let to = message.to.clone();
    let (raw_device, raw_module) = destination(&to).ok_or_else(|| {
        HubError::new(
            Code::INVALID_OPERATION,
            "The property To must contain the device identifier.",
        )
    })?;
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .ok()
            .map(|text| text.into_owned())
    };
    let hub = &peer.node.hub;
    let (device_id, module_id) = (decode(raw_device), raw_module.map(decode));
    // Some clients percent-encode ids and some do not, and an id may have a `%`. The reading that names a device wins.
    let decoded = device_id.filter(|id| hub.has_device(id) || !hub.has_device(raw_device));
    let device_id = decoded.as_deref().unwrap_or(raw_device);
    let module_id = module_id.map(|module_id| module_id.unwrap_or_default());
    hub.enqueue_message(device_id, module_id.as_deref(), message)
}

/// Returns the device and the module of an address.
fn destination(to: &str) -> Option<(&str, Option<&str>)> {
    let parts: Vec<_> = to.split('/').collect();
    let is = |part: &str, literal: &str| part.eq_ignore_ascii_case(literal);
    let (device, module) = match parts.as_slice() {
        ["", devices, device, messages, bound]
            if is(devices, "devices") && is(messages, "messages") && is(bound, "devicebound") =>
        {
            (*device, None)
        }
        ["", devices, device, modules, module, messages, bound]
            if is(devices, "devices")
                && is(modules, "modules")
                && is(messages, "messages")
                && is(bound, "devicebound") =>
        {
            (*device, Some(*module))
        }
        _ => return None,
    };
    (!device.is_empty() && module != Some("")).then_some((device, module))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-C2D-1.
    #[test]
    fn destination_names_a_device_or_module_in_any_case() {
        assert_eq!(
            destination("/devices/a%2Fb/messages/deviceBound"),
            Some(("a%2Fb", None))
        );
        assert_eq!(
            destination("/Devices/d/modules/m/messages/devicebound"),
            Some(("d", Some("m")))
        );
        for wrong in [
            "",
            "/devices//messages/devicebound",
            "/devices/d",
            "d",
            "/devices/d/messages/events",
        ] {
            assert_eq!(destination(wrong), None, "{wrong:?}");
        }
    }
}
