//! An event as it is delivered: CloudEvents 1.0.

use serde::Serialize;
use serde_json::Value;

/// A notification of the instance, as CloudEvents 1.0 lays it out.
///
/// Serialized, it is the body that webhooks get with the type `application/cloudevents+json`.
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
    /// When it happened, in RFC 3339.
    pub time: String,
    /// The twin or relationship; for telemetry, the component or empty.
    pub subject: String,
    /// Always `application/json`.
    pub datacontenttype: &'static str,
    /// For telemetry, the model of the twin or component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// The trace of the request, in the form of W3C Trace Context.
    pub traceparent: String,
    /// The content of the event; its form depends on the type.
    pub data: Value,
}
