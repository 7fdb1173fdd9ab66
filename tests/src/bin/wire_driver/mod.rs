//! The parts of the driver: what it talks to, and the calls of each service.

mod digital_twins;
mod iothub;
mod surroundings;

pub(crate) use digital_twins::DigitalTwins;
pub(crate) use iothub::IotHub;
pub(crate) use surroundings::Surroundings;

use serde_json::{Value, json};

/// What goes wrong outside of calls.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The result of a call, `None` if the client cannot be asked for it, or the error as the recorder wants it.
pub(crate) type Answer = Result<Option<Value>, Value>;

/// An error that is not of a client.
pub(crate) fn other(failure: &(dyn std::error::Error + Send + Sync)) -> Value {
    json!({"type": "Other", "message": failure.to_string()})
}
