//! Access for the fuzz targets.

use bytes::BytesMut;

use crate::amqp::ending::Ending;
use crate::amqp::incoming::Incoming;
use crate::amqp::tags;

/// Follows what a client sends, read by read.
///
/// # Errors
/// The kind of the first frame that AMQP forbids.
pub fn follow_client_frames<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Result<(), String> {
    let mut incoming = Incoming::default();
    reads
        .into_iter()
        .try_for_each(|bytes| incoming.follow(bytes))
        .map_err(|error| format!("{error:?}"))
}

/// Returns what the client receives in place of what the server writes.
pub fn rewrite_server_frames<'a>(writes: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut buffer, mut rewritten) = (BytesMut::new(), Vec::new());
    let mut ending = Ending::default();
    for bytes in writes {
        buffer.extend_from_slice(bytes);
        while let Some(frame) = tags::next_frame(&mut buffer) {
            ending.follow(&frame);
            rewritten.extend_from_slice(&frame);
        }
    }
    rewritten.extend_from_slice(&buffer);
    rewritten
}
