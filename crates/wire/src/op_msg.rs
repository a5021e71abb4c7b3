//! OP_MSG: what requests and replies are made of.
//!
//! A message is a header, flags, sections and an optional checksum. One section, the body, is a document
//! (kind 0); the others are sequences of documents (kind 1) that belong to a field of the body.
//!
//! Parsing validates every section and keeps no list of them: the sequences are walked again when they
//! are asked for. The common reply, a body and nothing else, is recognised first.

mod sections;
mod write;

pub use sections::{Sequence, Sequences};
pub use write::{
    PREFIX_LENGTH, Start, begin, begin_reply, finish, push_body, push_sequence, write_header,
};

use crate::bytes::u32_at;
use crate::document::Document;
use crate::error::WireError;
use crate::header::{HEADER_LENGTH, Header, op_code};

/// Bits of an OP_MSG's flags.
pub mod flags {
    /// Four bytes of CRC-32C end the message.
    pub const CHECKSUM_PRESENT: u32 = 1;
    /// Another message follows without a request; a request with it gets no reply.
    pub const MORE_TO_COME: u32 = 1 << 1;
    /// The client takes several replies to this request.
    pub const EXHAUST_ALLOWED: u32 = 1 << 16;

    /// The bits that a receiver has to understand.
    pub(super) const REQUIRED: u32 = 0xffff;
}

pub(crate) const KIND_BODY: u8 = 0;
pub(crate) const KIND_SEQUENCE: u8 = 1;

const FLAGS_AT: usize = HEADER_LENGTH;
const SECTIONS_AT: usize = FLAGS_AT + 4;
const CHECKSUM_LENGTH: usize = 4;

/// A parsed OP_MSG; it borrows the message's bytes.
#[derive(Debug, Clone, Copy)]
pub struct OpMsg<'a> {
    /// The message's header.
    pub header: Header,
    /// Bits of [`flags`]; unknown ones can be among the optional bits 16 to 31 only.
    pub flags: u32,
    /// The body document's bytes; its length and its terminator are checked, its elements are not.
    pub body: &'a [u8],
    /// Every section, the body included, or nothing when the body is alone.
    sections: &'a [u8],
}

impl<'a> OpMsg<'a> {
    /// Parses one whole message, the header included.
    ///
    /// # Errors
    ///
    /// Whenever `message` is not exactly one OP_MSG: a length or an opcode that differs, unknown required
    /// flags, a wrong checksum, a section that is unknown, too long or cut off, no body or two.
    #[inline]
    pub fn parse(message: &'a [u8]) -> Result<OpMsg<'a>, WireError> {
        let header = Header::parse_whole(message, op_code::OP_MSG)?;
        let flags = u32_at(message, FLAGS_AT)?;
        let known = flags::CHECKSUM_PRESENT | flags::MORE_TO_COME;
        let unknown = flags & flags::REQUIRED & !known;
        if unknown != 0 {
            return Err(WireError::UnknownFlags { bits: unknown });
        }
        let end = if flags & flags::CHECKSUM_PRESENT == 0 {
            message.len()
        } else {
            verify_checksum(message)?
        };
        let sections = message.get(SECTIONS_AT..end).ok_or(WireError::Truncated {
            needed: SECTIONS_AT,
            available: end,
        })?;

        if let Some((&KIND_BODY, rest)) = sections.split_first() {
            let (body, rest) = Document::split_first(rest)?;
            if rest.is_empty() {
                return Ok(OpMsg {
                    header,
                    flags,
                    body: body.as_bytes(),
                    sections: &[],
                });
            }
        }
        Ok(OpMsg {
            header,
            flags,
            body: sections::validate(sections)?.as_bytes(),
            sections,
        })
    }

    /// The body as a document.
    #[inline]
    pub fn document(&self) -> Document<'a> {
        Document::from_validated(self.body)
    }

    /// The document sequences in the order of the message.
    pub fn sequences(&self) -> Sequences<'a> {
        Sequences {
            rest: self.sections,
        }
    }

    /// Whether another message follows without a request.
    pub fn more_to_come(&self) -> bool {
        self.flags & flags::MORE_TO_COME != 0
    }
}

/// Where the checksum begins, after it was found to be right.
fn verify_checksum(message: &[u8]) -> Result<usize, WireError> {
    let at = message.len().saturating_sub(CHECKSUM_LENGTH);
    if at < SECTIONS_AT {
        return Err(WireError::Truncated {
            needed: SECTIONS_AT + CHECKSUM_LENGTH,
            available: message.len(),
        });
    }
    let found = u32_at(message, at)?;
    let computed = crc32c::crc32c(message.get(..at).unwrap_or_default());
    if found != computed {
        return Err(WireError::ChecksumMismatch { found, computed });
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = &[5, 0, 0, 0, 0];

    fn message(flags: u32, sections: &[u8]) -> Vec<u8> {
        let mut buffer = vec![];
        let start = begin(&mut buffer, 1, flags);
        buffer.extend_from_slice(sections);
        finish(&mut buffer, start).unwrap();
        buffer
    }

    fn parse_error(flags: u32, sections: &[u8]) -> WireError {
        OpMsg::parse(&message(flags, sections)).unwrap_err()
    }

    #[test]
    fn unknown_required_flags_are_refused_and_optional_ones_ignored() {
        let body = [&[KIND_BODY], EMPTY].concat();
        assert_eq!(
            parse_error(1 << 15 | flags::MORE_TO_COME, &body),
            WireError::UnknownFlags { bits: 1 << 15 }
        );
        let parsed = message(1 << 31 | flags::EXHAUST_ALLOWED, &body);
        assert_eq!(OpMsg::parse(&parsed).unwrap().body, EMPTY);
    }

    #[test]
    fn exactly_one_body_is_needed() {
        let body = [&[KIND_BODY], EMPTY].concat();
        assert_eq!(parse_error(0, &[]), WireError::MissingBody);
        assert_eq!(parse_error(0, &body.repeat(2)), WireError::RepeatedBody);
        assert_eq!(
            parse_error(0, &[&body[..], &[2]].concat()),
            WireError::UnknownSectionKind { kind: 2 }
        );
    }

    #[test]
    fn hostile_sequence_sizes_are_refused() {
        for size in [-1, 0, 3, 7, i32::MAX] {
            let mut section = vec![KIND_SEQUENCE];
            section.extend_from_slice(&i32::to_le_bytes(size));
            section.extend_from_slice(b"a\0");
            assert_eq!(
                parse_error(0, &section),
                WireError::InvalidSequenceSize { size, available: 6 }
            );
        }
    }

    #[test]
    fn a_flipped_bit_breaks_the_checksum() {
        let mut bytes = message(flags::CHECKSUM_PRESENT, &[&[KIND_BODY], EMPTY].concat());
        assert_eq!(OpMsg::parse(&bytes).unwrap().body, EMPTY);
        bytes[4] ^= 1;
        assert!(matches!(
            OpMsg::parse(&bytes),
            Err(WireError::ChecksumMismatch { .. })
        ));
    }

    #[test]
    fn a_checksum_needs_room() {
        let mut bytes = message(0, &[]);
        bytes[FLAGS_AT] = 1;
        assert_eq!(
            OpMsg::parse(&bytes).unwrap_err(),
            WireError::Truncated {
                needed: 24,
                available: 20
            }
        );
    }
}
