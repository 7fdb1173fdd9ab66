//! The AMQP 1.0 endpoint of the hub, on its own port and over WebSockets.
//!
//! It supports SASL ANONYMOUS, PLAIN, MSSBCBS and EXTERNAL, or no SASL layer; tokens over `$cbs`; cloud-to-device messages to
//! `/messages/devicebound`; feedback from `/messages/serviceBound/feedback` and file notifications from
//! `/messages/serviceBound/filenotifications`.

mod access;
mod attach;
mod cbs;
mod connection;
pub(crate) mod control;
mod devicebound;
mod ending;
mod errors;
pub(crate) mod faults;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod idle;
mod incoming;
pub(crate) mod listener;
mod manage;
mod message;
pub(crate) mod node;
mod notifications;
mod peer;
mod replies;
mod sasl;
mod stream;
mod tags;
pub(crate) mod websocket;
