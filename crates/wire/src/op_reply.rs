//! OP_REPLY, the answer to OP_QUERY.

use crate::bytes::{i32_at, i64_at, saturate, u32_at};
use crate::document::Document;
use crate::documents::Documents;
use crate::error::WireError;
use crate::header::{HEADER_LENGTH, Header, fix_length, op_code};

/// Bits of an OP_REPLY's flags.
pub mod response_flags {
    /// The cursor of a legacy getMore does not exist.
    pub const CURSOR_NOT_FOUND: u32 = 1;
    /// The query failed; the only document has `$err`.
    pub const QUERY_FAILURE: u32 = 1 << 1;
    /// Between a mongos and its shards.
    pub const SHARD_CONFIG_STALE: u32 = 1 << 2;
    /// The server knows awaitData; always set.
    pub const AWAIT_CAPABLE: u32 = 1 << 3;
}

const DOCUMENTS_AT: usize = HEADER_LENGTH + 20;

/// A parsed OP_REPLY; it borrows the message's bytes.
#[derive(Debug, Clone)]
pub struct OpReply<'a> {
    /// The message's header.
    pub header: Header,
    /// Bits of [`response_flags`].
    pub flags: u32,
    /// The cursor's id; 0 when nothing more is to come.
    pub cursor_id: i64,
    /// Position of the first document in its cursor.
    pub starting_from: i32,
    /// The documents' bytes, as many as the reply declares.
    pub documents: Documents<'a>,
}

impl<'a> OpReply<'a> {
    /// Parses one whole message, the header included.
    ///
    /// # Errors
    ///
    /// Whenever `message` is not exactly one OP_REPLY with as many documents as it declares.
    pub fn parse(message: &'a [u8]) -> Result<OpReply<'a>, WireError> {
        let header = Header::parse_whole(message, op_code::OP_REPLY)?;
        let declared = i32_at(message, HEADER_LENGTH + 16)?;
        let documents = Documents::new(message.get(DOCUMENTS_AT..).unwrap_or_default())?;
        let found = documents.clone().count();
        if usize::try_from(declared) != Ok(found) {
            return Err(WireError::DocumentCountMismatch { declared, found });
        }
        Ok(OpReply {
            header,
            flags: u32_at(message, HEADER_LENGTH)?,
            cursor_id: i64_at(message, HEADER_LENGTH + 4)?,
            starting_from: i32_at(message, HEADER_LENGTH + 12)?,
            documents,
        })
    }

    /// The first document, which is a command's reply.
    pub fn document(&self) -> Option<Document<'a>> {
        self.documents.clone().next().map(Document::from_validated)
    }

    /// Whether the server says that the query failed.
    pub fn is_query_failure(&self) -> bool {
        self.flags & response_flags::QUERY_FAILURE != 0
    }
}

/// Appends a reply with whole BSON documents and no cursor.
///
/// Gives the message's length in bytes. Flags are bits of [`response_flags`].
///
/// # Errors
///
/// [`WireError::MessageTooLong`] above `i32::MAX`.
pub fn write<'d>(
    buffer: &mut Vec<u8>,
    request_id: i32,
    response_to: i32,
    flags: u32,
    documents: impl IntoIterator<Item = &'d [u8]>,
) -> Result<usize, WireError> {
    let start = buffer.len();
    Header {
        message_length: 0,
        request_id,
        response_to,
        op_code: op_code::OP_REPLY,
    }
    .write(buffer);
    buffer.extend_from_slice(&flags.to_le_bytes());
    // No cursor, starting from 0; the number of documents is known after them.
    buffer.extend_from_slice(&[0; 16]);
    let mut count = 0;
    for document in documents {
        buffer.extend_from_slice(document);
        count += 1;
    }
    let count_at = start + HEADER_LENGTH + 16;
    if let Some(place) = buffer.get_mut(count_at..count_at + 4) {
        place.copy_from_slice(&saturate(count).to_le_bytes());
    }
    fix_length(buffer, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = &[5, 0, 0, 0, 0];

    fn reply(documents: usize) -> Vec<u8> {
        let mut buffer = vec![];
        let flags = response_flags::AWAIT_CAPABLE;
        write(&mut buffer, 3, 4, flags, vec![EMPTY; documents]).unwrap();
        buffer
    }

    #[test]
    fn what_is_written_is_read() {
        let buffer = reply(2);
        let parsed = OpReply::parse(&buffer).unwrap();
        assert_eq!(
            (parsed.header.request_id, parsed.header.response_to),
            (3, 4)
        );
        assert_eq!((parsed.cursor_id, parsed.starting_from), (0, 0));
        assert_eq!(parsed.documents.clone().count(), 2);
        assert_eq!(parsed.document().unwrap().as_bytes(), EMPTY);
        assert!(!parsed.is_query_failure());
    }

    #[test]
    fn a_declared_count_has_to_be_true() {
        let mut buffer = reply(1);
        buffer[HEADER_LENGTH + 16] = 2;
        assert_eq!(
            OpReply::parse(&buffer).unwrap_err(),
            WireError::DocumentCountMismatch {
                declared: 2,
                found: 1
            }
        );
    }

    #[test]
    fn an_empty_reply_has_no_document() {
        assert!(OpReply::parse(&reply(0)).unwrap().document().is_none());
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = reply(1);
        for length in HEADER_LENGTH..whole.len() {
            let mut cut = whole[..length].to_vec();
            fix_length(&mut cut, 0).unwrap();
            assert!(OpReply::parse(&cut).is_err(), "cut at {length}");
        }
    }
}
