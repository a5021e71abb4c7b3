//! Writing an OP_MSG to the end of a buffer.

use super::{CHECKSUM_LENGTH, KIND_BODY, KIND_SEQUENCE, flags};
use crate::bytes::{saturate, u32_at};
use crate::error::WireError;
use crate::header::{HEADER_LENGTH, Header, fix_length, op_code};

/// Bytes in front of the body of the simplest message: header, flags, kind of the first section.
pub const PREFIX_LENGTH: usize = HEADER_LENGTH + 4 + 1;

/// Where a message that is being written begins.
#[derive(Debug)]
#[must_use = "a message has no length before it is finished"]
pub struct Start(usize);

/// Begins a request at the end of `buffer`, with bits of [`flags`].
pub fn begin(buffer: &mut Vec<u8>, request_id: i32, flags: u32) -> Start {
    begin_reply(buffer, request_id, 0, flags)
}

/// Begins a reply to the request whose id is `response_to`.
pub fn begin_reply(buffer: &mut Vec<u8>, request_id: i32, response_to: i32, flags: u32) -> Start {
    let start = Start(buffer.len());
    Header {
        message_length: 0,
        request_id,
        response_to,
        op_code: op_code::OP_MSG,
    }
    .write(buffer);
    buffer.extend_from_slice(&flags.to_le_bytes());
    start
}

/// Appends the body, a whole BSON document. A message has exactly one.
pub fn push_body(buffer: &mut Vec<u8>, document: &[u8]) {
    buffer.push(KIND_BODY);
    buffer.extend_from_slice(document);
}

/// Appends a sequence of whole BSON documents for the body's field `identifier`.
///
/// An identifier ends at its first NUL, should it contain one.
pub fn push_sequence<'d>(
    buffer: &mut Vec<u8>,
    identifier: &str,
    documents: impl IntoIterator<Item = &'d [u8]>,
) {
    buffer.push(KIND_SEQUENCE);
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend(identifier.bytes().take_while(|&byte| byte != 0));
    buffer.push(0);
    for document in documents {
        buffer.extend_from_slice(document);
    }
    // A sequence too long for its size makes the message too long: `finish` refuses that.
    let size = saturate(buffer.len() - start);
    if let Some(place) = buffer.get_mut(start..start + 4) {
        place.copy_from_slice(&size.to_le_bytes());
    }
}

/// Ends the message: fills in its length and adds the checksum when it is flagged.
///
/// Gives the message's length in bytes.
///
/// # Errors
///
/// [`WireError::MessageTooLong`] above `i32::MAX`; [`WireError::BufferTooSmall`] when the buffer was cut
/// since `start`.
pub fn finish(buffer: &mut Vec<u8>, start: Start) -> Result<usize, WireError> {
    let Start(start) = start;
    let available = buffer.len().saturating_sub(start);
    let too_small = |_| WireError::BufferTooSmall {
        needed: HEADER_LENGTH + 4,
        available,
    };
    let flagged = u32_at(buffer, start + HEADER_LENGTH).map_err(too_small)?;
    if flagged & flags::CHECKSUM_PRESENT == 0 {
        return fix_length(buffer, start);
    }
    // The checksum covers the length, and the length covers the checksum.
    let checksum_at = buffer.len();
    buffer.extend_from_slice(&[0; CHECKSUM_LENGTH]);
    let length = fix_length(buffer, start)?;
    buffer.truncate(checksum_at);
    let checksum = crc32c::crc32c(buffer.get(start..).unwrap_or_default());
    buffer.extend_from_slice(&checksum.to_le_bytes());
    Ok(length)
}

/// Fills the first [`PREFIX_LENGTH`] bytes of `message` for a body that already stands behind them:
/// header, bits of [`flags`], a section of kind 0.
///
/// `total_length` is the whole message's length in bytes, the prefix included.
///
/// # Errors
///
/// [`WireError::BufferTooSmall`] when `message` is shorter than the prefix,
/// [`WireError::MessageTooLong`] for a length above `i32::MAX`.
#[inline]
pub fn write_header(
    message: &mut [u8],
    total_length: usize,
    request_id: i32,
    flags: u32,
) -> Result<(), WireError> {
    let available = message.len();
    let Some(prefix) = message.first_chunk_mut::<PREFIX_LENGTH>() else {
        return Err(WireError::BufferTooSmall {
            needed: PREFIX_LENGTH,
            available,
        });
    };
    let Ok(message_length) = i32::try_from(total_length) else {
        return Err(WireError::MessageTooLong {
            length: total_length,
            limit: i32::MAX as usize,
        });
    };
    *prefix = [0; PREFIX_LENGTH];
    let header = Header {
        message_length,
        request_id,
        response_to: 0,
        op_code: op_code::OP_MSG,
    };
    // The zero that remains is the kind of the section.
    let (place, rest) = prefix.split_at_mut(HEADER_LENGTH);
    place.copy_from_slice(&header.to_bytes());
    if let Some(place) = rest.first_chunk_mut() {
        *place = flags.to_le_bytes();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::OpMsg;
    use super::*;

    const EMPTY: &[u8] = &[5, 0, 0, 0, 0];

    #[test]
    fn messages_follow_one_another_in_a_buffer() {
        let mut buffer = vec![];
        let first = begin(&mut buffer, 1, 0);
        push_body(&mut buffer, EMPTY);
        let split = finish(&mut buffer, first).unwrap();
        let second = begin_reply(&mut buffer, 2, 1, flags::CHECKSUM_PRESENT);
        push_sequence(&mut buffer, "documents", [EMPTY, EMPTY]);
        push_body(&mut buffer, EMPTY);
        let length = finish(&mut buffer, second).unwrap();
        assert_eq!(buffer.len(), split + length);

        let message = OpMsg::parse(&buffer[split..]).unwrap();
        assert_eq!(
            (message.header.request_id, message.header.response_to),
            (2, 1)
        );
        let sequence = message.sequences().next().unwrap();
        assert_eq!(sequence.identifier, "documents");
        assert_eq!(sequence.documents.count(), 2);
    }

    #[test]
    fn a_header_in_place_equals_a_message_written_at_once() {
        let mut in_place = vec![0xee; PREFIX_LENGTH];
        in_place.extend_from_slice(EMPTY);
        let length = in_place.len();
        write_header(&mut in_place, length, 9, 0).unwrap();

        let mut at_once = vec![];
        let start = begin(&mut at_once, 9, 0);
        push_body(&mut at_once, EMPTY);
        finish(&mut at_once, start).unwrap();
        assert_eq!(in_place, at_once);
    }

    #[test]
    fn a_header_needs_its_room_and_a_length_that_fits() {
        assert_eq!(
            write_header(&mut [0; 20], 26, 1, 0),
            Err(WireError::BufferTooSmall {
                needed: 21,
                available: 20
            })
        );
        assert_eq!(
            write_header(&mut [0; 21], 1 << 31, 1, 0),
            Err(WireError::MessageTooLong {
                length: 1 << 31,
                limit: i32::MAX as usize
            })
        );
    }

    #[test]
    fn an_identifier_cannot_smuggle_a_nul() {
        let mut buffer = vec![];
        let start = begin(&mut buffer, 1, 0);
        push_body(&mut buffer, EMPTY);
        push_sequence(&mut buffer, "a\0b", [EMPTY]);
        finish(&mut buffer, start).unwrap();
        let message = OpMsg::parse(&buffer).unwrap();
        assert_eq!(message.sequences().next().unwrap().identifier, "a");
    }
}
