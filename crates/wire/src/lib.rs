//! MongoDB wire messages: framing, OP_MSG, OP_REPLY, OP_COMPRESSED and BSON appending. No I/O, no clock.
//!
//! Reading borrows: a parsed message, document or value points into the bytes it was read from, and
//! nothing is allocated, so that a hostile length can cost nothing but an error. Every length is
//! checked against the bytes that are really there before it is used.
//!
//! Writing appends to a `Vec<u8>` that the caller owns and reuses; lengths are filled in afterwards.
//!
//! [`tape`] flattens documents for a reader in JavaScript.
//!
//! What this crate does not know: sockets, time, which command a document holds.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod bytes;

pub mod error;
pub mod header;

pub mod frame;
pub mod reassembly;

pub mod op_compressed;
pub mod op_msg;
pub mod op_query;
pub mod op_reply;

pub mod document;
pub mod documents;
pub mod value;

pub mod append;

pub mod tape;

pub use append::Appender;
pub use document::{Document, Element};
pub use documents::Documents;
pub use error::WireError;
pub use frame::{DEFAULT_MAX_MESSAGE_SIZE, frame_length};
pub use header::{HEADER_LENGTH, Header, op_code};
pub use op_compressed::{Compressor, CompressorId, Decompressor, is_compressed, may_compress};
pub use op_msg::OpMsg;
pub use reassembly::Frame;
pub use value::{Text, Value};
