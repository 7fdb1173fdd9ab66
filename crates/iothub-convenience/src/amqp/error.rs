//! What can become of a message or a connection.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// Why a message was not sent, or a notification not received or settled.
///
/// [`kind`](Self::kind) tells what happened, [`fate`](Self::fate) what it means for the message:
/// [`MessageFate::Unknown`] is said only if the message was handed to the network and no outcome came back.
///
/// # Example
///
/// ```
/// # use iothub_convenience::{CloudToDeviceMessage, Error, IotHubRegistryManager};
/// # async fn run(hub: IotHubRegistryManager) -> Result<(), Error> {
/// match hub.send_c2d_message("thermostat-7", CloudToDeviceMessage::new("hello")).await {
///     Ok(sent) => println!("the hub has message {}", sent.message_id),
///     Err(Error::Amqp(error)) if error.is_queue_full() => println!("50 messages wait already"),
///     Err(error) if error.is_not_found() => println!("there is no such device"),
///     Err(error) if error.is_unknown_outcome() => println!("it may or may not arrive"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
#[error("{}", .0)]
pub struct AmqpError(Box<Repr>);

impl fmt::Debug for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[derive(Debug, Clone)]
struct Repr {
    kind: AmqpErrorKind,
    fate: MessageFate,
    condition: Option<String>,
    message: Option<String>,
    code: Option<String>,
    tracking_id: Option<String>,
    attempts: u32,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AmqpErrorKind {
    /// The service rejected the message, see [`condition`](AmqpError::condition).
    Rejected,
    /// The service gave the message back unprocessed, every time it was sent.
    Released,
    /// The service gave the message back as modified, every time it was sent.
    Modified,
    /// The service gave the message back as modified and asks not to send it there again.
    Undeliverable,
    /// The service closed the link, see [`condition`](AmqpError::condition).
    Detached,
    /// The service did not take the token.
    TokenRefused,
    /// The token had expired, and the service closed the link for it.
    TokenExpired,
    /// There was no connection to the service.
    Connection,
    /// The connection broke.
    ConnectionLost,
    /// The time was up.
    Timeout,
    /// The credential gave no token.
    Credential,
    /// A notification was settled too late: its link is gone, and it will be delivered again.
    LockLost,
    /// The service did something that cannot be understood.
    Protocol,
}

/// What is known about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageFate {
    /// It was not handed to the service.
    NotSent,
    /// The service said that it has not taken it.
    Refused,
    /// It was handed to the network, and whether the service has taken it is not known.
    Unknown,
}

