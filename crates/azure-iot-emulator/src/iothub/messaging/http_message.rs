//! Cloud-to-device messages in HTTP requests. Properties are headers, as in the HTTP API of devices.

use http::HeaderMap;
use indexmap::IndexMap;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::iothub::errors::{HubError, Result};
use crate::iothub::store::message::{Acknowledgement, CloudToDeviceMessage};
use crate::service::ServiceRequest;

/// Prefix of the headers that are application properties.
const APPLICATION_PREFIX: &str = "iothub-app-";

/// Parses the message in a request. Names of application properties are in lower case, because HTTP does not
/// preserve the case of header names. An unreadable or repeated header is an error, because ignoring
/// it would change the meaning of the message.
pub(crate) fn read(request: &ServiceRequest, device_id: &str) -> Result<CloudToDeviceMessage> {
    let header = |name| header(&request.headers, name);
    let owned = |name| header(name).map(|value| value.map(str::to_owned));
    Ok(CloudToDeviceMessage {
        message_id: owned("iothub-messageid")?,
        correlation_id: owned("iothub-correlationid")?,
        user_id: owned("iothub-userid")?,
        to: format!("/devices/{device_id}/messages/deviceBound"),
        content_type: owned("content-type")?,
        content_encoding: owned("content-encoding")?,
        absolute_expiry: header("iothub-expiry")?.map(expiry).transpose()?,
        acknowledgement: header("iothub-ack")?
            .map(acknowledgement)
            .transpose()?
            .unwrap_or(Acknowledgement::None),
        properties: properties(&request.headers)?,
        body: request.body.to_vec(),
    })
}

/// Returns a system property, which must be visible ASCII.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(repeated(name));
    }
    let text = value
        .to_str()
        .map_err(|_| HubError::argument(format!("The header {name} is not ASCII text.")))?;
    Ok(Some(text))
}

/// Returns the application properties, which may be UTF-8.
fn properties(headers: &HeaderMap) -> Result<IndexMap<String, Value>> {
    let mut properties = IndexMap::new();
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix(APPLICATION_PREFIX) else {
            continue;
        };
        let value = str::from_utf8(value.as_bytes())
            .map_err(|_| HubError::argument(format!("The header {header} is not UTF-8 text.")))?;
        if properties.insert(name.to_owned(), Value::from(value)).is_some() {
            return Err(repeated(header.as_str()));
        }
    }
    Ok(properties)
}

fn repeated(name: &str) -> HubError {
    HubError::argument(format!(
        "The header {name} is repeated; a property has one value."
    ))
}

fn expiry(text: &str) -> Result<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        HubError::argument(format!(
            "The header iothub-expiry is not a valid time: \"{text}\""
        ))
    })
}

fn acknowledgement(text: &str) -> Result<Acknowledgement> {
    Acknowledgement::parse_known(text).ok_or_else(|| {
        HubError::argument(format!(
            "The header iothub-ack is \"{text}\"; it must be none, positive, negative or full."
        ))
    })
}
