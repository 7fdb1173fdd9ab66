//! Event routes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A route that sends events matching a filter to an endpoint of the instance.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::EventRoute;
///
/// let route = EventRoute::new("telemetry-hub", "type = 'microsoft.iot.telemetry'");
/// assert_eq!(
///     serde_json::to_string(&route)?,
///     r#"{"endpointName":"telemetry-hub","filter":"type = 'microsoft.iot.telemetry'"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventRoute {
    /// The id of the route; `None` until it is stored. Ignored on writes, where the id is an argument of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name of an endpoint: an Event Hubs, Service Bus or Event Grid destination of the instance.
    pub endpoint_name: String,
    /// The event filter: `true` for all events, or an expression such as `type = 'Microsoft.DigitalTwins.Twin.Create'`.
    pub filter: String,
    /// Unknown members, and members that were `null` or empty. They are sent back, because a write replaces the whole
    /// route.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

lossless!(EventRoute, "event route", required: ["endpointName", "filter"]);

impl EventRoute {
    /// Creates a route.
    #[must_use]
    pub fn new(endpoint_name: impl Into<String>, filter: impl Into<String>) -> Self {
        Self {
            id: None,
            endpoint_name: endpoint_name.into(),
            filter: filter.into(),
            extra: Map::new(),
        }
    }
}
