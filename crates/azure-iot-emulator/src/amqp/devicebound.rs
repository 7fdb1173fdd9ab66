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
use crate::iothub::{Code, HubError, IotHub};

/// The disposition of a message.
enum Disposition {
    Accept,
    Reject(definitions::Error),
    Release,
    Modify(Modified),
    Detach(definitions::Error),
    Reset,
    /// The sender receives no outcome.
    NoOutcome,
}

pub(crate) async fn serve(mut receiver: Receiver, address: &str, peer: Peer) {
    let clock = peer.node.clock.clone();
    loop {
        let received = tokio::select! {
            received = receiver.recv::<Body<Value>>() => received,
            () = peer.access.lost(&clock) => return close(receiver, peer.expired()).await,
        };
        let (info, disposition, commit) = match received {
            Ok(delivery) => {
                Counters::count(&peer.node.counters.messages);
                let (info, message) = delivery.into_parts();
                let processed = async { process(message, address, &peer) };
                let (disposition, commit) = peer.node.hub.track(processed).await;
                (info, disposition, commit)
            }
            Err(RecvError::MessageDecode(error)) => {
                let refusal = HubError::argument(format!("The message is not valid: {}", error.source));
                (
                    error.info,
                    Disposition::Reject(errors::of_hub(&refusal, clock.now())),
                    None,
                )
            }
            Err(RecvError::LinkStateError(LinkStateError::RemoteClosed)) => {
                return tracing::debug!("a sender closed its link");
            }
            Err(error) => return tracing::debug!(%error, "a sender's link ended"),
        };
        let settled = match disposition {
            Disposition::Detach(error) => return close(receiver, error).await,
            Disposition::Reset => {
                peer.abort_handle.abort();
                return;
            }
            Disposition::Accept => {
                // Accepted messages must survive a restart.
                let disposition = match IotHub::durable(commit).await {
                    Ok(()) => Disposition::Accept,
                    Err(error) => Disposition::Reject(errors::of_hub(&error, peer.node.clock.now())),
                };
                settle(&receiver, info, disposition).await
            }
            disposition => settle(&receiver, info, disposition).await,
        };
        if let Err(error) = settled {
            return tracing::debug!(%error, "a sender's link ended");
        }
    }
}

async fn settle(
    receiver: &Receiver,
    info: DeliveryInfo,
    disposition: Disposition,
) -> Result<(), fe2o3_amqp::link::DispositionError> {
    match disposition {
        Disposition::Accept => receiver.accept(info).await,
        Disposition::Reject(error) => {
            tracing::info!(condition = ?error.condition, "rejected a message");
            receiver.reject(info, error).await
        }
        Disposition::Release => receiver.release(info).await,
        Disposition::Modify(modified) => receiver.modify(info, modified).await,
        Disposition::NoOutcome | Disposition::Detach(_) | Disposition::Reset => Ok(()),
    }
}

async fn close(receiver: Receiver, error: definitions::Error) {
    tracing::info!(condition = ?error.condition, "closed a sender's link");
    if let Err(error) = receiver.close_with_error(error).await {
        tracing::debug!(%error, "a sender's link ended with an error");
    }
}

fn process(message: Message<Body<Value>>, address: &str, peer: &Peer) -> Disposition {
    match peer.node.faults.apply(Point::Message, address) {
        Some(AmqpFaultAction::Detach {
            condition,
            description,
        }) => {
            return Disposition::Detach(errors::of_fault(&condition, description.as_deref()));
        }
        Some(AmqpFaultAction::Reject {
            condition,
            description,
        }) => {
            return Disposition::Reject(errors::of_fault(&condition, description.as_deref()));
        }
        Some(AmqpFaultAction::Release) => return Disposition::Release,
        Some(AmqpFaultAction::Modify {
            delivery_failed,
            undeliverable_here,
        }) => {
            return Disposition::Modify(Modified {
                delivery_failed: Some(delivery_failed),
                undeliverable_here: Some(undeliverable_here),
                message_annotations: None,
            });
        }
        Some(AmqpFaultAction::Silence) => return Disposition::NoOutcome,
        Some(AmqpFaultAction::Reset { processed: false }) => return Disposition::Reset,
        Some(AmqpFaultAction::Reset { processed: true }) => {
            drop(enqueue(message, peer));
            return Disposition::Reset;
        }
        _ => {}
    }
    if !peer.may_connect() {
        return Disposition::Detach(peer.expired());
    }
    match enqueue(message, peer) {
        Ok(()) => Disposition::Accept,
        Err(error) => Disposition::Reject(errors::of_hub(&error, peer.node.clock.now())),
    }
}

/// Enqueues a message for its device or module.
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
    // Some clients percent-encode ids, others do not, and ids may contain `%`. The form that matches a device is used.
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
    fn destination_is_case_insensitive_except_for_ids() {
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
