//! Conversion of cloud-to-device messages.

use fe2o3_amqp::types::messaging::{Body, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use time::OffsetDateTime;

use crate::iothub::{Acknowledgement, CloudToDeviceMessage, HubError};

/// The property with which senders request feedback.
const ACK: &str = "iothub-ack";

/// Converts a message. Its body must consist of data sections or be empty.
pub(crate) fn read(message: Message<Body<Value>>) -> Result<CloudToDeviceMessage, HubError> {
    let mut read = of_properties(message.properties.unwrap_or_default());
    for (name, value) in message.application_properties.unwrap_or_default().0 {
        match (name.as_str(), value) {
            (ACK, SimpleValue::String(ack)) => read.acknowledgement = Acknowledgement::parse(&ack),
            (_, value) => {
                let value = json_of(value).ok_or_else(|| {
                    HubError::argument(format!(
                        "The type of the application property {name} is not supported."
                    ))
                })?;
                read.properties.insert(name, value);
            }
        }
    }
    read.body = match message.body {
        Body::Data(sections) => sections.into_iter().flat_map(|data| data.0.into_vec()).collect(),
        Body::Empty => Vec::new(),
        Body::Value(_) | Body::Sequence(_) => {
            return Err(HubError::argument(
                "The body of the message must consist of data sections.",
            ));
        }
    };
    Ok(read)
}

/// Converts the standard properties.
fn of_properties(properties: Properties) -> CloudToDeviceMessage {
    let user_id = properties.user_id;
    CloudToDeviceMessage {
        message_id: properties.message_id.map(id_text),
        correlation_id: properties.correlation_id.map(id_text),
        user_id: user_id.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        to: properties.to.unwrap_or_default(),
        content_type: properties.content_type.map(|symbol| symbol.0),
        content_encoding: properties.content_encoding.map(|symbol| symbol.0),
        absolute_expiry: properties.absolute_expiry_time.and_then(|time| {
            let nanoseconds = i128::from(time.milliseconds()) * 1_000_000;
            OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
        }),
        ..CloudToDeviceMessage::default()
    }
}

/// Converts a message id of any type to a string, the form in which feedback refers to it.
fn id_text(id: MessageId) -> String {
    match id {
        MessageId::String(text) => text,
        MessageId::Ulong(number) => number.to_string(),
        MessageId::Uuid(uuid) => uuid::Uuid::from_bytes(uuid.into_inner()).to_string(),
        MessageId::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Converts a property; `None` for decimals, which JSON does not have.
fn json_of(value: SimpleValue) -> Option<serde_json::Value> {
    use serde_json::json;
    Some(match value {
        SimpleValue::Null => serde_json::Value::Null,
        SimpleValue::Bool(value) => json!(value),
        SimpleValue::Ubyte(value) => json!(value),
        SimpleValue::Ushort(value) => json!(value),
        SimpleValue::Uint(value) => json!(value),
        SimpleValue::Ulong(value) => json!(value),
        SimpleValue::Byte(value) => json!(value),
        SimpleValue::Short(value) => json!(value),
        SimpleValue::Int(value) => json!(value),
        SimpleValue::Long(value) => json!(value),
        SimpleValue::Float(value) => json!(value.into_inner()),
        SimpleValue::Double(value) => json!(value.into_inner()),
        SimpleValue::String(text) => json!(text),
        SimpleValue::Symbol(symbol) => json!(symbol.0),
        SimpleValue::Timestamp(time) => json!(time.milliseconds()),
        SimpleValue::Char(character) => json!(character),
        SimpleValue::Uuid(uuid) => json!(uuid::Uuid::from_bytes(uuid.into_inner()).to_string()),
        SimpleValue::Binary(bytes) => json!(String::from_utf8_lossy(&bytes)),
        _ => return None,
    })
}
