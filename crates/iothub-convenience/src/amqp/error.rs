//! Errors of messages and connections.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use azure_service_core::ConnectionFailure;
use serde_json::Value;

/// Why a message was not sent, or a notification not received or settled.
///
/// [`kind`](Self::kind) says what happened, [`fate`](Self::fate) what it means for the message: [`MessageFate::Unknown`]
/// only if the message was handed to the network and no outcome came back.
///
/// # Example
///
/// ```no_run
/// # use iothub_convenience::{CloudToDeviceMessage, Error, IotHubRegistryManager};
/// # async fn run(hub: IotHubRegistryManager) -> Result<(), Error> {
/// match hub.send_c2d_message("thermostat-7", CloudToDeviceMessage::new("hello")).await {
///     Ok(sent) => println!("the hub has message {}", sent.message_id),
///     Err(error) if error.is_queue_full() => println!("50 messages are queued already"),
///     Err(error) if error.is_not_found() => println!("no such device"),
///     Err(error) if error.is_unknown_outcome() => println!("it may or may not arrive"),
///     Err(error) => println!("{error}: {:?}", error.amqp().map(|error| error.kind())),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AmqpError(Box<Repr>);

/// One line, as that of [`Error`](crate::Error).
impl fmt::Display for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        match (self.0.operation, self.0.attempts) {
            (None, 0 | 1) => Ok(()),
            (None, attempts) => write!(f, " ({attempts} attempts)"),
            (Some(operation), 0 | 1) => write!(f, " ({operation})"),
            (Some(operation), attempts) => write!(f, " ({operation}, {attempts} attempts)"),
        }
    }
}

/// There is no source: its text is part of the error's.
impl StdError for AmqpError {}

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
    /// The public method that failed.
    operation: Option<&'static str>,
    attempts: u32,
    /// Host and port of the hub, or of the proxy.
    target: Option<String>,
    connection: Option<ConnectionFailure>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AmqpErrorKind {
    /// The hub rejected the message, see [`condition`](AmqpError::condition).
    Rejected,
    /// The hub released the message unprocessed, every time it was sent.
    Released,
    /// The hub returned the message as modified, every time it was sent.
    Modified,
    /// The hub returned the message as modified and asks not to send it again.
    Undeliverable,
    /// The hub closed the link, see [`condition`](AmqpError::condition).
    Detached,
    /// The hub did not accept the token.
    TokenRefused,
    /// The token expired, and the hub closed the link.
    TokenExpired,
    /// There was no connection to the hub.
    Connection,
    /// The connection broke.
    ConnectionLost,
    /// The call timed out.
    Timeout,
    /// The credential gave no token.
    Credential,
    /// A notification was settled too late: its link is closed, and it will be delivered again.
    LockLost,
    /// The hub sent something that cannot be understood.
    Protocol,
}

/// What is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageFate {
    /// It was not handed to the network.
    NotSent,
    /// The hub refused it.
    Refused,
    /// It was handed to the network, and no outcome came back.
    Unknown,
}

/// Text.
impl AmqpError {
    /// What failed and why, without the circumstances.
    pub(crate) fn headline(&self) -> String {
        let repr = &*self.0;
        let mut text = self.what();
        if let Some(condition) = &repr.condition {
            text.push_str(&format!(" ({condition})"));
        }
        let source = repr.source.as_ref().map(ToString::to_string);
        let reason = repr.connection.as_ref().map(ToString::to_string);
        for part in [reason.or(source), repr.message.clone()].into_iter().flatten() {
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
        }
        if repr.fate == MessageFate::Unknown {
            text.push_str("; the hub may have accepted the message");
        }
        text
    }

    fn what(&self) -> String {
        let hub = self.0.target.as_deref().unwrap_or("the hub");
        match self.0.kind {
            AmqpErrorKind::Rejected => "the hub rejected the message".to_owned(),
            AmqpErrorKind::Released => "the hub released the message unprocessed".to_owned(),
            AmqpErrorKind::Modified => "the hub returned the message as modified".to_owned(),
            AmqpErrorKind::Undeliverable => "the hub asks not to send the message again".to_owned(),
            AmqpErrorKind::Detached => format!("{hub} closed the link"),
            AmqpErrorKind::TokenRefused => format!("{hub} did not accept the token"),
            AmqpErrorKind::TokenExpired => "the token has expired".to_owned(),
            AmqpErrorKind::Connection => format!("cannot connect to {hub}"),
            AmqpErrorKind::ConnectionLost => format!("the AMQP connection to {hub} broke"),
            AmqpErrorKind::Timeout => format!("no response from {hub} in time"),
            AmqpErrorKind::Credential => "the credential gave no token".to_owned(),
            AmqpErrorKind::LockLost => {
                "the link of the notification is closed, and the hub delivers it again".to_owned()
            }
            AmqpErrorKind::Protocol => format!("the AMQP of {hub} cannot be understood"),
        }
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
            operation: None,
            attempts: 0,
            target: None,
            connection: None,
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

    /// There is no connection, for this reason.
    pub(crate) fn no_connection(failure: ConnectionFailure) -> Self {
        let mut error = Self::new(AmqpErrorKind::Connection);
        error.0.connection = Some(failure);
        error
    }

    #[must_use]
    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// The error with the host and port that it is about, unless it has one.
    #[must_use]
    pub(crate) fn with_target(mut self, target: impl Into<String>) -> Self {
        self.0.target.get_or_insert_with(|| target.into());
        self
    }

    #[must_use]
    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        if self.0.kind == AmqpErrorKind::Connection {
            self.0.connection = Some(ConnectionFailure::of(&source));
        }
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

    /// With the hub's reason: a condition, and a description that may be JSON.
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

/// Accessors.
impl AmqpError {
    /// What happened.
    #[must_use]
    pub fn kind(&self) -> AmqpErrorKind {
        self.0.kind
    }

    /// What is known of the message.
    #[must_use]
    pub fn fate(&self) -> MessageFate {
        self.0.fate
    }

    /// The AMQP error condition from the hub, such as `amqp:not-found`.
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

    /// The public method that failed.
    pub(crate) fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Why there is no connection to the hub, if that is what failed.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        self.0.connection.as_ref()
    }

    /// The call timed out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == AmqpErrorKind::Timeout
            || self.connection_failure() == Some(&ConnectionFailure::Timeout)
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

    /// The device's queue is full.
    #[must_use]
    pub fn is_queue_full(&self) -> bool {
        self.has_condition(&["amqp:resource-limit-exceeded"])
    }

    /// The message is larger than the hub accepts.
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

    /// Returns whether the connection cannot be used any more.
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

    /// Returns whether another attempt may succeed and does no harm.
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
                if self
                    .connection_failure()
                    .is_some_and(ConnectionFailure::is_certificate)
                {
                    return false;
                }
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

/// Conditions with which the hub closes connections and links for reasons of its own.
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
