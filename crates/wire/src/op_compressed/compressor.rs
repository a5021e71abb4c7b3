//! A message into its OP_COMPRESSED form.

use std::fmt;

use flate2::{Compress, Compression, FlushCompress, Status};
use zstd::zstd_safe::{self, CCtx, CParameter};

use super::{CompressorId, DATA_AT};
use crate::bytes::saturate;
use crate::error::WireError;
use crate::header::{HEADER_LENGTH, Header, fix_length, op_code};

/// A compressor with its state, which is made once and reused: a zlib stream is 300 KB and a zstd
/// context can be a megabyte.
pub struct Compressor {
    id: CompressorId,
    state: State,
}

enum State {
    Noop,
    Snappy(Box<snap::raw::Encoder>),
    Zlib(Box<Compress>),
    /// `None` if there was no memory for one.
    Zstd(Option<CCtx<'static>>),
}

impl Compressor {
    /// A compressor. `zlib_level` is `zlibCompressionLevel`, -1 for the library's default to 9 for the most
    /// compression, and means nothing to the others; what is beyond is taken for the nearest.
    pub fn new(id: CompressorId, zlib_level: i32) -> Compressor {
        let state = match id {
            CompressorId::Noop => State::Noop,
            CompressorId::Snappy => State::Snappy(Box::new(snap::raw::Encoder::new())),
            CompressorId::Zlib => {
                let level = match u32::try_from(zlib_level) {
                    Ok(level) => Compression::new(level.min(9)),
                    Err(_) => Compression::default(),
                };
                State::Zlib(Box::new(Compress::new(level, true)))
            }
            CompressorId::Zstd => State::Zstd(zstd_context()),
        };
        Compressor { id, state }
    }

    /// Which one this is.
    pub fn id(&self) -> CompressorId {
        self.id
    }

    /// Appends the OP_COMPRESSED form of `message` to `out`.
    ///
    /// `message` is whole, its header included. Request id and `responseTo` are kept. Whether its command
    /// may be compressed is the caller's question to [`may_compress`](super::may_compress).
    ///
    /// # Errors
    ///
    /// When `message` is not one whole message or is compressed already, and [`WireError::CompressionFailed`]
    /// for want of memory. `out` is then as it was.
    pub fn compress(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let start = out.len();
        let written = self.append(message, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn append(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let header = Header::parse(message)?;
        if usize::try_from(header.message_length) != Ok(message.len()) {
            return Err(WireError::MessageLengthMismatch {
                declared: header.message_length,
                available: message.len(),
            });
        }
        if header.op_code == op_code::OP_COMPRESSED {
            return Err(WireError::NestedCompression);
        }
        let data = message.get(HEADER_LENGTH..).unwrap_or_default();
        let start = out.len();
        let compressed = Header {
            op_code: op_code::OP_COMPRESSED,
            ..header
        };
        compressed.write(out);
        out.extend_from_slice(&header.op_code.to_le_bytes());
        out.extend_from_slice(&saturate(data.len()).to_le_bytes());
        out.push(self.id as u8);
        debug_assert_eq!(out.len() - start, DATA_AT);
        self.append_data(data, out)
            .ok_or(WireError::CompressionFailed {
                compressor: self.id,
            })?;
        fix_length(out, start)?;
        Ok(())
    }

    fn append_data(&mut self, data: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match &mut self.state {
            State::Noop => out.extend_from_slice(data),
            State::Snappy(encoder) => {
                let bound = snap::raw::max_compress_len(data.len());
                into_bounded(out, bound, |place| encoder.compress(data, place).ok())?;
            }
            State::Zlib(stream) => deflate(stream, data, out)?,
            State::Zstd(context) => {
                let context = context.as_mut()?;
                let bound = zstd_safe::compress_bound(data.len());
                into_bounded(out, bound, |place| context.compress2(place, data).ok())?;
            }
        }
        Some(())
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Compressor").field(&self.id).finish()
    }
}

fn zstd_context() -> Option<CCtx<'static>> {
    let mut context = CCtx::try_create()?;
    let level = CParameter::CompressionLevel(zstd::DEFAULT_COMPRESSION_LEVEL);
    context.set_parameter(level).ok()?;
    Some(context)
}

/// Lets `compress` write to as many as `bound` bytes at the end of `out`; it gives how many they are.
fn into_bounded(
    out: &mut Vec<u8>,
    bound: usize,
    compress: impl FnOnce(&mut [u8]) -> Option<usize>,
) -> Option<()> {
    let start = out.len();
    out.resize(start + bound, 0);
    let written = compress(out.get_mut(start..)?)?;
    out.truncate(start + written);
    Some(())
}

fn deflate(stream: &mut Compress, data: &[u8], out: &mut Vec<u8>) -> Option<()> {
    stream.reset();
    out.reserve(data.len() / 4 + 64);
    loop {
        let consumed = usize::try_from(stream.total_in()).ok()?;
        let rest = data.get(consumed..)?;
        let status = stream.compress_vec(rest, out, FlushCompress::Finish).ok()?;
        if status == Status::StreamEnd {
            return Some(());
        }
        out.reserve(rest.len() / 2 + 64);
    }
}
