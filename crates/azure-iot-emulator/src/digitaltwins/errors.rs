//! The error responses of the service: one constructor per error, with the status, code and message that the real
//! service sends. The comment says "inferred" where no response from the service is known.

mod job;
mod model;
mod query;
mod relationship;
mod request;
mod route;
mod service_error;
mod twin;

pub(crate) use job::*;
pub(crate) use model::*;
pub(crate) use query::*;
pub(crate) use relationship::*;
pub(crate) use request::*;
pub(crate) use route::*;
pub(crate) use service_error::{ServiceError, ServiceResult};
pub(crate) use twin::*;
