//! Lets tests control a hub's AMQP endpoint: fault rules, connection resets and counters.

use std::fmt;
use std::sync::Arc;

use crate::amqp::faults::AmqpFault;
use crate::amqp::node::{AmqpStatistics, Node};

/// The controls of a hub's AMQP endpoint.
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

    /// Appends a fault rule. The first matching rule applies.
    pub fn add_fault(&self, fault: AmqpFault) {
        self.node.faults.add(fault);
    }

    /// Returns the active fault rules with their remaining counts.
    pub fn faults(&self) -> Vec<AmqpFault> {
        self.node.faults.list()
    }

    /// Removes all fault rules.
    pub fn clear_faults(&self) {
        self.node.faults.clear();
    }

    /// Breaks all AMQP connections without closing them, over TCP with a reset.
    pub fn reset_connections(&self) {
        self.node.abort_all();
    }

    /// Returns the counters since the start.
    pub fn statistics(&self) -> AmqpStatistics {
        self.node.counters.read()
    }
}
