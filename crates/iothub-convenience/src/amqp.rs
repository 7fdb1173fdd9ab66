//! Messages to devices and notifications over AMQP 1.0.

mod cbs;
mod connection;
mod convert;
mod credential;
mod error;
mod message;
mod messaging;
mod notification;
mod notifications;
mod operations;
mod options;
mod receiving;
mod session;
mod transport;

pub(crate) use credential::AmqpCredential;
pub use error::{AmqpError, AmqpErrorKind, DeliveryState};
pub use message::{CloudToDeviceMessage, DeliveryAcknowledgement, PropertyValue};
pub(crate) use messaging::Messaging;
pub use messaging::SentMessage;
pub use notification::{FileNotification, Notification};
pub use notifications::NotificationStream;
pub use options::{AmqpOptions, AmqpProxy, AmqpTransport};
