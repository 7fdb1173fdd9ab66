//! Configuration and start of an emulator.
//!
//! | File | Content |
//! |---|---|
//! | `options` | the options, [`Builder`](options::Builder) |
//! | `start` | the start sequence |
//! | `state` | policies and initial state |
//! | `iothub`, `provisioning`, `digitaltwins`, `management` | the endpoints of each service |
//! | `shared` | the parts that all endpoints share |
//! | `error` | errors at start |

mod digitaltwins;
pub(crate) mod error;
mod iothub;
mod management;
pub(crate) mod options;
mod provisioning;
mod shared;
mod start;
mod state;
