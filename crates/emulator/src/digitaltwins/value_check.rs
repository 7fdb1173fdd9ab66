//! Values against the schemas of a model.

use serde_json::Value;

use super::limits::Limits;

#[derive(Debug, Clone)]
pub(crate) struct Schema;

/// Why a value does not fit.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The name of the type that fits.
    Expected(String),
}

impl Fault {
    /// The text of the service; `place` is the component, the relationship or `Twin`.
    pub(crate) fn describe(&self, name: &str, place: &str) -> String {
        match self {
            Fault::Expected(kind) => format!("Expected value of type {kind} for {name} on {place}."),
        }
    }
}

pub(crate) fn check(_schema: &Schema, value: &Value, _limits: &Limits) -> Result<(), Fault> {
    if value.is_null() {
        Err(Fault::Expected("string".to_owned()))
    } else {
        Ok(())
    }
}
