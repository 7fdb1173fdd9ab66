//! What travels from a service to a device, and what comes back.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::super::timestamp::Timestamp;

/// Which outcomes of a message its sender wants to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Acknowledgement {
    /// None.
    #[default]
    None,
    /// That the device completed it.
    Positive,
    /// That the device did not: it expired, was rejected, abandoned too often or purged.
    Negative,
    /// Either.
    Full,
}

impl Acknowledgement {
    /// Reads the value of the `iothub-ack` property; any text that is none of the four means none.
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

/// A cloud-to-device message as its sender gave it.
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
    /// Where it goes, as sent.
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
    /// The application properties but those of the service.
    pub properties: IndexMap<String, Value>,
    /// The body.
    #[serde(with = "base64_bytes")]
    pub body: Vec<u8>,
}

impl CloudToDeviceMessage {
    /// The size that the service's limit is about: the body and the text of all properties, in bytes.
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
    /// What to settle it by.
    pub lock_token: String,
    /// The place in the queue.
    pub sequence_number: u64,
    /// How often it was given to the device and abandoned before.
    pub delivery_count: u32,
    /// When the hub took it.
    #[serde(serialize_with = "time")]
    pub enqueued_time: OffsetDateTime,
    /// When it expires.
    #[serde(serialize_with = "time")]
    pub expiry_time: OffsetDateTime,
    /// What was sent.
    pub message: CloudToDeviceMessage,
}

/// What a device does with a message, or a service with a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Done with it.
    Complete,
    /// Refused for good.
    Reject,
    /// Given back, to be received again.
    Abandon,
}

/// What became of a message.
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

/// What the service tells a sender about a message. The field order is the wire's.
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
    /// The record, if the message's sender asked for one of this outcome.
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

/// What the service tells about a file that a device has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileNotification {
    /// Who uploaded it.
    pub device_id: String,
    /// Its address.
    pub blob_uri: String,
    /// Its name in the container.
    pub blob_name: String,
    /// Its size.
    pub blob_size_in_bytes: u64,
}

fn time<S: serde::Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    Timestamp::from(*time).serialize(serializer)
}

mod optional_time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::OffsetDateTime;

    use super::Timestamp;

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
