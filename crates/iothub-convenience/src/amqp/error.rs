//! Errors of messaging over AMQP.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use azure_core::time::parse_rfc3339;
use azure_service_core::{ClockSkew, ConnectionFailure};
use serde_json::Value;

/// The failure to send a message, or to receive or settle a notification.
///
/// [`kind`](Self::kind) classifies the failure. [`delivery_state`](Self::delivery_state) is the state of the message;
/// it is [`DeliveryState::Unknown`] only if the message was sent and the hub reported no outcome.
///
/// # Example
///
/// ```no_run
/// # use iothub_convenience::{CloudToDeviceMessage, Error, IotHubRegistryManager};
/// # async fn run(hub: IotHubRegistryManager) -> Result<(), Error> {
/// match hub.send_c2d_message("thermostat-7", CloudToDeviceMessage::new("hello")).await {
///     Ok(sent) => println!("sent message {}", sent.message_id),
///     Err(error) if error.is_queue_full() => println!("50 messages are queued already"),
///     Err(error) if error.is_not_found() => println!("no such device"),
///     Err(error) if error.is_unknown_outcome() => println!("the hub may or may not have accepted it"),
///     Err(error) => println!("{error}: {:?}", error.amqp().map(|error| error.kind())),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AmqpError(Box<Repr>);

/// Formats the error in one line, like [`Error`](crate::Error).
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

/// Has no source, because `Display` includes the source's message.
impl StdError for AmqpError {}

impl fmt::Debug for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[derive(Debug, Clone)]
struct Repr {
    kind: AmqpErrorKind,
    delivery_state: DeliveryState,
    condition: Option<String>,
    message: Option<String>,
    code: Option<String>,
    tracking_id: Option<String>,
    /// The public method that failed.
    operation: Option<&'static str>,
    attempts: u32,
    /// The hub's or the proxy's host and port.
    target: Option<String>,
    connection: Option<ConnectionFailure>,
    /// The clock skew, if the hub sent its time.
    clock_skew: Option<ClockSkew>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kind of an AMQP error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AmqpErrorKind {
    /// The hub rejected the message; see [`condition`](AmqpError::condition).
    Rejected,
    /// The hub released the message unprocessed, every time it was sent.
    Released,
    /// The hub returned the message as modified, every time it was sent.
    Modified,
    /// The hub returned the message as modified and undeliverable, so it must not be sent again.
    Undeliverable,
    /// The hub closed the link; see [`condition`](AmqpError::condition).
    Detached,
    /// The hub did not accept the token.
    TokenRefused,
    /// The token expired, and the hub closed the link.
    TokenExpired,
    /// The connection could not be established.
    Connection,
    /// The connection broke.
    ConnectionLost,
    /// The call timed out.
    Timeout,
    /// The credential did not return a token.
    Credential,
    /// A notification was settled after its link was closed. The hub delivers it again.
    LockLost,
    /// The hub sent a message larger than [`AmqpOptions::max_message_size`](crate::AmqpOptions::max_message_size).
    MessageTooLarge,
    /// The hub violated the protocol.
    Protocol,
}

/// The state of a message after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryState {
    /// Not sent.
    NotSent,
    /// Sent, but the hub did not accept it: it rejected, released or modified the message.
    Refused,
    /// Sent, but the hub reported no outcome.
    Unknown,
}

/// Parts of `Display`.
impl AmqpError {
    /// Returns the first part of `Display`, without the context of the call.
    pub(crate) fn headline(&self) -> String {
        let repr = &*self.0;
        let mut text = self.summary();
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
        match repr.clock_skew {
            _ if !self.is_unauthorized() => {}
            Some(skew) => text.push_str(&format!("; {skew}, so tokens may not be valid there")),
            // The `$cbs` error includes neither the reason nor the hub's time.
            None if repr.kind == AmqpErrorKind::TokenRefused => {
                text.push_str("; check the credential, its permissions and this computer's clock");
            }
            None => {}
        }
        if repr.delivery_state == DeliveryState::Unknown {
            text.push_str("; the hub may have accepted the message");
        }
        text
    }

    fn summary(&self) -> String {
        let hub = self.0.target.as_deref().unwrap_or("the hub");
        match self.0.kind {
            AmqpErrorKind::Rejected => format!("{hub} rejected the message"),
            AmqpErrorKind::Released => format!("{hub} released the message unprocessed"),
            AmqpErrorKind::Modified => format!("{hub} returned the message as modified"),
            AmqpErrorKind::Undeliverable => format!("{hub} returned the message as undeliverable"),
            AmqpErrorKind::Detached => format!("{hub} closed the link"),
            AmqpErrorKind::TokenRefused => format!("{hub} did not accept the token"),
            AmqpErrorKind::TokenExpired => format!("the token of the connection to {hub} has expired"),
            AmqpErrorKind::Connection => format!("cannot connect to {hub}"),
            AmqpErrorKind::ConnectionLost => format!("the AMQP connection to {hub} broke"),
            AmqpErrorKind::Timeout => format!("no response from {hub} in time"),
            AmqpErrorKind::Credential => "the credential did not return a token".to_owned(),
            AmqpErrorKind::LockLost => {
                "the link of the notification is closed; the hub delivers it again".to_owned()
            }
            AmqpErrorKind::MessageTooLarge => format!("{hub} sent a message that is too large"),
            AmqpErrorKind::Protocol => format!("{hub} violated the AMQP protocol"),
        }
    }
}

