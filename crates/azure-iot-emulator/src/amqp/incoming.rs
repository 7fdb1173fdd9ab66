//! The frames that a client sends: their headers, and the link handles that they use.
//!
//! The AMQP library panics on a frame that is shorter than its header, ignores transfers and flows on handles that are not
//! attached, and replaces a session or link whose channel or handle is used again. A client that makes these mistakes would wait forever.
//! AMQP 1.0, sections 2.3 and 2.6, makes them errors.

use std::collections::HashSet;

use bytes::{Buf, BytesMut};

use crate::amqp::idle::LastFrame;

/// A frame that AMQP forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The header is malformed, or the frame is longer than the maximum.
    Header,
    ChannelInUse,
    HandleInUse,
    UnattachedHandle,
    /// No frame for longer than the idle limit.
    Idle,
}

/// The sessions of one connection and their attached handles, by channel, and the beginning of the next frame.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// Whether the first protocol header, of any protocol, has been received.
    started: bool,
    sessions: HashSet<u16>,
    attached: HashSet<(u16, u32)>,
    unfinished: BytesMut,
    last_frame: LastFrame,
}

const HEADER_LENGTH: usize = 8;
/// The maximum length of a frame, as the server's open performative announces it.
pub(crate) const MAX_FRAME_LENGTH: u32 = 65536;

const BEGIN: u8 = 0x11;
const ATTACH: u8 = 0x12;
const FLOW: u8 = 0x13;
const TRANSFER: u8 = 0x14;
const DETACH: u8 = 0x16;
const END: u8 = 0x17;

