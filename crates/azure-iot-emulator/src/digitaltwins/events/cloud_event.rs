//! The delivered form of an event: CloudEvents 1.0.

use serde::Serialize;
use serde_json::Value;

/// An event notification from the instance in the format of CloudEvents 1.0.
///
/// Its JSON is the body of a webhook request, with the content type `application/cloudevents+json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: &'static str,
    /// A new UUID; for telemetry, the `Message-Id` of the sender.
    pub id: String,
    /// The host of the instance; for telemetry, followed by `/digitaltwins/{twin}`.
    pub source: String,
    /// For example `Microsoft.DigitalTwins.Twin.Create`.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// Time of the change, in RFC 3339.
    pub time: String,
    /// Path of the twin or relationship; for telemetry, the component or empty.
    pub subject: String,
    /// Always `application/json`.
    pub datacontenttype: &'static str,
    /// For telemetry, the model of the twin or component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// The request's trace in the format of W3C Trace Context.
    pub traceparent: String,
    /// Content of the event; its format depends on the event type.
    pub data: Value,
}
