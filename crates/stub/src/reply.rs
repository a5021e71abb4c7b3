//! A reply as bytes: right, or wrong in the way that is asked for.

use bson::Document;
use ferropool_wire::op_msg::{self, flags};
use ferropool_wire::op_reply::{self, response_flags};
use ferropool_wire::{CompressorId, op_code};

use crate::compression::Codecs;
use crate::faults::{CompressionFault, ReplyMode};
use crate::request::Request;

/// Offsets of fields in a header.
const RESPONSE_TO_AT: usize = 8;
const OP_CODE_AT: usize = 12;
/// Offsets of what OP_COMPRESSED has behind its header.
const INNER_OP_CODE_AT: usize = 16;
const UNCOMPRESSED_SIZE_AT: usize = 20;
const COMPRESSOR_ID_AT: usize = 24;
const COMPRESSED_AT: usize = 25;

/// What the connection does after the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Continue,
    /// Nothing is answered any more.
    Silence,
    Close,
}

/// Appends a reply to `output`.
///
/// A document that cannot be written ends the connection: there is nothing else to say.
pub(crate) fn append(
    output: &mut Vec<u8>,
    request: &Request,
    request_id: i32,
    document: &Document,
    is_more_to_come: bool,
    compression: Option<(&mut Codecs, CompressorId)>,
    mode: Option<&ReplyMode>,
) -> Then {
    if let Some(ReplyMode::Garbage(bytes)) = mode {
        output.extend_from_slice(bytes);
        return Then::Continue;
    }
    let Ok(document) = document.to_vec() else {
        return Then::Close;
    };
    let start = output.len();
    let written = if request.is_legacy {
        let flags = response_flags::AWAIT_CAPABLE;
        op_reply::write(output, request_id, request.id, flags, [&document[..]])
    } else {
        let flags = if is_more_to_come {
            flags::MORE_TO_COME
        } else {
            0
        };
        let message = op_msg::begin_reply(output, request_id, request.id, flags);
        op_msg::push_body(output, &document);
        op_msg::finish(output, message)
    };
    let written = match compression {
        Some((codecs, id)) => written.and_then(|_| codecs.wrap(output, start, id)),
        None => written,
    };
    let Ok(length) = written else {
        output.truncate(start);
        return Then::Close;
    };
    match mode {
        Some(mode) => spoil(output, start, length, mode),
        None => Then::Continue,
    }
}

/// Spoils the message that ends `output`.
fn spoil(output: &mut Vec<u8>, start: usize, length: usize, mode: &ReplyMode) -> Then {
    let half = length / 2;
    match mode {
        ReplyMode::Garbage(_) => {}
        ReplyMode::WrongLength => set(output, start, wire_length(length - 1)),
        ReplyMode::HugeLength => set(output, start, i32::MAX),
        ReplyMode::UnknownOpcode => set(output, start + OP_CODE_AT, 9999),
        ReplyMode::WrongRequestId => {
            let at = start + RESPONSE_TO_AT;
            // No client gets there by counting up.
            let wrong = get(output, at) ^ 0x4000_0000;
            set(output, at, wrong);
        }
        ReplyMode::TruncatedBson => {
            // The document's own length goes on pointing behind the message.
            let shorter = length - 3;
            output.truncate(start + shorter);
            set(output, start, wire_length(shorter));
        }
        ReplyMode::Compressed(fault) => spoil_compressed(output, start, length, *fault),
        ReplyMode::HalfReply => {
            output.truncate(start + half);
            return Then::Silence;
        }
        ReplyMode::CloseMidReply => {
            output.truncate(start + half);
            return Then::Close;
        }
    }
    Then::Continue
}

