//! What can be wrong with bytes that claim to be a MongoDB message.

use crate::op_compressed::CompressorId;

/// A message, document or value that is not what the wire protocol allows.
///
/// Variants carry the value that was found and the bound it broke. After any of them the stream is out
/// of step: the only thing left to do with the connection is to close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A message declares fewer bytes than its kind needs.
    #[error("message length {length} is below the minimum of {minimum}")]
    MessageTooShort {
        /// The declared length; negative ones are possible.
        length: i32,
        /// The smallest length that could be right.
        minimum: usize,
    },

    /// A message is longer than the peer may send, or than a length field can say.
    #[error("message length {length} exceeds the limit of {limit}")]
    MessageTooLong {
        /// The declared or written length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },

    /// The header's length differs from that of the bytes handed in.
    #[error("message declares {declared} bytes but has {available}")]
    MessageLengthMismatch {
        /// The header's `messageLength`.
        declared: i32,
        /// The number of bytes handed in.
        available: usize,
    },

    /// A field reaches past the end of what contains it.
    #[error("{needed} bytes needed where {available} are left")]
    Truncated {
        /// Bytes the field needs.
        needed: usize,
        /// Bytes there are.
        available: usize,
    },

    /// The message has another opcode than the one that was to be parsed.
    #[error("opcode {found} where {expected} was expected")]
    UnexpectedOpCode {
        /// The header's opcode.
        found: i32,
        /// The opcode that the parser reads.
        expected: i32,
    },

    /// One of the flag bits 0 to 15 is set and has no known meaning; receivers must refuse those.
    #[error("unknown required flag bits {bits:#06x}")]
    UnknownFlags {
        /// The unknown bits alone.
        bits: u32,
    },

    /// A section of an OP_MSG is neither a body nor a document sequence.
    #[error("unknown section kind {kind}")]
    UnknownSectionKind {
        /// The section's kind byte.
        kind: u8,
    },

    /// An OP_MSG has no body section.
    #[error("message has no body section")]
    MissingBody,

    /// An OP_MSG has a second body section.
    #[error("message has more than one body section")]
    RepeatedBody,

    /// A document sequence's size cannot be right.
    #[error("document sequence of size {size} where {available} bytes are left")]
    InvalidSequenceSize {
        /// The declared size, which includes its own four bytes.
        size: i32,
        /// Bytes left in the message.
        available: usize,
    },

    /// The checksum of an OP_MSG is not that of its bytes.
    #[error("checksum {found:#010x} where {computed:#010x} was computed")]
    ChecksumMismatch {
        /// The checksum in the message.
        found: u32,
        /// The CRC-32C of the bytes before it.
        computed: u32,
    },

    /// An OP_REPLY holds another number of documents than it declares.
    #[error("reply declares {declared} documents but has {found}")]
    DocumentCountMismatch {
        /// The reply's `numberReturned`.
        declared: i32,
        /// Documents that follow it.
        found: usize,
    },

    /// A compressed message says that the message inside is compressed too.
    #[error("compressed message inside of a compressed message")]
    NestedCompression,

    /// A compressed message has a compressor that is none of the specification's.
    #[error("unknown compressor {id}")]
    UnknownCompressor {
        /// The compressor's number.
        id: u8,
    },

    /// A compressed message declares a size below zero.
    #[error("uncompressed size {size} is negative")]
    NegativeUncompressedSize {
        /// The declared `uncompressedSize`.
        size: i32,
    },

    /// A compressed message holds another number of bytes than it declares.
    #[error("compressed message declares {declared} bytes and has {found}")]
    UncompressedSizeMismatch {
        /// The declared `uncompressedSize`.
        declared: usize,
        /// Bytes that it has, or as many as it took to see that they are too many.
        found: usize,
    },

    /// Bytes are not what the compressor makes, or end early, or go on behind their end.
    #[error("invalid {compressor} data")]
    InvalidCompressedData {
        /// The compressor that the message names.
        compressor: CompressorId,
    },

    /// A compressor has no memory to work with.
    #[error("{compressor} failed for want of memory")]
    CompressionFailed {
        /// The compressor.
        compressor: CompressorId,
    },

    /// A document's length cannot be right.
    #[error("document length {length} where {available} bytes are available")]
    InvalidDocumentLength {
        /// The declared length.
        length: i32,
        /// The length that is available, or that it has to equal.
        available: usize,
    },

    /// A document or string does not end with the NUL byte its length points at.
    #[error("missing terminator")]
    MissingTerminator,

    /// A document's terminator stands before the end that its length declares.
    #[error("document ends {remaining} bytes before its declared length")]
    EarlyTerminator {
        /// Bytes between the terminator and the declared end.
        remaining: usize,
    },

    /// A string or binary value's length cannot be right.
    #[error("value length {length} where {available} bytes are left")]
    InvalidValueLength {
        /// The declared length.
        length: i32,
        /// Bytes left in the document.
        available: usize,
    },

    /// An element's type byte is none of BSON's.
    #[error("unknown element type {element_type:#04x}")]
    UnknownElementType {
        /// The type byte.
        element_type: u8,
    },

    /// A boolean is neither 0 nor 1.
    #[error("boolean with value {value}")]
    InvalidBoolean {
        /// The value byte.
        value: u8,
    },

    /// Text that was asked for as `str` is not UTF-8.
    #[error("text is not valid UTF-8 after {valid_up_to} bytes")]
    InvalidUtf8 {
        /// Length of the valid beginning in bytes.
        valid_up_to: usize,
    },

    /// A buffer is too small for what is to be written in place.
    #[error("buffer of {available} bytes where {needed} are needed")]
    BufferTooSmall {
        /// Bytes needed.
        needed: usize,
        /// Bytes there are.
        available: usize,
    },
}
