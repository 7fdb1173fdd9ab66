//! Cloud-to-device messages and their encoding.

use std::borrow::Cow;

use azure_protocol_runtime::DateTime;
use fe2o3_amqp::types::messaging::{ApplicationProperties, Data, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue, Symbol, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{Error, Result};

/// The characters to percent-encode: all except the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The property that requests feedback.
const ACK: &str = "iothub-ack";
/// The prefix of property names that are reserved for the hub.
const RESERVED: &str = "iothub-";
/// The maximum size of a message in bytes.
const MAX_SIZE: usize = 64 * 1024;

/// The outcomes of a message that the hub reports as feedback, see
/// [`feedback_messages`](crate::IotHubRegistryManager::feedback_messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryAcknowledgement {
    /// No outcome. The default.
    None,
    /// Only completion of the message by the device.
    Positive,
    /// Only failures: expiry, rejection, too many abandonments, or a purge.
    Negative,
    /// Every outcome.
    Full,
}

impl DeliveryAcknowledgement {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Full => "full",
        }
    }
}

/// The value of an application property.
///
/// Numbers and booleans keep their types over AMQP. Devices that use MQTT or HTTP receive all properties as strings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PropertyValue {
    /// A string.
    String(String),
    /// A boolean.
    Boolean(bool),
    /// An integer, sent as AMQP `long`.
    Integer(i64),
    /// A floating-point number, sent as AMQP `double`.
    Float(f64),
}

impl PropertyValue {
    /// Returns the size in bytes: the length of a string, 1 for a boolean, 8 for a number.
    fn size(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Boolean(_) => 1,
            Self::Integer(_) | Self::Float(_) => 8,
        }
    }
}

