//! Cloud-to-device messages, and the feedback about them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::iothub::store::timestamp::Timestamp;

/// Which outcomes of a message its sender gets feedback about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Acknowledgement {
    /// No feedback.
    #[default]
    None,
    /// Completed messages.
    Positive,
    /// Messages that expired, were rejected, abandoned too often or purged.
    Negative,
    /// All outcomes.
    Full,
}

impl Acknowledgement {
    /// Reads the value of the `iothub-ack` property; anything but the four counts as none.
    pub(crate) fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "positive" => Self::Positive,
            "negative" => Self::Negative,
            "full" => Self::Full,
            _ => Self::None,
        }
    }

    fn wants(self, outcome: Outcome) -> bool {
        match self {
            Self::None => false,
            Self::Positive => outcome == Outcome::Success,
            Self::Negative => outcome != Outcome::Success,
            Self::Full => true,
        }
    }
}

/// A cloud-to-device message as sent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CloudToDeviceMessage {
    /// The sender's id; an id that is no string on the wire is shown as one.
    pub message_id: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
    /// The user id.
    pub user_id: Option<String>,
    /// The address, as sent.
    pub to: String,
    /// The body's content type.
    pub content_type: Option<String>,
    /// The body's encoding.
    pub content_encoding: Option<String>,
    /// When the sender wants it to expire.
    #[serde(with = "optional_time")]
    pub absolute_expiry: Option<OffsetDateTime>,
    /// The feedback asked for.
    pub acknowledgement: Acknowledgement,
    /// The application properties, without those of the service.
    pub properties: IndexMap<String, Value>,
    /// The body.
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

impl CloudToDeviceMessage {
    /// Returns the size that the limit applies to: the body and all properties, in bytes.
    pub(crate) fn size(&self) -> usize {
        let text = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        let properties = self.properties.iter().map(|(name, value)| {
            let value = match value {
                Value::String(text) => text.len(),
                other => other.to_string().len(),
            };
            name.len() + value
        });
        self.body.len()
            + text(&self.message_id)
            + text(&self.correlation_id)
            + text(&self.user_id)
            + text(&self.content_type)
            + text(&self.content_encoding)
            + properties.sum::<usize>()
    }
}

/// A message that a device has received and not settled yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// The token to settle it with.
    pub lock_token: String,
    /// The sequence number in the queue.
    pub sequence_number: u64,
    /// How often it was delivered and abandoned before.
    pub delivery_count: u32,
    /// When the hub accepted it.
    #[serde(serialize_with = "time")]
    pub enqueued_time: OffsetDateTime,
    /// When it expires.
    #[serde(serialize_with = "time")]
    pub expiry_time: OffsetDateTime,
    /// The message as sent.
    pub message: CloudToDeviceMessage,
}

/// How a device settles a message, or a service a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It was processed.
    Complete,
    /// It is refused for good.
    Reject,
    /// It goes back to the queue, to be received again.
    Abandon,
}

/// Outcome of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Expired,
    DeliveryCountExceeded,
    Rejected,
    Purged,
}

impl Outcome {
    fn code(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Expired => "Expired",
            Self::DeliveryCountExceeded => "DeliveryCountExceeded",
            Self::Rejected => "Rejected",
            Self::Purged => "Purged",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::DeliveryCountExceeded => "Delivery Count Exceeded",
            other => other.code(),
        }
    }
}

/// Feedback to the sender of a message. The field order is the wire's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FeedbackRecord {
    original_message_id: Option<String>,
    description: String,
    device_generation_id: String,
    device_id: String,
    enqueued_time_utc: Timestamp,
    status_code: String,
}

impl FeedbackRecord {
    /// Returns the record if the message's sender asked for feedback about this outcome.
    pub(crate) fn of(
        message: &CloudToDeviceMessage,
        outcome: Outcome,
        device_id: &str,
        generation: u64,
        now: Timestamp,
    ) -> Option<Self> {
        message.acknowledgement.wants(outcome).then(|| Self {
            original_message_id: message.message_id.clone(),
            description: outcome.description().to_owned(),
            device_generation_id: generation.to_string(),
            device_id: device_id.to_owned(),
            enqueued_time_utc: now,
            status_code: outcome.code().to_owned(),
        })
    }
}

/// Notification of a file that a device has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileNotification {
    /// The device.
    pub device_id: String,
    /// The blob's URI.
    pub blob_uri: String,
    /// The blob's name in the container.
    pub blob_name: String,
    /// The blob's size in bytes.
    pub blob_size_in_bytes: u64,
}

fn time<S: serde::Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    Timestamp::from(*time).serialize(serializer)
}

mod optional_time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::OffsetDateTime;

    use crate::iothub::store::timestamp::Timestamp;

    pub(super) fn serialize<S: Serializer>(
        time: &Option<OffsetDateTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Timestamp::from).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        Ok(Option::<Timestamp>::deserialize(deserializer)?.map(Timestamp::time))
    }
}

mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(de::Error::custom)
    }
}
