use ferropool_wire::WireError;
use ferropool_wire::op_compressed::{self, CompressorId, Decompressor};
use std::cell::RefCell;

/// A network compressor (`compressors`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// snappy.
    Snappy,
    /// zlib, with its level: -1 is the library's default, 0 none, 9 the most (`zlibCompressionLevel`).
    Zlib(i8),
    /// Zstandard.
    Zstd,
}

impl Compressor {
    /// The name on the wire and in options.
    pub fn name(self) -> &'static str {
        self.id().name()
    }

    fn id(self) -> CompressorId {
        match self {
            Self::Snappy => CompressorId::Snappy,
            Self::Zlib(_) => CompressorId::Zlib,
            Self::Zstd => CompressorId::Zstd,
        }
    }

    fn new_state(self) -> op_compressed::Compressor {
        let level = match self {
            Self::Zlib(level) => level,
            Self::Snappy | Self::Zstd => -1,
        };
        op_compressed::Compressor::new(self.id(), level.into())
    }
}

thread_local! {
    // A state of up to a megabyte belongs to a thread, not to a connection.
    static COMPRESSORS: RefCell<Vec<(Compressor, op_compressed::Compressor)>> =
        const { RefCell::new(Vec::new()) };
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// Appends the compressed form of a whole message to `out`.
pub(crate) fn compress(
    with: Compressor,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    COMPRESSORS.with_borrow_mut(|compressors| {
        let known = compressors.iter().position(|(known, _)| *known == with);
        let at = known.unwrap_or_else(|| {
            compressors.push((with, with.new_state()));
            compressors.len() - 1
        });
        compressors[at].1.compress(message, out)
    })
}

/// Appends the message inside an OP_COMPRESSED to `out`: at most `limit` bytes.
pub(crate) fn decompress(message: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), WireError> {
    DECOMPRESSOR
        .with_borrow_mut(|decompressor| decompressor.decompress(message, limit, out))
        .map(drop)
}
