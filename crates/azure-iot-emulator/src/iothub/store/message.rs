//! Cloud-to-device messages and their feedback.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::timestamp::Timestamp;

/// The feedback that the sender of a message requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Acknowledgement {
    /// No feedback.
    #[default]
    None,
    /// Feedback about completed messages.
    Positive,
    /// Feedback about messages that expired, were rejected, were abandoned too often, or were
    /// purged.
    Negative,
    /// Feedback about all messages.
    Full,
}

impl Acknowledgement {
    /// Parses the property `iothub-ack`; unknown values mean `None`.
    pub(crate) fn parse(text: &str) -> Self {
        Self::parse_known(text).unwrap_or(Self::None)
    }

    /// Parses a documented value, in any case; returns `None` for any other value.
    pub(crate) fn parse_known(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "positive" => Some(Self::Positive),
            "negative" => Some(Self::Negative),
            "full" => Some(Self::Full),
            _ => None,
        }
    }

    fn includes(self, outcome: Outcome) -> bool {
        match self {
            Self::None => false,
            Self::Positive => outcome == Outcome::Success,
            Self::Negative => outcome != Outcome::Success,
            Self::Full => true,
        }
    }
}

/// A cloud-to-device message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CloudToDeviceMessage {
    /// The message id. Ids of other AMQP types are converted to strings.
    pub message_id: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
    /// The user id.
    pub user_id: Option<String>,
    /// The address in the message's `to` property.
    pub to: String,
    /// The body's content type.
    pub content_type: Option<String>,
    /// The body's encoding.
    pub content_encoding: Option<String>,
    /// The expiry time that the sender requests.
    #[serde(with = "optional_time")]
    pub absolute_expiry: Option<OffsetDateTime>,
    /// The requested feedback.
    pub acknowledgement: Acknowledgement,
    /// The application properties, without system properties.
    pub properties: IndexMap<String, Value>,
    /// The body.
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

impl CloudToDeviceMessage {
    /// Returns the size of the message in bytes, as limited by the service: the body and all
    /// properties.
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

/// A received message that is not settled yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// The lock token, which settles the message.
    pub lock_token: String,
    /// The sequence number in the queue.
    pub sequence_number: u64,
    /// Number of earlier deliveries that were abandoned.
    pub delivery_count: u32,
    /// The time at which the hub accepted the message.
    #[serde(serialize_with = "time")]
    pub enqueued_time: OffsetDateTime,
    /// The expiry time.
    #[serde(serialize_with = "time")]
    pub expiry_time: OffsetDateTime,
    /// The message.
    pub message: CloudToDeviceMessage,
}

/// The settlement of a message by a device, or of a notification by a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The message was processed.
    Complete,
    /// The message is dead-lettered.
    Reject,
    /// The message returns to the queue, to be received again.
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
            Self::Rejected => "Message rejected",
            other => other.code(),
        }
    }
}

/// Feedback to the sender of a message, with the fields in wire order.
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
    /// Returns the record, or `None` if the sender did not request feedback about this outcome.
    pub(crate) fn of(
        message: &CloudToDeviceMessage,
        outcome: Outcome,
        device_id: &str,
        generation: u64,
        now: Timestamp,
    ) -> Option<Self> {
        message.acknowledgement.includes(outcome).then(|| Self {
            original_message_id: message.message_id.clone(),
            description: outcome.description().to_owned(),
            device_generation_id: generation.to_string(),
            device_id: device_id.to_owned(),
            enqueued_time_utc: now,
            status_code: outcome.code().to_owned(),
        })
    }
}

/// The notification of a file upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileNotification {
    /// Id of the device.
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

    use crate::timestamp::Timestamp;

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
