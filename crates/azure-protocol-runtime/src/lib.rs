//! Runtime support for the generated protocol crates.
//!
//! A generated client builds requests and declares their response types. Authentication and retries are up to the
//! sender of the request, which is the caller or the client's [`Hook`]. This crate defines the types that both sides
//! share.
//!
//! * [`TypedRequest`]: a request that has not been sent.
//! * [`Executor`], [`Hook`], [`send`]: how the async methods of a generated client send their requests.
//! * [`Operation`], [`Paging`]: metadata of an operation.
//! * [`BaseUrl`]: the service's base URL, parsed once per client.
//! * [`path_segment`], [`path_segments`]: percent-encode one path segment, or several.
//! * [`DateTime`]: a date and time, parsed leniently.
//! * [`explicit_null`]: optional fields that distinguish `null` from absent.
//!
//! This crate depends neither on `azure_core` nor on TLS, so a protocol crate can also be used with a plain
//! `reqwest::Client`.

mod base_url;
mod date_time;
mod executor;
pub mod explicit_null;
mod operation;
mod path;
mod request;

pub use base_url::BaseUrl;
pub use date_time::{DateTime, ParseDateTimeError};
pub use executor::{Executor, Hook, send};
pub use operation::{Operation, Paging};
pub use path::{path_segment, path_segments};
pub use request::TypedRequest;
