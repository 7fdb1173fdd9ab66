//! Event routes, and the notifications that they carry.
//!
//! | where | what |
//! |---|---|
//! | [`notify`] | changes of twins and relationships as events |
//! | [`cloud_event`], [`event_type`] | an event as it is delivered |
//! | [`route`], [`filter`] | which events a route takes |
//! | [`routing`] | from routes to endpoints |
//! | [`endpoint`], [`subscription`], [`webhook`] | endpoints, in this process and outside of it |

pub(crate) mod cloud_event;
pub(crate) mod endpoint;
mod event_type;
pub(crate) mod filter;
pub(crate) mod notify;
pub(crate) mod route;
pub(crate) mod routing;
pub(crate) mod subscription;
mod webhook;
