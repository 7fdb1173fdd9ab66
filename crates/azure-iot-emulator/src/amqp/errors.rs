//! Error conditions of the service over AMQP.

use fe2o3_amqp::link::MessageSizeExceeded;
use fe2o3_amqp::types::definitions::{self, AmqpError, ErrorCondition, Fields, LinkError};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use serde_json::json;
use time::OffsetDateTime;

use crate::iothub::{Code, HubError};
use crate::timestamp::Timestamp;

/// Converts a hub error. The description is the JSON of the HTTP body.
pub(crate) fn of_hub(error: &HubError, now: OffsetDateTime) -> definitions::Error {
    let condition: ErrorCondition = match error.code {
        Code::DEVICE_NOT_FOUND | Code::MODULE_NOT_FOUND | Code::GENERIC_NOT_FOUND => {
            AmqpError::NotFound.into()
        }
        Code::DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED => AmqpError::ResourceLimitExceeded.into(),
        Code::MESSAGE_TOO_LARGE => LinkError::MessageSizeExceeded.into(),
        Code::IOT_HUB_UNAUTHORIZED_ACCESS => AmqpError::UnauthorizedAccess.into(),
        Code::DEVICE_MESSAGE_LOCK_LOST => {
            ErrorCondition::Custom(Symbol::from("com.microsoft:message-lock-lost"))
        }
        Code::ARGUMENT_INVALID => ErrorCondition::Custom(Symbol::from("com.microsoft:argument-error")),
        _ => AmqpError::NotAllowed.into(),
    };
    let tracking_id = format!("{:X}", uuid::Uuid::new_v4().simple());
    let description = json!({
        "errorCode": error.code.number(),
        "trackingId": tracking_id,
        "message": format!("ErrorCode:{};{}", error.code.name(), error.text),
        "timestampUtc": Timestamp::from(now),
    });
    let mut info = Fields::new();
    info.insert(
        Symbol::from("com.microsoft:tracking-id"),
        Value::String(tracking_id),
    );
    definitions::Error::new(condition, description.to_string(), info)
}

/// Creates the error for a link whose next message exceeds the client's maximum message size (AMQP 1.0, section 2.7.3).
pub(crate) fn of_size(error: &MessageSizeExceeded) -> definitions::Error {
    let text = format!(
        "The next message has {} bytes, and the receiver takes at most {}.",
        error.size, error.max_size
    );
    definitions::Error::new(LinkError::MessageSizeExceeded, text, None)
}

/// Creates an error with the condition of a fault rule. Unknown conditions are allowed.
pub(crate) fn of_fault(condition: &str, description: Option<&str>) -> definitions::Error {
    let known = AmqpError::try_from(condition).map(ErrorCondition::from);
    let known = known.or_else(|_| LinkError::try_from(condition).map(ErrorCondition::from));
    let condition = known.unwrap_or_else(|_| ErrorCondition::Custom(Symbol::from(condition)));
    definitions::Error::new(condition, description.map(str::to_owned), None)
}
