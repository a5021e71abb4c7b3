//! An OP_COMPRESSED into the message inside of it.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::zstd_safe::{self, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::growing::{Growing, USUAL_RATIO};
use super::{CompressorId, Wrapped};
use crate::error::WireError;

/// The window that every zstd decoder should have (RFC 8878, section 3.1.1.1.2), as a power of two.
const USUAL_WINDOW_LOG: u32 = 23;
const MAX_WINDOW_LOG: u32 = 27;

/// A zstd context with a larger buffer than this, in bytes, is not kept for the next message.
const KEPT_CONTEXT: usize = 1 << 20;

/// Unwraps messages of every compressor, with state that is made with the first one that needs it.
#[derive(Default)]
pub struct Decompressor {
    zlib: Option<Box<Decompress>>,
    zstd: Option<DCtx<'static>>,
}

impl Decompressor {
    /// A decompressor; it allocates nothing yet.
    pub fn new() -> Decompressor {
        Decompressor::default()
    }

    /// Appends the message inside of `message` to `out`: a header with its opcode and the same ids, and
    /// as many bytes as were declared. Gives which compressor had been used.
    ///
    /// `limit` is the largest length of the message inside, in bytes, its header counted. It is looked at before
    /// anything is reserved, `out` never grows beyond it, and a large size that the compressed bytes do not
    /// keep is never reserved as a whole. Decoding zstd that says nothing of its size takes a window
    /// of 8 MB or the declared size beside it, where the compression is unusually high.
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] for a size above `limit`, and whatever else makes `message` no
    /// OP_COMPRESSED: a compressor that is unknown, another one inside, a negative size, bytes that cannot be
    /// decompressed or that have another size than was declared. `out` is then as it was.
    pub fn decompress(
        &mut self,
        message: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<CompressorId, WireError> {
        let wrapped = Wrapped::parse(message, limit)?;
        let start = out.len();
        let unwrapped = self.append(&wrapped, out);
        if unwrapped.is_err() {
            out.truncate(start);
        }
        unwrapped.map(|()| wrapped.compressor)
    }

    fn append(&mut self, wrapped: &Wrapped<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
        let data = wrapped.data;
        let is_size = match wrapped.compressor {
            CompressorId::Noop => wrapped.has_size(data.len()),
            CompressorId::Snappy => snappy_size(wrapped).and_then(|size| wrapped.has_size(size)),
            CompressorId::Zlib => Ok(()),
            CompressorId::Zstd => match zstd_safe::get_frame_content_size(data) {
                Ok(Some(size)) => wrapped.has_size(usize::try_from(size).unwrap_or(usize::MAX)),
                Ok(None) => Ok(()),
                Err(_) => Err(wrapped.invalid()),
            },
        };
        is_size?;
        wrapped.header.write(out);
        let mut growing = Growing::new(out, wrapped.size, data.len());
        match wrapped.compressor {
            CompressorId::Noop => {
                growing.place().copy_from_slice(data);
                growing.advance(data.len());
            }
            CompressorId::Snappy => {
                let mut decoder = snap::raw::Decoder::new();
                let written = decoder.decompress(data, growing.place());
                growing.advance(written.map_err(|_| wrapped.invalid())?);
            }
            CompressorId::Zlib => {
                let stream = self
                    .zlib
                    .get_or_insert_with(|| Box::new(Decompress::new(true)));
                inflate(stream, wrapped, &mut growing)?;
            }
            CompressorId::Zstd => {
                let mut context = match self.zstd.take().or_else(DCtx::try_create) {
                    Some(context) => context,
                    None => return Err(wrapped.failed()),
                };
                let decoded = decode_zstd(&mut context, wrapped, &mut growing);
                if context.sizeof() <= KEPT_CONTEXT {
                    self.zstd = Some(context);
                }
                decoded?;
            }
        }
        wrapped.has_size(growing.written())
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Decompressor")
    }
}

impl Wrapped<'_> {
    fn has_size(&self, found: usize) -> Result<(), WireError> {
        if found == self.size {
            return Ok(());
        }
        Err(WireError::UncompressedSizeMismatch {
            declared: self.size,
            found,
        })
    }

    fn invalid(&self) -> WireError {
        WireError::InvalidCompressedData {
            compressor: self.compressor,
        }
    }

    fn failed(&self) -> WireError {
        WireError::CompressionFailed {
            compressor: self.compressor,
        }
    }
}

/// The size that snappy's data begins with, if the data is long enough to keep it. Snappy is decoded in
/// one piece, so all of it has to be there at once.
fn snappy_size(wrapped: &Wrapped<'_>) -> Result<usize, WireError> {
    match snap::raw::decompress_len(wrapped.data) {
        Ok(size) if size <= wrapped.data.len().saturating_mul(USUAL_RATIO) => Ok(size),
        _ => Err(wrapped.invalid()),
    }
}

fn inflate(
    stream: &mut Decompress,
    wrapped: &Wrapped<'_>,
    growing: &mut Growing<'_>,
) -> Result<(), WireError> {
    stream.reset(true);
    let mut rest = wrapped.data;
    loop {
        // The end of the stream may still be to come when the last byte is out, and a byte more as well.
        let (mut surplus, is_full) = ([0], growing.is_full());
        let place = if is_full {
            &mut surplus[..]
        } else {
            growing.place()
        };
        let before = (stream.total_in(), stream.total_out());
        let status = stream
            .decompress(rest, place, FlushDecompress::None)
            .map_err(|_| wrapped.invalid())?;
        let consumed = stream.total_in() - before.0;
        let written = usize::try_from(stream.total_out() - before.1).unwrap_or(usize::MAX);
        rest = usize::try_from(consumed)
            .ok()
            .and_then(|consumed| rest.get(consumed..))
            .unwrap_or_default();
        if is_full && written > 0 {
            return wrapped.has_size(wrapped.size + written);
        }
        growing.advance(written);
        match status {
            Status::StreamEnd if rest.is_empty() => return Ok(()),
            Status::StreamEnd => return Err(wrapped.invalid()),
            Status::Ok | Status::BufError if consumed == 0 && written == 0 => {
                return Err(wrapped.invalid());
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

fn decode_zstd(
    context: &mut DCtx<'_>,
    wrapped: &Wrapped<'_>,
    growing: &mut Growing<'_>,
) -> Result<(), WireError> {
    let window_log = wrapped.size.max(1).ilog2() + 1;
    let window_log = window_log.clamp(USUAL_WINDOW_LOG, MAX_WINDOW_LOG);
    let is_ready = context.reset(ResetDirective::SessionOnly).is_ok()
        && context
            .set_parameter(DParameter::WindowLogMax(window_log))
            .is_ok();
    if !is_ready {
        return Err(wrapped.failed());
    }
    let mut input = InBuffer::around(wrapped.data);
    loop {
        // As in `inflate`.
        let (mut surplus, is_full) = ([0], growing.is_full());
        let place = if is_full {
            &mut surplus[..]
        } else {
            growing.place()
        };
        let consumed_before = input.pos();
        let mut output = OutBuffer::around(place);
        let expected = context
            .decompress_stream(&mut output, &mut input)
            .map_err(|_| wrapped.invalid())?;
        let (written, consumed) = (output.pos(), input.pos() - consumed_before);
        if is_full && written > 0 {
            return wrapped.has_size(wrapped.size + written);
        }
        growing.advance(written);
        if expected == 0 {
            return match input.pos() == wrapped.data.len() {
                true => Ok(()),
                false => Err(wrapped.invalid()),
            };
        }
        if written == 0 && consumed == 0 {
            return Err(wrapped.invalid());
        }
    }
}
