//! Event routes and their notifications.
//!
//! | module | content |
//! |---|---|
//! | [`notify`] | events for changes of twins and relationships |
//! | [`cloud_event`], [`event_type`] | the delivered form of an event |
//! | [`route`], [`filter`] | stored routes and their filters |
//! | [`routing`] | delivery from routes to endpoints |
//! | [`endpoint`], [`subscription`], [`webhook`] | endpoints: subscribers in this process, and webhooks |

pub(crate) mod cloud_event;
pub(crate) mod endpoint;
mod event_type;
pub(crate) mod filter;
pub(crate) mod notify;
pub(crate) mod route;
pub(crate) mod routing;
pub(crate) mod subscription;
mod webhook;
