//! Validates data against a model.

mod error;
mod format;
mod schema;
mod twin;

pub use error::{InstanceError, InstanceErrorKind, JsonType};
pub use schema::validate_instance;
pub use twin::{validate_component, validate_relationship, validate_twin};

pub(crate) use format::is_duration;
pub(crate) use schema::validate_in;