/// Spoils the compressed message that ends `output`.
fn spoil_compressed(output: &mut Vec<u8>, start: usize, length: usize, fault: CompressionFault) {
    let size_at = start + UNCOMPRESSED_SIZE_AT;
    let size = get(output, size_at);
    match fault {
        CompressionFault::HugeSize => set(output, size_at, i32::MAX),
        CompressionFault::UnkeptSize => set(output, size_at, 40_000_000),
        CompressionFault::SizeAbove => set(output, size_at, size + 1),
        CompressionFault::SizeBelow => set(output, size_at, size - 1),
        CompressionFault::NegativeSize => set(output, size_at, -size),
        CompressionFault::Nested => set(output, start + INNER_OP_CODE_AT, op_code::OP_COMPRESSED),
        CompressionFault::UnknownId => {
            if let Some(id) = output.get_mut(start + COMPRESSOR_ID_AT) {
                *id = 200;
            }
        }
        CompressionFault::Garbage => {
            let data = output.iter_mut().skip(start + COMPRESSED_AT);
            data.for_each(|byte| *byte = 0xff);
        }
        CompressionFault::Truncated => {
            let shorter = COMPRESSED_AT + (length - COMPRESSED_AT) / 2;
            output.truncate(start + shorter);
            set(output, start, wire_length(shorter));
        }
    }
}

fn wire_length(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn get(output: &[u8], at: usize) -> i32 {
    let bytes = output.get(at..).and_then(<[u8]>::first_chunk);
    bytes.copied().map_or(0, i32::from_le_bytes)
}

fn set(output: &mut [u8], at: usize, value: i32) {
    if let Some(place) = output.get_mut(at..at + 4) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use ferropool_wire::{OpMsg, WireError, frame_length};

    use super::*;

    fn reply(mode: Option<&ReplyMode>) -> (Vec<u8>, Then) {
        let request = Request {
            id: 5,
            is_legacy: false,
            compressor: None,
            is_unacknowledged: false,
            is_exhaust_allowed: false,
            database: None,
            name: "ping".to_owned(),
            command: doc! { "ping": 1 },
        };
        let mut output = vec![];
        let document = doc! { "ok": 1.0 };
        let then = append(&mut output, &request, 9, &document, false, None, mode);
        (output, then)
    }

    #[test]
    fn a_right_reply_is_right() {
        let (bytes, then) = reply(None);
        let message = OpMsg::parse(&bytes).unwrap();
        assert_eq!(
            (message.header.request_id, message.header.response_to),
            (9, 5)
        );
        assert_eq!(then, Then::Continue);
    }

    #[test]
    fn wrong_lengths_are_found() {
        let (bytes, _) = reply(Some(&ReplyMode::WrongLength));
        assert_eq!(frame_length(&bytes, 1000), Ok(Some(bytes.len() - 1)));
        let cut = &bytes[..bytes.len() - 1];
        assert!(matches!(
            OpMsg::parse(cut),
            Err(WireError::InvalidDocumentLength { .. })
        ));
        let (bytes, _) = reply(Some(&ReplyMode::HugeLength));
        assert!(frame_length(&bytes, 48_000_000).is_err());
        let (bytes, _) = reply(Some(&ReplyMode::TruncatedBson));
        assert_eq!(frame_length(&bytes, 1000), Ok(Some(bytes.len())));
        assert!(OpMsg::parse(&bytes).is_err());
    }

    #[test]
    fn headers_are_spoiled() {
        let (bytes, _) = reply(Some(&ReplyMode::WrongRequestId));
        assert_ne!(OpMsg::parse(&bytes).unwrap().header.response_to, 5);
        let (bytes, _) = reply(Some(&ReplyMode::UnknownOpcode));
        assert!(matches!(
            OpMsg::parse(&bytes),
            Err(WireError::UnexpectedOpCode { found: 9999, .. })
        ));
    }

    #[test]
    fn halves_have_an_aftermath() {
        let whole = reply(None).0.len();
        let (bytes, then) = reply(Some(&ReplyMode::HalfReply));
        assert_eq!((bytes.len(), then), (whole / 2, Then::Silence));
        let (bytes, then) = reply(Some(&ReplyMode::CloseMidReply));
        assert_eq!((bytes.len(), then), (whole / 2, Then::Close));
        let (bytes, then) = reply(Some(&ReplyMode::Garbage(vec![1, 2])));
        assert_eq!((bytes, then), (vec![1, 2], Then::Continue));
    }
}
