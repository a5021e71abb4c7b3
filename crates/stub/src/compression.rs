//! OP_COMPRESSED on one connection: what it needs to read and write each compressor's messages.

use ferropool_wire::{
    Compressor, CompressorId, DEFAULT_MAX_MESSAGE_SIZE, Decompressor, WireError, is_compressed,
};

/// What a client may choose from, in a server's own order.
pub(crate) const OFFERED: [CompressorId; 3] =
    [CompressorId::Snappy, CompressorId::Zstd, CompressorId::Zlib];

/// When replies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CompressReplies {
    /// As the request was.
    #[default]
    LikeRequest,
    Never,
    /// Every one, even that to the hello in which the client offers it.
    With(CompressorId),
}

impl CompressReplies {
    pub(crate) fn parse(name: &str) -> Option<CompressReplies> {
        match name {
            "never" => Some(CompressReplies::Never),
            name => CompressorId::from_name(name).map(CompressReplies::With),
        }
    }

    /// What the reply to a request is compressed with.
    pub(crate) fn to(self, request: Option<CompressorId>) -> Option<CompressorId> {
        match self {
            CompressReplies::LikeRequest => request,
            CompressReplies::Never => None,
            CompressReplies::With(id) => Some(id),
        }
    }
}

/// The compressors of one connection, each made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Codecs {
    decompressor: Decompressor,
    compressors: Vec<Compressor>,
}

impl Codecs {
    /// The message inside of a compressed one, and its compressor; nothing when it is not compressed.
    pub(crate) fn unwrap(
        &mut self,
        message: &[u8],
    ) -> Result<Option<(CompressorId, Vec<u8>)>, WireError> {
        if !is_compressed(message) {
            return Ok(None);
        }
        let mut whole = vec![];
        let limit = DEFAULT_MAX_MESSAGE_SIZE;
        let id = self.decompressor.decompress(message, limit, &mut whole)?;
        Ok(Some((id, whole)))
    }

    /// Compresses the message that begins at `start` and ends `output`; gives its length.
    pub(crate) fn wrap(
        &mut self,
        output: &mut Vec<u8>,
        start: usize,
        id: CompressorId,
    ) -> Result<usize, WireError> {
        let message = output.split_off(start);
        self.compressor(id).compress(&message, output)?;
        Ok(output.len() - start)
    }

    fn compressor(&mut self, id: CompressorId) -> &mut Compressor {
        let compressors = &mut self.compressors;
        let found = compressors.iter().position(|made| made.id() == id);
        let at = found.unwrap_or(compressors.len());
        if found.is_none() {
            compressors.push(Compressor::new(id, -1));
        }
        &mut compressors[at]
    }
}