impl From<PropertyValue> for SimpleValue {
    fn from(value: PropertyValue) -> Self {
        match value {
            PropertyValue::String(text) => Self::String(text),
            PropertyValue::Boolean(value) => Self::Bool(value),
            PropertyValue::Integer(value) => Self::Long(value),
            PropertyValue::Float(value) => Self::Double(value.into()),
        }
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for PropertyValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for PropertyValue {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<i64> for PropertyValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for PropertyValue {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<f64> for PropertyValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// A message from the cloud to a device or module: a body and its properties.
///
/// # Example
///
/// ```
/// use iothub_convenience::{CloudToDeviceMessage, DateTime, DeliveryAcknowledgement};
///
/// let message = CloudToDeviceMessage::new(r#"{"setpoint": 21.5}"#)
///     .with_message_id("order-66")
///     .with_content_type("application/json")
///     .with_content_encoding("utf-8")
///     .with_expiry("2030-05-01T10:00:00Z".parse::<DateTime>()?)
///     .with_acknowledgement(DeliveryAcknowledgement::Full)
///     .with_property("priority", "high")
///     .with_property("attempt", 2);
/// assert_eq!(message.message_id(), Some("order-66"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CloudToDeviceMessage {
    body: Vec<u8>,
    message_id: Option<String>,
    correlation_id: Option<String>,
    user_id: Option<Vec<u8>>,
    content_type: Option<String>,
    content_encoding: Option<String>,
    expiry: Option<DateTime>,
    acknowledgement: Option<DeliveryAcknowledgement>,
    properties: Vec<(String, PropertyValue)>,
}

impl CloudToDeviceMessage {
    /// Creates a message.
    #[must_use]
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
    }

    /// Sets the message id, which feedback refers to. Default: a random UUID.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<String>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Sets the correlation id.
    #[must_use]
    pub fn with_correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Sets the id of the user who sends the message.
    #[must_use]
    pub fn with_user_id(mut self, id: impl Into<Vec<u8>>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Sets the media type of the body.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the encoding of the body, such as `utf-8`.
    #[must_use]
    pub fn with_content_encoding(mut self, content_encoding: impl Into<String>) -> Self {
        self.content_encoding = Some(content_encoding.into());
        self
    }

    /// Sets the time to live, in whole milliseconds. Default: the hub's setting, usually one hour.
    #[must_use]
    pub fn with_expiry(mut self, expiry: impl Into<DateTime>) -> Self {
        self.expiry = Some(expiry.into());
        self
    }

    /// Requests feedback.
    #[must_use]
    pub fn with_acknowledgement(mut self, acknowledgement: DeliveryAcknowledgement) -> Self {
        self.acknowledgement = Some(acknowledgement);
        self
    }

    /// Sets an application property, replacing any of the same name.
    #[must_use]
    pub fn with_property(mut self, name: impl Into<String>, value: impl Into<PropertyValue>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.properties.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.properties.push((name, value)),
        }
        self
    }

    /// Returns the id, if one was set.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the size that counts towards the limit of 65,536 bytes: body and properties without AMQP framing.
    #[must_use]
    pub fn size(&self) -> usize {
        let length = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        let properties = self
            .properties
            .iter()
            .map(|(name, value)| name.len() + value.size());
        self.body.len()
            + length(&self.message_id)
            + length(&self.correlation_id)
            + length(&self.content_type)
            + length(&self.content_encoding)
            + self.user_id.as_ref().map_or(0, Vec::len)
            + properties.sum::<usize>()
    }

    /// Checks the size, the id lengths and the property names, and that content type and encoding are ASCII.
    fn check(&self) -> Result<()> {
        if self.size() > MAX_SIZE {
            let reason = format!("has {} bytes; at most {MAX_SIZE} are allowed", self.size());
            return Err(Error::invalid_input("message", reason));
        }
        for (parameter, value) in [
            ("message_id", &self.message_id),
            ("correlation_id", &self.correlation_id),
        ] {
            if value
                .as_ref()
                .is_some_and(|id| id.is_empty() || id.chars().count() > 128)
            {
                return Err(Error::invalid_input(parameter, "must have 1 to 128 characters"));
            }
        }
        for (parameter, value) in [
            ("content_type", &self.content_type),
            ("content_encoding", &self.content_encoding),
        ] {
            if value
                .as_ref()
                .is_some_and(|symbol| !symbol.is_ascii() || symbol.is_empty())
            {
                return Err(Error::invalid_input(parameter, "must be ASCII and not empty"));
            }
        }
        for (name, _) in &self.properties {
            let reason = if name.is_empty() {
                "has an empty name".to_owned()
            } else if name.len() >= RESERVED.len()
                && name
                    .get(..RESERVED.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
            {
                format!("{name:?} has a name that begins with {RESERVED}, which is reserved for the hub")
            } else if name.chars().any(char::is_control) {
                format!("{name:?} has a control character in its name")
            } else {
                continue;
            };
            return Err(Error::invalid_input("property", reason));
        }
        Ok(())
    }

    /// Returns the AMQP message together with its id.
    pub(crate) fn encode(&self, device_id: &str, module_id: Option<&str>) -> Result<(Message<Data>, String)> {
        self.check()?;
        let expiry = self.expiry.as_ref().map(timestamp).transpose()?;
        let id = self
            .message_id
            .clone()
            .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let properties = Properties {
            message_id: Some(MessageId::String(id.clone())),
            user_id: self.user_id.clone().map(Binary::from),
            to: Some(address(device_id, module_id)),
            correlation_id: self.correlation_id.clone().map(MessageId::String),
            content_type: self.content_type.clone().map(Symbol::from),
            content_encoding: self.content_encoding.clone().map(Symbol::from),
            absolute_expiry_time: expiry,
            ..Properties::default()
        };
        let ack = self
            .acknowledgement
            .map(|ack| (ACK.to_owned(), ack.as_str().into()));
        let mut application = ApplicationProperties::default();
        for (name, value) in ack.into_iter().chain(self.properties.iter().cloned()) {
            application.0.insert(name, value.into());
        }
        let mut message = Message::from(Data(Binary::from(self.body.clone())));
        message.properties = Some(properties);
        message.application_properties = (!application.0.is_empty()).then_some(application);
        Ok((message, id))
    }
}

impl From<&str> for CloudToDeviceMessage {
    fn from(body: &str) -> Self {
        Self::new(body)
    }
}

impl From<Vec<u8>> for CloudToDeviceMessage {
    fn from(body: Vec<u8>) -> Self {
        Self::new(body)
    }
}

fn timestamp(time: &DateTime) -> Result<Timestamp> {
    let time = time.to_offset();
    let milliseconds = time.map(|time| time.unix_timestamp_nanos().div_euclid(1_000_000));
    let milliseconds = milliseconds.and_then(|milliseconds| i64::try_from(milliseconds).ok());
    let milliseconds = milliseconds.ok_or_else(|| Error::invalid_input("expiry", "is not a valid time"))?;
    Ok(Timestamp::from_milliseconds(milliseconds))
}

/// Returns the address of a device's or module's queue.
fn address(device_id: &str, module_id: Option<&str>) -> String {
    let encode = |id| -> Cow<'_, str> { utf8_percent_encode(id, ENCODED).into() };
    let device_id = encode(device_id);
    match module_id.map(encode) {
        None => format!("/devices/{device_id}/messages/devicebound"),
        Some(module_id) => format!("/devices/{device_id}/modules/{module_id}/messages/devicebound"),
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::messaging::message::__private::Serializable;
    use serde_amqp::to_vec;

    use super::*;

    /// Encodes a section: a descriptor with a short list, map or binary.
    fn section(descriptor: u8, constructor: u8, count: Option<u8>, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap() + u8::from(count.is_some());
        let head = [0x00, 0x53, descriptor, constructor, length];
        [&head[..], count.as_slice(), content].concat()
    }

    fn short(constructor: u8, value: &str) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        [&[constructor, length], value.as_bytes()].concat()
    }

    const STRING: u8 = 0xa1;
    const SYMBOL: u8 = 0xa3;
    const BINARY: u8 = 0xa0;
    const NULL: &[u8] = &[0x40];

    /// The message uses the types of the official clients: ids, address and application properties are strings, content
    /// type and encoding are symbols, the expiry is a timestamp, and the body is one data section.
    #[test]
    fn sections_have_the_order_and_types_of_the_official_clients() {
        let message = CloudToDeviceMessage::new("{\"a\": \"ü ☃\"}")
            .with_message_id("msg-1")
            .with_correlation_id("corr-1")
            .with_user_id("operator")
            .with_content_type("application/json")
            .with_content_encoding("utf-8")
            .with_expiry("2030-03-17T17:46:40Z".parse::<DateTime>().unwrap())
            .with_acknowledgement(DeliveryAcknowledgement::Full)
            .with_property("prop-str", "value ☃")
            .with_property("prop-int", "5");
        let (encoded, id) = message.encode("dev 1", Some("mod/1")).unwrap();
        assert_eq!(id, "msg-1");
        let expiry = [&[0x83][..], &1_900_000_000_000_i64.to_be_bytes()].concat();
        let properties = [
            short(STRING, "msg-1"),
            short(BINARY, "operator"),
            short(STRING, "/devices/dev%201/modules/mod%2F1/messages/devicebound"),
            NULL.to_vec(),
            NULL.to_vec(),
            short(STRING, "corr-1"),
            short(SYMBOL, "application/json"),
            short(SYMBOL, "utf-8"),
            expiry,
        ];
        let application = [
            short(STRING, "iothub-ack"),
            short(STRING, "full"),
            short(STRING, "prop-str"),
            short(STRING, "value ☃"),
            short(STRING, "prop-int"),
            short(STRING, "5"),
        ];
        let expected = [
            section(0x73, 0xc0, Some(9), &properties.concat()),
            section(0x74, 0xc1, Some(6), &application.concat()),
            section(0x75, BINARY, None, "{\"a\": \"ü ☃\"}".as_bytes()),
        ];
        assert_eq!(to_vec(&Serializable(encoded)).unwrap(), expected.concat());
    }

    #[test]
    fn unset_fields_are_not_sent() {
        let (encoded, _) = CloudToDeviceMessage::new("")
            .with_message_id("m")
            .encode("dev-1", None)
            .unwrap();
        let properties = [
            short(STRING, "m"),
            NULL.to_vec(),
            short(STRING, "/devices/dev-1/messages/devicebound"),
        ];
        let expected = [
            section(0x73, 0xc0, Some(3), &properties.concat()),
            section(0x75, BINARY, None, b""),
        ];
        assert_eq!(to_vec(&Serializable(encoded)).unwrap(), expected.concat());
    }

    #[test]
    fn application_properties_keep_their_types() {
        let message = CloudToDeviceMessage::new("")
            .with_property("n", 5)
            .with_property("b", true)
            .with_property("f", 0.5);
        let (encoded, _) = message.encode("d", None).unwrap();
        let properties = encoded.application_properties.unwrap().0;
        assert_eq!(properties.get("n"), Some(&SimpleValue::Long(5)));
        assert_eq!(properties.get("b"), Some(&SimpleValue::Bool(true)));
        assert_eq!(properties.get("f"), Some(&SimpleValue::Double(0.5.into())));
    }

    #[test]
    fn acknowledgements_have_the_names_of_the_service() {
        use DeliveryAcknowledgement as Ack;
        let names = [Ack::None, Ack::Positive, Ack::Negative, Ack::Full].map(Ack::as_str);
        assert_eq!(names, ["none", "positive", "negative", "full"]);
    }
}
