//! The types of events.

pub(crate) const TWIN_CREATE: &str = "Microsoft.DigitalTwins.Twin.Create";
pub(crate) const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";
pub(crate) const TWIN_DELETE: &str = "Microsoft.DigitalTwins.Twin.Delete";
pub(crate) const RELATIONSHIP_CREATE: &str = "Microsoft.DigitalTwins.Relationship.Create";
pub(crate) const RELATIONSHIP_UPDATE: &str = "Microsoft.DigitalTwins.Relationship.Update";
pub(crate) const RELATIONSHIP_DELETE: &str = "Microsoft.DigitalTwins.Relationship.Delete";
pub(crate) const TELEMETRY: &str = "microsoft.iot.telemetry";
