//! The hub's AMQP 1.0 endpoint, on a port of its own and over WebSockets.
//!
//! SASL ANONYMOUS, PLAIN, MSSBCBS and EXTERNAL, or no SASL layer; tokens over `$cbs`; cloud-to-device messages to
//! `/messages/devicebound`; feedback from `/messages/serviceBound/feedback` and file notifications from
//! `/messages/serviceBound/filenotifications`.

mod access;
mod cbs;
mod connection;
mod devicebound;
mod errors;
mod faults;
mod listener;
mod manage;
mod node;
mod notifications;
mod sasl;
mod stream;
mod tags;
mod websocket;

use std::fmt;
use std::sync::Arc;

pub use self::faults::{AmqpFault, AmqpFaultAction};
pub(crate) use self::listener::Listener;
pub use self::node::AmqpStatistics;
pub(crate) use self::node::Node;
pub(crate) use self::websocket::upgrade;

/// The controls of a running hub's AMQP endpoint.
#[derive(Clone)]
pub struct Amqp {
    node: Arc<Node>,
}

impl fmt::Debug for Amqp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Amqp")
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}

impl Amqp {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// Adds a fault rule behind those there are; the first that applies counts.
    pub fn add_fault(&self, fault: AmqpFault) {
        self.node.faults.add(fault);
    }

    /// The fault rules in force, with what is left of their counts.
    pub fn faults(&self) -> Vec<AmqpFault> {
        self.node.faults.list()
    }

    /// Removes all fault rules.
    pub fn clear_faults(&self) {
        self.node.faults.clear();
    }

    /// Breaks all AMQP connections, without a goodbye.
    pub fn reset_connections(&self) {
        self.node.cut_all();
    }

    /// How much there was to do.
    pub fn statistics(&self) -> AmqpStatistics {
        self.node.counters.read()
    }
}
