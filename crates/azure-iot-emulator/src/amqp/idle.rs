//! The idle limit of an open connection.
//!
//! The AMQP library announces the limit that it enforces. A client that sends a frame only just within the announced limit
//! would be closed now and then, so the open performative is rewritten to announce half of it (AMQP 1.0, section 2.4.5).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::amqp::incoming::skip;

/// Maximum time between two client frames, measured from the end of the first. Empty frames count.
pub(crate) const IDLE_LIMIT: Duration = Duration::from_secs(240);

/// Where the fields of an open performative with a short or a long list begin: after the frame header, the descriptor and
/// the list's size and count.
const SHORT_LIST: (&[u8], usize) = (&[0x00, 0x53, 0x10, 0xc0], 8 + 6);
const LONG_LIST: (&[u8], usize) = (&[0x00, 0x53, 0x10, 0xd0], 8 + 12);
/// Container id, host name, maximum frame size and maximum channel.
const FIELDS_BEFORE: usize = 4;

/// Returns the limit in the unit of the open performative, milliseconds.
pub(crate) fn limit_in_milliseconds() -> u32 {
    u32::try_from(IDLE_LIMIT.as_millis()).unwrap_or(u32::MAX)
}

/// Halves the `idle-time-out` of an open performative; returns any other frame unchanged.
pub(crate) fn announce_half(frame: Bytes) -> Bytes {
    let Some((at, limit)) = find(&frame) else {
        return frame;
    };
    let mut frame = BytesMut::from(frame);
    if let Some(value) = frame.get_mut(at..at + 4) {
        value.copy_from_slice(&(limit / 2).to_be_bytes());
    }
    frame.freeze()
}

/// Returns the position and the value of the `idle-time-out`, if it is a `uint` of four bytes.
fn find(frame: &[u8]) -> Option<(usize, u32)> {
    let body = frame.get(8..)?;
    let (_, start) = [SHORT_LIST, LONG_LIST]
        .into_iter()
        .find(|(prefix, _)| body.starts_with(prefix))?;
    let mut fields = frame.get(start..)?;
    for _ in 0..FIELDS_BEFORE {
        fields = skip(fields)?;
    }
    let value = fields.strip_prefix(&[0x70])?.first_chunk::<4>()?;
    Some((frame.len() - fields.len() + 1, u32::from_be_bytes(*value)))
}

/// The time since the last frame of the client.
#[derive(Debug)]
pub(crate) struct LastFrame(Instant);

impl Default for LastFrame {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl LastFrame {
    pub(crate) fn is_beyond_limit(&self) -> bool {
        self.0.elapsed() >= IDLE_LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(list: &[u8], fields: &[u8]) -> Bytes {
        [&[0, 0, 0, 40, 2, 0, 0, 0, 0x00, 0x53, 0x10], list, fields]
            .concat()
            .into()
    }

    #[test]
    fn open_announces_half_of_the_limit() {
        let fields = |limit: u8| {
            [
                &[0xa1, 1, b'c', 0x40, 0x70, 0, 1, 0, 0, 0x60, 0x1f, 0xff, 0x70][..],
                &[0, 0, 0, limit],
            ]
            .concat()
        };
        for list in [&[0xc0, 18, 5][..], &[0xd0, 0, 0, 0, 21, 0, 0, 0, 5]] {
            let announced = announce_half(open(list, &fields(200)));
            assert_eq!(announced, open(list, &fields(100)), "{list:02x?}");
        }
        for other in [
            open(&[0xc0, 5, 1], &[0xa1, 1, b'c']),
            open(&[0xc0, 5, 5], &[0xa1, 1, b'c', 0x40, 0x40, 0x40, 0x40]),
            open(&[0xc0], &[]),
            Bytes::from_static(&[0, 0, 0, 8, 2, 0, 0, 0]),
            Bytes::from_static(b"AMQP\x00\x01\x00\x00"),
        ] {
            assert_eq!(announce_half(other.clone()), other);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn limit_counts_from_the_last_frame() {
        let last = LastFrame::default();
        tokio::time::advance(IDLE_LIMIT - Duration::from_secs(1)).await;
        assert!(!last.is_beyond_limit());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(last.is_beyond_limit());
    }
}
