//! Delivery tags of sixteen bytes.
//!
//! The service uses a lock token, which is a UUID, as the tag of every delivery, and an official client fails unless tags
//! are UUIDs. The AMQP library sets tags of four bytes and has no option for others, so outgoing frames are rewritten.
//! Settlement uses delivery ids, so nothing else refers to tags.

use bytes::{Buf, BufMut, Bytes, BytesMut};

const TAG_LENGTH: usize = 16;
/// The prefix of a protocol header.
const MAGIC: &[u8] = b"AMQP";
const HEADER_LENGTH: usize = 8;
/// The descriptor of a transfer.
const TRANSFER: [u8; 3] = [0x00, 0x53, 0x14];

/// Removes the next complete frame or protocol header from `buffer`, and lengthens its tag if it has one.
pub(crate) fn next_frame(buffer: &mut BytesMut) -> Option<Bytes> {
    if buffer.len() < HEADER_LENGTH {
        return None;
    }
    if buffer.starts_with(MAGIC) {
        return Some(buffer.split_to(HEADER_LENGTH).freeze());
    }
    let length = usize::try_from(buffer.as_ref().get_u32())
        .ok()?
        .max(HEADER_LENGTH);
    if buffer.len() < length {
        return None;
    }
    let frame = buffer.split_to(length).freeze();
    Some(lengthened(&frame).unwrap_or(frame))
}

/// The fields of a transfer performative before and after its delivery tag.
struct Transfer<'a> {
    /// The number of fields.
    count: u32,
    /// The length of the fields in bytes.
    length: usize,
    /// The fields before the tag: handle and delivery id.
    ids: &'a [u8],
    tag: &'a [u8],
    /// The fields after the tag.
    tail: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Transfer<'a> {
    /// Parses a frame; `None` if it is not a transfer with a tag.
    fn parse(frame: &'a [u8]) -> Option<Self> {
        let (header, body) = frame.split_at_checked(HEADER_LENGTH)?;
        // A frame header without extension, of type AMQP.
        if header.get(4..6)? != [2, 0] {
            return None;
        }
        let (constructor, rest) = body.strip_prefix(&TRANSFER)?.split_first()?;
        let (length, count, rest) = match constructor {
            0xc0 => {
                let (size, rest) = rest.split_first()?;
                let (count, rest) = rest.split_first()?;
                // The size includes the byte of the count.
                (usize::from(*size).checked_sub(1)?, u32::from(*count), rest)
            }
            0xd0 => {
                let mut counts = rest.get(..8)?;
                let (size, count) = (counts.get_u32(), counts.get_u32());
                (usize::try_from(size).ok()?.checked_sub(4)?, count, rest.get(8..)?)
            }
            _ => return None,
        };
        let (fields, payload) = rest.split_at_checked(length)?;
        let ids = skip(fields)? + skip(fields.get(skip(fields)?..)?)?;
        let (ids, tail) = fields.split_at_checked(ids)?;
        let (&[0xa0, tag_length], tail) = (tail.first_chunk::<2>()?, tail.get(2..)?) else {
            return None;
        };
        let (tag, tail) = tail.split_at_checked(usize::from(tag_length))?;
        Some(Self {
            count,
            length,
            ids,
            tag,
            tail,
            payload,
        })
    }
}

/// Returns the frame with a longer tag; `None` unless it is the only transfer of a delivery and has a tag.
fn lengthened(frame: &Bytes) -> Option<Bytes> {
    let transfer = Transfer::parse(frame)?;
    let padding = TAG_LENGTH.checked_sub(transfer.tag.len())?;
    // The first frame of a multi-frame delivery already has the maximum size.
    if more(transfer.tail)? {
        return None;
    }
    let size = u32::try_from(transfer.length + padding + 4).ok()?;
    let mut longer = BytesMut::with_capacity(frame.len() + padding + 6);
    longer.put_u32(0);
    longer.put_slice(frame.get(4..HEADER_LENGTH)?);
    longer.put_slice(&TRANSFER);
    longer.put_u8(0xd0);
    longer.put_u32(size);
    longer.put_u32(transfer.count);
    longer.put_slice(transfer.ids);
    longer.put_slice(&[0xa0, u8::try_from(TAG_LENGTH).ok()?]);
    longer.put_slice(transfer.tag);
    longer.put_bytes(0, padding);
    longer.put_slice(transfer.tail);
    longer.put_slice(transfer.payload);
    let total = u32::try_from(longer.len()).ok()?;
    longer.get_mut(..4)?.copy_from_slice(&total.to_be_bytes());
    Some(longer.freeze())
}

/// Returns the length of the encoding of an unsigned integer or null.
fn skip(fields: &[u8]) -> Option<usize> {
    match fields.first()? {
        0x40 | 0x43 => Some(1),
        0x52 => Some(2),
        0x70 => Some(5),
        _ => None,
    }
}

/// Returns the field `more` from the fields after the tag: message format, settled, more.
fn more(tail: &[u8]) -> Option<bool> {
    let Some(format) = skip(tail) else {
        return tail.is_empty().then_some(false);
    };
    let tail = tail.get(format..)?;
    let settled = match tail.first() {
        None => return Some(false),
        Some(0x56) => 2,
        Some(_) => 1,
    };
    Some(matches!(tail.get(settled..)?, [0x41, ..] | [0x56, 0x01, ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&length[..], &[2, 0, 0, 7], body].concat()
    }

    fn passed(bytes: &[u8]) -> Vec<u8> {
        let mut buffer = BytesMut::new();
        let mut passed = Vec::new();
        // Frames may arrive split at any byte.
        for byte in bytes {
            buffer.put_u8(*byte);
            while let Some(frame) = next_frame(&mut buffer) {
                passed.extend_from_slice(&frame);
            }
        }
        assert!(buffer.is_empty());
        passed
    }

    #[test]
    fn only_the_tag_of_a_transfer_is_lengthened() {
        // handle 0, delivery id 300, tag, format 0, settled false, more false; and a payload.
        let rest = [0x43, 0x42, 0x42, 1, 2, 3];
        let ids = [0x43, 0x70, 0, 0, 1, 0x2c];
        let before = [
            &[0x00, 0x53, 0x14, 0xc0, 16, 6][..],
            &ids,
            &[0xa0, 4, 9, 8, 7, 6],
            &rest,
        ]
        .concat();
        let tag = [&[9, 8, 7, 6][..], &[0; 12]].concat();
        let head = [0x00, 0x53, 0x14, 0xd0, 0, 0, 0, 31, 0, 0, 0, 6];
        let after = [&head[..], &ids, &[0xa0, 16], &tag, &rest].concat();
        assert_eq!(passed(&frame(&before)), frame(&after));
    }

    #[test]
    fn other_frames_and_multi_frame_deliveries_are_unchanged() {
        let begin = frame(&[0x00, 0x53, 0x11, 0x45]);
        let empty = frame(&[]);
        // The third field after the tag, `more`, is true.
        let first = frame(&[
            0x00, 0x53, 0x14, 0xc0, 9, 6, 0x43, 0x43, 0xa0, 1, 5, 0x43, 0x42, 0x41,
        ]);
        let continued = frame(&[0x00, 0x53, 0x14, 0xc0, 2, 1, 0x43, 1, 2]);
        let all = [b"AMQP\x00\x01\x00\x00", &begin[..], &empty, &first, &continued].concat();
        assert_eq!(passed(&all), all);
    }
}
