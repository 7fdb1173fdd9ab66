//! What the generated protocol crates need at run time.
//!
//! A generated client builds requests and names the types of their responses. It neither authenticates nor retries:
//! whoever sends the request does, be it the caller or the client's [`Hook`]. This crate holds the few things both sides
//! must agree on.
//!
//! * [`TypedRequest`]: a request that is built and not yet sent.
//! * [`Executor`], [`Hook`], [`send`]: how the async methods of a generated client send their requests.
//! * [`Operation`], [`Paging`]: what is known about an operation beyond its Rust signature.
//! * [`path_segment`]: how an id becomes part of a path.
//! * [`DateTime`]: the dates the services write, including the odd ones.
//! * [`explicit_null`]: an optional field whose `null` means something.
//!
//! There is no `azure_core` and no TLS here, so a protocol crate can also be used with a bare `reqwest::Client`.

mod date_time;
mod executor;
pub mod explicit_null;
mod operation;
mod path;
mod request;

pub use date_time::{DateTime, ParseDateTimeError};
pub use executor::{Executor, Hook, send};
pub use operation::{Operation, Paging};
pub use path::path_segment;
pub use request::TypedRequest;
