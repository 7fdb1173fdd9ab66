//! The driver's endpoints, and the calls of each service.

mod digital_twins;
mod iothub;
mod surroundings;

pub(crate) use digital_twins::DigitalTwins;
pub(crate) use iothub::IotHub;
pub(crate) use surroundings::Surroundings;

use serde_json::{Value, json};

/// An error outside of calls.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The result of a call, `None` if the client has no such call, or the error in the recorder's format.
pub(crate) type Answer = Result<Option<Value>, Value>;

/// Returns an error that no client reported, in the recorder's format.
pub(crate) fn other(failure: &(dyn std::error::Error + Send + Sync)) -> Value {
    json!({"type": "Other", "message": failure.to_string()})
}
