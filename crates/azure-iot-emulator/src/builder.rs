//! Starting an emulator.
//!
//! | File | Content |
//! |---|---|
//! | `options` | the options, [`Builder`](options::Builder) |
//! | `start` | the order of the start |
//! | `state` | policies and initial state, before anything listens |
//! | `iothub`, `digitaltwins`, `management` | the endpoints of each service |
//! | `shared` | the parts that all endpoints share |
//! | `error` | the reasons why it does not start |

mod digitaltwins;
pub(crate) mod error;
mod iothub;
mod management;
pub(crate) mod options;
mod shared;
mod start;
mod state;
