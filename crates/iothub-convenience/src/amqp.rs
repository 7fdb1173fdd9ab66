//! Messages to devices, and notifications of what became of them, over AMQP 1.0.

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

pub(crate) use self::credential::AmqpCredential;
pub use self::error::{AmqpError, AmqpErrorKind, MessageFate};
pub use self::message::{CloudToDeviceMessage, DeliveryAcknowledgement};
pub(crate) use self::messaging::Messaging;
pub use self::messaging::SentMessage;
pub use self::notifications::{FileNotification, Notification, NotificationStream};
pub use self::options::{AmqpOptions, AmqpProxy, AmqpTransport};
