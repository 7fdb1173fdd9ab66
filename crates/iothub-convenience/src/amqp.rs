//! Messages to devices and notifications over AMQP 1.0.

mod cbs;
mod connection;
mod convert;
mod credential;
mod error;
mod message;
mod messaging;
mod notifications;
mod operations;
mod options;
mod transport;

pub(crate) use credential::AmqpCredential;
pub use error::{AmqpError, AmqpErrorKind, MessageFate};
pub use message::{CloudToDeviceMessage, DeliveryAcknowledgement, PropertyValue};
pub(crate) use messaging::Messaging;
pub use messaging::SentMessage;
pub use notifications::{FileNotification, Notification, NotificationStream};
pub use options::{AmqpOptions, AmqpProxy, AmqpTransport};
