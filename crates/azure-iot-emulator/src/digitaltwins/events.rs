//! Event routes, and the notifications that they carry.
//!
//! | where | what |
//! |---|---|
//! | [`filter`] | which events a route takes |
//! | [`cloud_event`] | an event as it is delivered |
//! | [`notify`] | what happens, as events |
//! | [`routing`], [`webhook`] | from routes to endpoints, and out of the process |

mod cloud_event;
pub(crate) mod filter;
mod notify;
pub(crate) mod routing;
mod webhook;

pub use cloud_event::CloudEvent;
pub(crate) use notify::{Origin, Telemetry};
pub(crate) use routing::Routing;
pub use routing::{EndpointError, EventSubscription};
