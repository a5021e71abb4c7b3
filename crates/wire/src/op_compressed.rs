//! OP_COMPRESSED: a message of another kind, without its header, compressed.
//!
//! The header's request id and `responseTo` stay those of the message inside. Behind the header stand the
//! opcode inside, the size of what was compressed, the compressor's number, and the compressed bytes.
//! [Specification](https://github.com/mongodb/specifications/blob/master/source/compression/OP_COMPRESSED.md).
//!
//! A [`Compressor`] belongs to a connection's negotiation, because the client chooses it; a
//! [`Decompressor`] reads all of them, because the server may use any that was offered.

mod compressor;
mod decompressor;
mod growing;

pub use compressor::Compressor;
pub use decompressor::Decompressor;

use std::fmt;

use crate::bytes::i32_at;
use crate::error::WireError;
use crate::header::{HEADER_LENGTH, Header, op_code};

const ORIGINAL_OP_CODE_AT: usize = HEADER_LENGTH;
const UNCOMPRESSED_SIZE_AT: usize = ORIGINAL_OP_CODE_AT + 4;
const COMPRESSOR_ID_AT: usize = UNCOMPRESSED_SIZE_AT + 4;
const DATA_AT: usize = COMPRESSOR_ID_AT + 1;

/// A compressor's number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CompressorId {
    /// Nothing is compressed; for tests.
    Noop = 0,
    /// Snappy's block format.
    Snappy = 1,
    /// zlib (RFC 1950).
    Zlib = 2,
    /// Zstandard, one frame.
    Zstd = 3,
}

impl CompressorId {
    /// The name in the `compression` field of a hello.
    pub fn name(self) -> &'static str {
        match self {
            CompressorId::Noop => "noop",
            CompressorId::Snappy => "snappy",
            CompressorId::Zlib => "zlib",
            CompressorId::Zstd => "zstd",
        }
    }

    /// The compressor of this name, in the specification's spelling.
    pub fn from_name(name: &str) -> Option<CompressorId> {
        Some(match name {
            "noop" => CompressorId::Noop,
            "snappy" => CompressorId::Snappy,
            "zlib" => CompressorId::Zlib,
            "zstd" => CompressorId::Zstd,
            _ => return None,
        })
    }

    /// The compressor with this number; 4 to 255 are reserved.
    fn from_number(id: u8) -> Result<CompressorId, WireError> {
        Ok(match id {
            0 => CompressorId::Noop,
            1 => CompressorId::Snappy,
            2 => CompressorId::Zlib,
            3 => CompressorId::Zstd,
            _ => return Err(WireError::UnknownCompressor { id }),
        })
    }
}

impl fmt::Display for CompressorId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether a message's header says that the message is compressed. Only the opcode is looked at.
#[inline]
pub fn is_compressed(message: &[u8]) -> bool {
    Header::parse(message).is_ok_and(|header| header.op_code == op_code::OP_COMPRESSED)
}

/// Whether a command may be compressed; the others are those that carry a secret, and the handshake.
///
/// `command_name` is the command's first key, compared as it stands: servers know a command by one spelling,
/// but the legacy hello by two.
pub fn may_compress(command_name: &[u8]) -> bool {
    !matches!(
        command_name,
        b"hello"
            | b"isMaster"
            | b"ismaster"
            | b"saslStart"
            | b"saslContinue"
            | b"getnonce"
            | b"authenticate"
            | b"createUser"
            | b"updateUser"
            | b"copydbSaslStart"
            | b"copydbgetnonce"
            | b"copydb"
    )
}

/// The fields of an OP_COMPRESSED.
struct Wrapped<'a> {
    /// The header of the message inside.
    header: Header,
    /// Bytes of the message inside, its header not counted.
    size: usize,
    compressor: CompressorId,
    data: &'a [u8],
}

impl<'a> Wrapped<'a> {
    /// Reads the fields. `limit` is the largest size of the message inside, in bytes, its header counted.
    fn parse(message: &'a [u8], limit: usize) -> Result<Wrapped<'a>, WireError> {
        let header = Header::parse_whole(message, op_code::OP_COMPRESSED)?;
        let inner_op_code = i32_at(message, ORIGINAL_OP_CODE_AT)?;
        let declared = i32_at(message, UNCOMPRESSED_SIZE_AT)?;
        let Some((&[id], data)) = message
            .get(COMPRESSOR_ID_AT..)
            .and_then(<[u8]>::split_first_chunk)
        else {
            return Err(WireError::Truncated {
                needed: DATA_AT,
                available: message.len(),
            });
        };
        if inner_op_code == op_code::OP_COMPRESSED {
            return Err(WireError::NestedCompression);
        }
        let Ok(size) = usize::try_from(declared) else {
            return Err(WireError::NegativeUncompressedSize { size: declared });
        };
        let length = HEADER_LENGTH + size;
        // Beyond an int32, the message inside could not have a header of its own.
        let limit = limit.min(i32::MAX as usize);
        let (Ok(message_length), true) = (i32::try_from(length), length <= limit) else {
            return Err(WireError::MessageTooLong { length, limit });
        };
        Ok(Wrapped {
            header: Header {
                message_length,
                op_code: inner_op_code,
                ..header
            },
            size,
            compressor: CompressorId::from_number(id)?,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_handshakes_are_not_compressed() {
        for name in ["hello", "isMaster", "ismaster", "saslStart", "updateUser"] {
            assert!(!may_compress(name.as_bytes()), "{name}");
        }
        for name in ["find", "ping", "Hello", "hellos", "hell", "", "copyDb"] {
            assert!(may_compress(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_compressor_has_a_number_and_a_name() {
        for id in 0..4 {
            let compressor = CompressorId::from_number(id).unwrap();
            assert_eq!(compressor as u8, id);
            assert_eq!(CompressorId::from_name(compressor.name()), Some(compressor));
        }
        assert_eq!(
            CompressorId::from_number(4),
            Err(WireError::UnknownCompressor { id: 4 })
        );
        assert_eq!(CompressorId::from_name("Snappy"), None);
    }

    #[test]
    fn the_opcode_alone_says_that_a_message_is_compressed() {
        let mut header = Header {
            message_length: 0,
            request_id: 0,
            response_to: 0,
            op_code: op_code::OP_COMPRESSED,
        };
        assert!(is_compressed(&header.to_bytes()));
        assert!(!is_compressed(&header.to_bytes()[..15]));
        header.op_code = op_code::OP_MSG;
        assert!(!is_compressed(&header.to_bytes()));
    }
}