impl fmt::Display for Repr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            AmqpErrorKind::Rejected => "the service rejected the message",
            AmqpErrorKind::Released => "the service released the message unprocessed",
            AmqpErrorKind::Modified => "the service gave the message back as modified",
            AmqpErrorKind::Undeliverable => "the service asks not to send the message again",
            AmqpErrorKind::Detached => "the service closed the link",
            AmqpErrorKind::TokenRefused => "the service did not accept the token",
            AmqpErrorKind::TokenExpired => "the token has expired",
            AmqpErrorKind::Connection => "there is no AMQP connection to the service",
            AmqpErrorKind::ConnectionLost => "the AMQP connection broke",
            AmqpErrorKind::Timeout => "the time was up",
            AmqpErrorKind::Credential => "the credential gave no token",
            AmqpErrorKind::LockLost => "the notification's link is gone, it will come again",
            AmqpErrorKind::Protocol => "the service's AMQP cannot be understood",
        })?;
        if let Some(condition) = &self.condition {
            write!(f, " ({condition})")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        match self.fate {
            MessageFate::Unknown => f.write_str("; whether the message was taken is not known")?,
            MessageFate::NotSent | MessageFate::Refused => {}
        }
        if self.attempts > 1 {
            write!(f, " (after {} attempts)", self.attempts)?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

/// Constructors.
impl AmqpError {
    pub(crate) fn new(kind: AmqpErrorKind) -> Self {
        Self(Box::new(Repr {
            kind,
            fate: MessageFate::NotSent,
            condition: None,
            message: None,
            code: None,
            tracking_id: None,
            attempts: 0,
            source: None,
        }))
    }

    #[must_use]
    pub(crate) fn with_fate(mut self, fate: MessageFate) -> Self {
        self.0.fate = fate;
        self
    }

    #[must_use]
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    #[must_use]
    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    #[must_use]
    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    #[must_use]
    pub(crate) fn with_kind(mut self, kind: AmqpErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// With what the service gave as the reason: a condition, and a description that may be JSON.
    #[must_use]
    pub(crate) fn with_reason(mut self, condition: String, description: Option<&str>) -> Self {
        let repr = &mut *self.0;
        repr.condition = Some(condition);
        let Some(description) = description.filter(|text| !text.is_empty()) else {
            return self;
        };
        let mut message = description.to_owned();
        if let Ok(Value::Object(details)) = serde_json::from_str(description) {
            let text = |name: &str| details.get(name).and_then(Value::as_str).map(str::to_owned);
            repr.code = details.get("errorCode").map(|code| match code {
                Value::String(code) => code.clone(),
                other => other.to_string(),
            });
            repr.tracking_id = text("trackingId").filter(|id| !id.is_empty());
            message = text("message").unwrap_or(message);
        }
        if let Some(coded) = message.strip_prefix("ErrorCode:") {
            let (code, text) = coded.split_once(';').unwrap_or((coded, ""));
            repr.code = Some(code.to_owned());
            message = text.to_owned();
        }
        repr.message = Some(message).filter(|message| !message.is_empty());
        self
    }
}

/// What is known.
impl AmqpError {
    /// What happened.
    #[must_use]
    pub fn kind(&self) -> AmqpErrorKind {
        self.0.kind
    }

    /// What it means for the message.
    #[must_use]
    pub fn fate(&self) -> MessageFate {
        self.0.fate
    }

    /// The AMQP error condition that the service gave, such as `amqp:not-found`.
    #[must_use]
    pub fn condition(&self) -> Option<&str> {
        self.0.condition.as_deref()
    }

    /// The service's explanation, or ours.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The service's error code: a name, or the digits of a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id under which the service's support finds the failure.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// How many times it was tried; 0 if nothing was tried yet.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn has_condition(&self, conditions: &[&str]) -> bool {
        self.condition()
            .is_some_and(|condition| conditions.contains(&condition))
    }

    /// The device or module does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_condition(&["amqp:not-found"])
    }

    /// As many messages wait for the device as may.
    #[must_use]
    pub fn is_queue_full(&self) -> bool {
        self.has_condition(&["amqp:resource-limit-exceeded"])
    }

    /// The message is larger than the service takes.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.has_condition(&["amqp:link:message-size-exceeded"])
    }

    /// The service does not accept the credential, or it lacks the permission.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self.kind(),
            AmqpErrorKind::TokenRefused | AmqpErrorKind::TokenExpired
        ) || self.has_condition(&["amqp:unauthorized-access"])
    }

    /// Too many messages at once.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.has_condition(&[
            "com.microsoft:device-container-throttled",
            "com.microsoft:server-busy",
        ])
    }

    /// Whether the connection is of no more use.
    pub(crate) fn breaks_connection(&self) -> bool {
        matches!(
            self.kind(),
            AmqpErrorKind::ConnectionLost
                | AmqpErrorKind::Connection
                | AmqpErrorKind::TokenExpired
                | AmqpErrorKind::Timeout
                | AmqpErrorKind::Protocol
        ) || (self.kind() == AmqpErrorKind::Detached && self.is_unauthorized())
    }

    /// Whether the same may work a little later, and does no harm if it is tried.
    pub(crate) fn may_retry(&self) -> bool {
        if self.fate() == MessageFate::Unknown {
            return false;
        }
        match self.kind() {
            AmqpErrorKind::Released
            | AmqpErrorKind::Modified
            | AmqpErrorKind::TokenExpired
            | AmqpErrorKind::ConnectionLost => true,
            AmqpErrorKind::Rejected => self.is_throttled(),
            AmqpErrorKind::Connection | AmqpErrorKind::Detached => {
                self.condition().is_none() || self.is_throttled() || self.has_condition(TRANSIENT)
            }
            AmqpErrorKind::Undeliverable
            | AmqpErrorKind::TokenRefused
            | AmqpErrorKind::Timeout
            | AmqpErrorKind::Credential
            | AmqpErrorKind::LockLost
            | AmqpErrorKind::Protocol => false,
        }
    }
}

/// Conditions with which a service ends connections and links for reasons of its own.
const TRANSIENT: &[&str] = &[
    "amqp:connection:forced",
    "amqp:link:detach-forced",
    "amqp:internal-error",
    "com.microsoft:timeout",
    "com.microsoft:operation-cancelled",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(condition: &str, description: Option<&str>) -> AmqpError {
        AmqpError::new(AmqpErrorKind::Rejected).with_reason(condition.to_owned(), description)
    }

    /// HUB-C2D-11.
    #[test]
    fn descriptions_are_read_in_each_form_that_services_use() {
        let json =
            r#"{"errorCode":404001,"trackingId":"AB-G2","message":"no such device","timestampUtc":"x"}"#;
        let error = rejected("amqp:not-found", Some(json));
        assert!(error.is_not_found());
        assert_eq!(
            (error.code(), error.tracking_id()),
            (Some("404001"), Some("AB-G2"))
        );
        assert_eq!(error.message(), Some("no such device"));

        let error = rejected("amqp:not-found", Some("ErrorCode:DeviceNotFound;dev-1"));
        assert_eq!(
            (error.code(), error.message()),
            (Some("DeviceNotFound"), Some("dev-1"))
        );
        let error = rejected("amqp:not-found", Some("ErrorCode:DeviceNotFound"));
        assert_eq!((error.code(), error.message()), (Some("DeviceNotFound"), None));
        let error = rejected("amqp:not-allowed", Some("[1]"));
        assert_eq!((error.code(), error.message()), (None, Some("[1]")));
        assert_eq!(rejected("x:y", None).condition(), Some("x:y"));
    }

    #[test]
    fn nothing_is_repeated_that_may_have_been_delivered() {
        let kinds = [
            AmqpErrorKind::Released,
            AmqpErrorKind::ConnectionLost,
            AmqpErrorKind::Detached,
            AmqpErrorKind::TokenExpired,
        ];
        for kind in kinds {
            assert!(AmqpError::new(kind).may_retry(), "{kind:?}");
            let unknown = AmqpError::new(kind).with_fate(MessageFate::Unknown);
            assert!(!unknown.may_retry(), "{kind:?}");
        }
        assert!(!rejected("amqp:not-found", None).may_retry());
        assert!(rejected("com.microsoft:server-busy", None).may_retry());
    }
}
