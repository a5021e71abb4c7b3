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
        match self {
            Self::Snappy => "snappy",
            Self::Zlib(_) => "zlib",
            Self::Zstd => "zstd",
        }
    }
}
