//! The endpoints of the driver, and the calls of each service.

mod digital_twins;
mod endpoints;
mod iothub;

pub(crate) use digital_twins::DigitalTwins;
pub(crate) use endpoints::Endpoints;
pub(crate) use iothub::IotHub;

use serde_json::{Value, json};

/// An error outside of a call.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The result of a call, `None` if the client has no such call, or the error in the recorder's format.
pub(crate) type CallResult = Result<Option<Value>, Value>;

/// Returns an error of the driver itself, in the recorder's format.
pub(crate) fn driver_error(failure: &(dyn std::error::Error + Send + Sync)) -> Value {
    json!({"type": "Other", "message": failure.to_string()})
}
