//! Access to internal parsers for the targets in `fuzz/`. Compiled only with `--cfg fuzzing`.

pub use crate::amqp::fuzzing::{follow_client_frames, rewrite_server_frames};
pub use crate::auth::fuzzing::Authority;
pub use crate::durable::fuzzing::open_data_file;
