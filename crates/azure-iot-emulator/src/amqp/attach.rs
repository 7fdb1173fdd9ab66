//! Checks of attach performatives before the AMQP library receives them.
//!
//! The library refuses invalid attaches with an error text that is the name of a Rust variant, and does not accept
//! the next link of the session until the client responds. This module corrects such an attach, so that the library
//! accepts it; the link is then closed with a proper error.

use fe2o3_amqp::types::definitions::{self, AmqpError, ReceiverSettleMode, Role};
use fe2o3_amqp::types::messaging::{Source, Target, TargetArchetype};
use fe2o3_amqp::types::performatives::Attach;

/// Corrects an attach, and returns the error with which its link must be closed, if any.
pub(crate) fn correct(attach: &mut Attach) -> Option<definitions::Error> {
    let mut refusal = None;
    let mut refuse = |condition: AmqpError, text: &str| {
        refusal.get_or_insert_with(|| definitions::Error::new(condition, text.to_owned(), None));
    };
    if attach.role == Role::Sender {
        // Outcomes are final, so a sender that requests the settle mode `second` gets `first`.
        attach.rcv_settle_mode = ReceiverSettleMode::First;
        if attach.initial_delivery_count.is_none() {
            refuse(
                AmqpError::InvalidField,
                "A sender must set initial-delivery-count.",
            );
            attach.initial_delivery_count = Some(0);
        }
    }
    let source = attach.source.get_or_insert_with(|| {
        refuse(AmqpError::InvalidField, "The attach has no source.");
        Box::new(Source::default())
    });
    let target = attach.target.get_or_insert_with(|| {
        refuse(AmqpError::InvalidField, "The attach has no target.");
        Box::new(TargetArchetype::Target(Target::default()))
    });
    let TargetArchetype::Target(target) = &mut **target;
    if source.dynamic || target.dynamic {
        refuse(AmqpError::NotImplemented, "The hub has no dynamic nodes.");
        source.dynamic = false;
        target.dynamic = false;
    }
    // Some clients send an empty map, which has no meaning unless `dynamic` is set.
    source.dynamic_node_properties = None;
    target.dynamic_node_properties = None;
    refusal
}
