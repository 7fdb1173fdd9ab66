//! Follows the frames of AMQP connections as the emulator does.
//!
//! How the bytes are divided over reads must not matter.

#![no_main]

use azure_iot_emulator::fuzzing::{follow_client_frames, rewrite_server_frames};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((chunk, bytes)) = bytes.split_first() else {
        return;
    };
    let chunk = usize::from(*chunk).max(1);
    assert_eq!(
        follow_client_frames(bytes.chunks(chunk)),
        follow_client_frames([bytes])
    );
    let rewritten = rewrite_server_frames(bytes.chunks(chunk));
    assert_eq!(rewritten, rewrite_server_frames([bytes]));
    // Only delivery tags become longer.
    assert!(rewritten.len() >= bytes.len());
});