/// Constructors.
impl AmqpError {
    pub(crate) fn new(kind: AmqpErrorKind) -> Self {
        Self(Box::new(Repr {
            kind,
            delivery_state: DeliveryState::NotSent,
            condition: None,
            message: None,
            code: None,
            tracking_id: None,
            operation: None,
            attempts: 0,
            target: None,
            connection: None,
            clock_skew: None,
            source: None,
        }))
    }

    #[must_use]
    pub(crate) fn with_delivery_state(mut self, state: DeliveryState) -> Self {
        self.0.delivery_state = state;
        self
    }

    #[must_use]
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// Creates the error for a connection that could not be established.
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

    /// Sets the peer's host and port, unless they are already set.
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

    /// Sets the error condition from the hub and its description, which may be JSON.
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
            let time = text("timestampUtc").and_then(|time| parse_rfc3339(&time).ok());
            repr.clock_skew = time.and_then(ClockSkew::from_service_time);
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
    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> AmqpErrorKind {
        self.0.kind
    }

    /// Returns the state of the message.
    #[must_use]
    pub fn delivery_state(&self) -> DeliveryState {
        self.0.delivery_state
    }

    /// Returns the AMQP error condition from the hub, such as `amqp:not-found`.
    #[must_use]
    pub fn condition(&self) -> Option<&str> {
        self.0.condition.as_deref()
    }

    /// Returns the hub's message, or the client's own message.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Returns the service's error code: a name, or the digits of a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the service's tracking id, which Azure support asks for.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// Returns the number of attempts.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the public method that failed.
    pub(crate) fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the reason that the connection could not be established, or `None` for other failures.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        self.0.connection.as_ref()
    }

    /// Returns whether the call timed out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == AmqpErrorKind::Timeout
            || self.connection_failure() == Some(&ConnectionFailure::Timeout)
    }

    fn has_condition(&self, conditions: &[&str]) -> bool {
        self.condition()
            .is_some_and(|condition| conditions.contains(&condition))
    }

    /// Returns whether the device or module does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_condition(&["amqp:not-found"])
    }

    /// Returns whether the device's queue is full.
    #[must_use]
    pub fn is_queue_full(&self) -> bool {
        self.has_condition(&["amqp:resource-limit-exceeded"])
    }

    /// Returns whether a sent message exceeds the hub's maximum size, or a received message exceeds the client's.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.kind() == AmqpErrorKind::MessageTooLarge
            || self.has_condition(&["amqp:link:message-size-exceeded"])
    }

    /// Returns whether the hub does not accept the credential, or the credential lacks the permission.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self.kind(),
            AmqpErrorKind::TokenRefused | AmqpErrorKind::TokenExpired
        ) || self.has_condition(&["amqp:unauthorized-access"])
    }

    /// Returns whether the hub throttles the caller.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.has_condition(&[
            "com.microsoft:device-container-throttled",
            "com.microsoft:server-busy",
        ])
    }

    /// Returns whether the connection is no longer usable.
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

    /// Returns whether a retry is safe and may succeed.
    pub(crate) fn may_retry(&self) -> bool {
        if self.delivery_state() == DeliveryState::Unknown {
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
                    .is_some_and(ConnectionFailure::is_permanent)
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
            | AmqpErrorKind::MessageTooLarge
            | AmqpErrorKind::Protocol => false,
        }
    }
}

/// The conditions that the hub sends when it closes connections and links for internal reasons.
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
    fn descriptions_are_parsed_as_json_coded_and_plain_text() {
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

    /// HUB-AUTH-10.
    #[test]
    fn error_of_a_refused_credential_reports_clock_skew() {
        let refused = |time: &str| {
            let json = format!(r#"{{"errorCode":401002,"message":"expired","timestampUtc":"{time}"}}"#);
            AmqpError::new(AmqpErrorKind::Detached)
                .with_reason("amqp:unauthorized-access".to_owned(), Some(&json))
                .with_target("hub.example:5671")
                .to_string()
        };
        let now = time::OffsetDateTime::now_utc();
        let closed = "hub.example:5671 closed the link (amqp:unauthorized-access): expired";
        assert_eq!(refused(&azure_core::time::to_rfc3339(&now)), closed);
        assert_eq!(refused("no time"), closed);
        let ahead = azure_core::time::to_rfc3339(&(now + time::Duration::hours(3)));
        assert_eq!(
            refused(&ahead),
            format!(
                "{closed}; this computer's clock is 3 h behind the service's, so tokens may not be valid there"
            )
        );
        let cbs = AmqpError::new(AmqpErrorKind::TokenRefused)
            .with_message("status 401, Unauthorized")
            .with_target("hub.example:5671");
        assert_eq!(
            cbs.to_string(),
            "hub.example:5671 did not accept the token: status 401, Unauthorized; check the credential, its permissions \
             and this computer's clock"
        );
    }

    #[test]
    fn message_that_may_have_been_accepted_is_not_retried() {
        let kinds = [
            AmqpErrorKind::Released,
            AmqpErrorKind::ConnectionLost,
            AmqpErrorKind::Detached,
            AmqpErrorKind::TokenExpired,
        ];
        for kind in kinds {
            assert!(AmqpError::new(kind).may_retry(), "{kind:?}");
            let unknown = AmqpError::new(kind).with_delivery_state(DeliveryState::Unknown);
            assert!(!unknown.may_retry(), "{kind:?}");
        }
        assert!(!rejected("amqp:not-found", None).may_retry());
        assert!(rejected("com.microsoft:server-busy", None).may_retry());
    }
}
