//! The end of a connection on a protocol error.
//!
//! When the AMQP library cannot decode a frame, it closes the stream without a close performative. A client that
//! waits for the performative would not learn the reason, so it is sent here instead.

use std::io;

use bytes::Bytes;

use crate::amqp::incoming::FrameError;

const OPEN: u8 = 0x10;
const CLOSE: u8 = 0x18;

/// The performatives that the server has sent, and the client's error, if any.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    opened: bool,
    closed: bool,
    error: Option<FrameError>,
}

impl Ending {
    /// Records whether the server has sent an open or a close performative.
    pub(crate) fn follow(&mut self, frame: &[u8]) {
        self.opened |= is_performative(frame, OPEN);
        self.closed |= is_performative(frame, CLOSE);
    }

    /// Records that the client has exceeded the idle limit, unless an error is already recorded.
    pub(crate) fn set_idle(&mut self) {
        self.error.get_or_insert(FrameError::Idle);
    }

    /// Records the client's error, and returns the error that makes the AMQP library stop.
    pub(crate) fn set(&mut self, error: FrameError) -> io::Error {
        self.error = Some(error);
        io::Error::new(io::ErrorKind::InvalidData, "a frame that AMQP forbids")
    }

    /// Returns the close performative to send before the stream ends; `None` if the connection is not open.
    pub(crate) fn close_frame(&mut self) -> Option<Bytes> {
        if !self.opened || std::mem::replace(&mut self.closed, true) {
            return None;
        }
        Some(match self.error {
            Some(FrameError::Header) => close(
                "amqp:connection:framing-error",
                "The header of a frame is not valid.",
            ),
            Some(FrameError::ChannelInUse) => close("amqp:not-allowed", "The channel has a session already."),
            Some(FrameError::HandleInUse) => {
                close("amqp:session:handle-in-use", "The handle is attached already.")
            }
            Some(FrameError::UnattachedHandle) => {
                close("amqp:session:unattached-handle", "The handle is not attached.")
            }
            Some(FrameError::Idle) => close(
                "amqp:connection:forced",
                "The client sent nothing for longer than the idle limit.",
            ),
            None => close("amqp:decode-error", "A frame could not be decoded."),
        })
    }
}

fn is_performative(frame: &[u8], descriptor: u8) -> bool {
    frame
        .get(8..)
        .is_some_and(|body| body.starts_with(&[0x00, 0x53, descriptor]))
}

/// Encodes a close performative with an error.
#[expect(
    clippy::expect_used,
    reason = "conditions and descriptions are short literals"
)]
fn close(condition: &'static str, description: &'static str) -> Bytes {
    let byte = |length: usize| u8::try_from(length).expect("the frame has less than 256 bytes");
    let text = |constructor: u8, text: &str| {
        let mut encoded = vec![constructor, byte(text.len())];
        encoded.extend_from_slice(text.as_bytes());
        encoded
    };
    let list = |descriptor: u8, count: u8, fields: &[u8]| {
        let mut encoded = vec![0x00, 0x53, descriptor, 0xc0, byte(fields.len() + 1), count];
        encoded.extend_from_slice(fields);
        encoded
    };
    let fields = [text(0xa3, condition), text(0xa1, description)].concat();
    let body = list(CLOSE, 1, &list(0x1d, 2, &fields));
    let mut frame = vec![0, 0, 0, byte(body.len() + 8), 2, 0, 0, 0];
    frame.extend_from_slice(&body);
    frame.into()
}
