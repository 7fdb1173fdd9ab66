//! Delivery tags of sixteen bytes.
//!
//! The service uses a lock token, which is a UUID, as the tag of everything it sends, and one official client reads tags
//! as UUIDs and fails otherwise. The AMQP library makes tags of four bytes and lets nobody choose, so they are made
//! longer on their way out. Nothing refers to them later: settlement goes by delivery ids.

use bytes::{Buf, BufMut, Bytes, BytesMut};

const TAG_LENGTH: usize = 16;
/// What every protocol header begins with.
const MAGIC: &[u8] = b"AMQP";
const HEADER_LENGTH: usize = 8;

/// Takes the next whole frame or protocol header off `buffer`, with its tag made longer if it has one.
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

/// The frame with a longer tag, if it is the only transfer of a delivery and has a tag.
fn lengthened(frame: &Bytes) -> Option<Bytes> {
    let (header, mut body) = frame.split_at_checked(HEADER_LENGTH)?;
    // Header without extension, type AMQP, and the descriptor of a transfer.
    if header.get(4..6)? != [2, 0] {
        return None;
    }
    body = body.strip_prefix(&[0x00, 0x53, 0x14])?;
    let (constructor, rest) = body.split_first()?;
    let (list_size, count, rest) = match constructor {
        0xc0 => {
            let (size, rest) = rest.split_first()?;
            let (count, rest) = rest.split_first()?;
            // The size counts the byte of the count.
            (usize::from(*size) - 1, u32::from(*count), rest)
        }
        0xd0 => {
            let mut counts = rest.get(..8)?;
            let (size, count) = (counts.get_u32(), counts.get_u32());
            (usize::try_from(size).ok()?.checked_sub(4)?, count, rest.get(8..)?)
        }
        _ => return None,
    };
    let (fields, payload) = rest.split_at_checked(list_size)?;
    let ids = skip(fields)? + skip(fields.get(skip(fields)?..)?)?;
    let (ids, tail) = fields.split_at_checked(ids)?;
    let (&[0xa0, length], tail) = (tail.first_chunk::<2>()?, tail.get(2..)?) else {
        return None;
    };
    let (tag, tail) = tail.split_at_checked(usize::from(length))?;
    let padding = TAG_LENGTH.checked_sub(tag.len())?;
    // More than one frame: there the first is as large as it may be already.
    if more(tail)? {
        return None;
    }
    let size = u32::try_from(list_size + padding + 4).ok()?;
    let mut longer = BytesMut::with_capacity(frame.len() + padding + 6);
    longer.put_u32(0);
    longer.put_slice(header.get(4..)?);
    longer.put_slice(&[0x00, 0x53, 0x14, 0xd0]);
    longer.put_u32(size);
    longer.put_u32(count);
    longer.put_slice(ids);
    longer.put_slice(&[0xa0, u8::try_from(TAG_LENGTH).ok()?]);
    longer.put_slice(tag);
    longer.put_bytes(0, padding);
    longer.put_slice(tail);
    longer.put_slice(payload);
    let total = u32::try_from(longer.len()).ok()?;
    longer.get_mut(..4)?.copy_from_slice(&total.to_be_bytes());
    Some(longer.freeze())
}

/// The length of the encoding of an unsigned integer, or of null.
fn skip(fields: &[u8]) -> Option<usize> {
    match fields.first()? {
        0x40 | 0x43 => Some(1),
        0x52 => Some(2),
        0x70 => Some(5),
        _ => None,
    }
}

/// Whether the fields behind the tag say that more frames follow: message format, settled, more.
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
        // However the bytes come in.
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
    fn the_tag_of_a_transfer_gets_sixteen_bytes_and_all_else_stays() {
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
    fn other_frames_and_headers_and_long_deliveries_pass_as_they_are() {
        let begin = frame(&[0x00, 0x53, 0x11, 0x45]);
        let empty = frame(&[]);
        // The third field says more.
        let first = frame(&[
            0x00, 0x53, 0x14, 0xc0, 9, 6, 0x43, 0x43, 0xa0, 1, 5, 0x43, 0x42, 0x41,
        ]);
        let continued = frame(&[0x00, 0x53, 0x14, 0xc0, 2, 1, 0x43, 1, 2]);
        let all = [b"AMQP\x00\x01\x00\x00", &begin[..], &empty, &first, &continued].concat();
        assert_eq!(passed(&all), all);
    }
}
