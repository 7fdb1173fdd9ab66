//! The state that the links of one connection share.

use std::sync::Arc;

use fe2o3_amqp::types::definitions;

use crate::amqp::access::AccessCell;
use crate::amqp::errors;
use crate::amqp::node::Node;
use crate::amqp::replies::Replies;
use crate::amqp::stream::AbortHandle;
use crate::iothub::{Code, HubError};

/// The client of one connection. Clones share the state.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) node: Arc<Node>,
    /// Server name (SNI) of the TLS handshake, if the client sent one.
    pub(crate) server_name: Option<Arc<str>>,
    pub(crate) access: AccessCell,
    pub(crate) abort_handle: AbortHandle,
    pub(crate) replies: Replies,
}

impl Peer {
    pub(crate) fn unauthorized(&self) -> definitions::Error {
        errors::of_hub(&HubError::unauthorized(), self.node.clock.now())
    }

    pub(crate) fn expired(&self) -> definitions::Error {
        let error = HubError::new(Code::IOT_HUB_UNAUTHORIZED_ACCESS, "The token has expired.");
        errors::of_hub(&error, self.node.clock.now())
    }

    pub(crate) fn may_connect(&self) -> bool {
        self.access.may_connect(&self.node.clock)
    }
}