impl Incoming {
    /// Checks the next bytes from a client and updates the attached handles. Frames with a malformed body are left
    /// to the AMQP library.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        self.unfinished.extend_from_slice(bytes);
        while let Some(header) = self.unfinished.first_chunk::<HEADER_LENGTH>() {
            let length = if self.started {
                frame_length(*header).ok_or(FrameError::Header)?
            } else {
                HEADER_LENGTH
            };
            self.started = true;
            if self.unfinished.len() < length {
                return Ok(());
            }
            let frame = self.unfinished.split_to(length);
            self.last_frame = LastFrame::default();
            self.check(&frame)?;
        }
        Ok(())
    }

    /// Returns whether the client has sent no frame for longer than the idle limit.
    pub(crate) fn is_idle(&self) -> bool {
        self.last_frame.is_beyond_limit()
    }

    fn check(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        let Some((kind, channel, handle)) = parse(frame) else {
            return Ok(());
        };
        let attached = &mut self.attached;
        match (kind, handle) {
            (BEGIN, _) if !self.sessions.insert(channel) => Err(FrameError::ChannelInUse),
            (ATTACH, Some(handle)) if !attached.insert((channel, handle)) => Err(FrameError::HandleInUse),
            (DETACH, Some(handle)) if !attached.remove(&(channel, handle)) => {
                Err(FrameError::UnattachedHandle)
            }
            (FLOW | TRANSFER, Some(handle)) if !attached.contains(&(channel, handle)) => {
                Err(FrameError::UnattachedHandle)
            }
            (END, _) => {
                self.sessions.remove(&channel);
                attached.retain(|(of, _)| *of != channel);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Returns the length of a frame or protocol header; `None` if its header is malformed.
fn frame_length(header: [u8; HEADER_LENGTH]) -> Option<usize> {
    if header.starts_with(b"AMQP") {
        return Some(HEADER_LENGTH);
    }
    let [a, b, c, d, offset, kind, ..] = header;
    let length = u32::from_be_bytes([a, b, c, d]);
    let offset = u32::from(offset) * 4;
    // Type 0 is AMQP, type 1 is SASL.
    let is_valid = (8..=length).contains(&offset) && length <= MAX_FRAME_LENGTH && kind <= 1;
    is_valid.then_some(length as usize)
}

/// Returns the performative, the channel and the handle of a frame; `None` if the frame needs no check.
fn parse(frame: &[u8]) -> Option<(u8, u16, Option<u32>)> {
    let mut header = frame.get(4..HEADER_LENGTH)?;
    let (offset, kind, channel) = (header.get_u8(), header.get_u8(), header.get_u16());
    if kind != 0 {
        return None;
    }
    let body = frame.get(usize::from(offset) * 4..)?;
    let [0x00, 0x53, performative, body @ ..] = body else {
        return None;
    };
    let fields_before = match *performative {
        TRANSFER | DETACH => 0,
        ATTACH => 1,
        FLOW => 4,
        BEGIN | END => return Some((*performative, channel, None)),
        _ => return None,
    };
    let mut fields = match body {
        [0xc0, _, _, fields @ ..] => fields,
        [0xd0, _, _, _, _, _, _, _, _, fields @ ..] => fields,
        _ => return None,
    };
    for _ in 0..fields_before {
        fields = skip(fields)?;
    }
    Some((*performative, channel, unsigned(fields)))
}

/// Skips an unsigned integer, a string or null.
pub(super) fn skip(fields: &[u8]) -> Option<&[u8]> {
    let length = match fields {
        [0x40 | 0x43, ..] => 1,
        [0x52, ..] => 2,
        [0x60, ..] => 3,
        [0x70, ..] => 5,
        [0xa1, length, ..] => 2 + usize::from(*length),
        [0xb1, a, b, c, d, ..] => 5 + u32::from_be_bytes([*a, *b, *c, *d]) as usize,
        _ => return None,
    };
    fields.get(length..)
}

fn unsigned(fields: &[u8]) -> Option<u32> {
    match fields {
        [0x43, ..] => Some(0),
        [0x52, value, ..] => Some(u32::from(*value)),
        [0x70, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u8, performative: u8, fields: &[u8]) -> Vec<u8> {
        let list = [&[0xc0, u8::try_from(fields.len() + 1).unwrap(), 9], fields].concat();
        let body = [&[0x00, 0x53, performative][..], &list].concat();
        let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&length[..], &[2, 0, 0, channel], &body].concat()
    }

    fn started() -> Incoming {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.follow(b"GET / HT"), Ok(()));
        incoming
    }

    fn attach(channel: u8, handle: u8) -> Vec<u8> {
        frame(channel, ATTACH, &[0xa1, 2, b'n', b'1', 0x52, handle, 0x41])
    }

    #[test]
    fn handles_are_used_between_attach_and_detach() {
        let mut incoming = Incoming::default();
        let session = [
            b"AMQP\x00\x01\x00\x00".to_vec(),
            frame(0, BEGIN, &[0x40, 0x43]),
            attach(0, 3),
            attach(1, 3),
            frame(0, FLOW, &[0x43, 0x52, 9, 0x70, 0, 0, 0, 1, 0x43, 0x52, 3]),
            // The flow of a session has no handle.
            frame(0, FLOW, &[0x43, 0x52, 9, 0x43, 0x43, 0x40]),
            frame(0, TRANSFER, &[0x52, 3, 0x43]),
            frame(0, DETACH, &[0x70, 0, 0, 0, 3, 0x41]),
            attach(0, 3),
            frame(0, END, &[]),
            frame(0, BEGIN, &[0x40, 0x43]),
            attach(0, 3),
            frame(1, TRANSFER, &[0x52, 3]),
        ]
        .concat();
        // Frames may be split at any byte.
        for byte in session {
            assert_eq!(incoming.follow(&[byte]), Ok(()));
        }
        for (wrong, error) in [
            (frame(0, BEGIN, &[0x40, 0x43]), FrameError::ChannelInUse),
            (attach(1, 3), FrameError::HandleInUse),
            (frame(0, TRANSFER, &[0x52, 4]), FrameError::UnattachedHandle),
            (
                frame(0, FLOW, &[0x43, 0x43, 0x43, 0x43, 0x43]),
                FrameError::UnattachedHandle,
            ),
            (frame(0, DETACH, &[0x52, 4]), FrameError::UnattachedHandle),
            (frame(2, DETACH, &[0x52, 3]), FrameError::UnattachedHandle),
        ] {
            assert_eq!(incoming.follow(&wrong), Err(error), "{wrong:02x?}");
        }
    }

    #[test]
    fn malformed_headers_are_errors() {
        for bytes in [
            [0, 0, 0, 7, 2, 0, 0, 0],
            [0, 1, 0, 1, 2, 0, 0, 0],
            [0xff; 8],
            [0, 0, 0, 8, 1, 0, 0, 0],
            [0, 0, 0, 8, 3, 0, 0, 0],
            [0, 0, 0, 8, 2, 2, 0, 0],
        ] {
            let followed = started().follow(&bytes);
            assert_eq!(followed, Err(FrameError::Header), "{bytes:02x?}");
        }
        // An empty frame is a heartbeat.
        assert_eq!(started().follow(&[0, 0, 0, 8, 2, 0, 0, 0]), Ok(()));
    }

    #[test]
    fn malformed_bodies_are_left_to_the_library() {
        for bytes in [
            &[0, 0, 0, 9, 2, 0, 0, 0, 1][..],
            &frame(0, TRANSFER, &[0xff]),
            &frame(0, ATTACH, &[0xb1, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(started().follow(bytes), Ok(()), "{bytes:02x?}");
        }
    }
}
