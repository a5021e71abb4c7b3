//! OP_QUERY, which survives as the first `hello` to a server that may know nothing newer.

use crate::bytes::{cstring_at, i32_at, to_str, u32_at};
use crate::document::Document;
use crate::error::WireError;
use crate::header::{HEADER_LENGTH, Header, fix_length, op_code};

/// Bits of an OP_QUERY's flags.
pub mod flags {
    /// The query may run on a secondary; clients that connect to one server set it.
    pub const SECONDARY_OK: u32 = 1 << 2;
}

/// A parsed OP_QUERY; it borrows the message's bytes.
#[derive(Debug, Clone, Copy)]
pub struct OpQuery<'a> {
    /// The message's header.
    pub header: Header,
    /// Bits of [`flags`].
    pub flags: u32,
    /// Database and collection with a dot between them; a command's ends with `.$cmd`.
    pub full_collection_name: &'a str,
    /// Documents to skip.
    pub number_to_skip: i32,
    /// Documents to return; -1 or 1 for a command.
    pub number_to_return: i32,
    /// The query, or the command.
    pub query: Document<'a>,
    /// Fields to return.
    pub return_fields_selector: Option<Document<'a>>,
}

impl<'a> OpQuery<'a> {
    /// Parses one whole message, the header included.
    ///
    /// # Errors
    ///
    /// Whenever `message` is not exactly one OP_QUERY.
    pub fn parse(message: &'a [u8]) -> Result<OpQuery<'a>, WireError> {
        let header = Header::parse_whole(message, op_code::OP_QUERY)?;
        let flags = u32_at(message, HEADER_LENGTH)?;
        let name = cstring_at(message, HEADER_LENGTH + 4)?;
        let at = HEADER_LENGTH + 4 + name.len() + 1;
        let number_to_skip = i32_at(message, at)?;
        let number_to_return = i32_at(message, at + 4)?;
        let rest = message.get(at + 8..).unwrap_or_default();
        let (query, rest) = Document::split_first(rest)?;
        Ok(OpQuery {
            header,
            flags,
            full_collection_name: to_str(name)?,
            number_to_skip,
            number_to_return,
            query,
            return_fields_selector: match rest {
                [] => None,
                rest => Some(Document::new(rest)?),
            },
        })
    }

    /// The database of a command, or `None` when the query is not one.
    pub fn command_database(&self) -> Option<&'a str> {
        self.full_collection_name.strip_suffix(".$cmd")
    }
}

/// Appends `command`, a whole BSON document, as a query for `<database>.$cmd`.
///
/// Gives the message's length in bytes. Flags are bits of [`flags`].
///
/// # Errors
///
/// [`WireError::MessageTooLong`] above `i32::MAX`.
pub fn write_command(
    buffer: &mut Vec<u8>,
    request_id: i32,
    flags: u32,
    database: &str,
    command: &[u8],
) -> Result<usize, WireError> {
    let start = buffer.len();
    Header {
        message_length: 0,
        request_id,
        response_to: 0,
        op_code: op_code::OP_QUERY,
    }
    .write(buffer);
    buffer.extend_from_slice(&flags.to_le_bytes());
    buffer.extend(database.bytes().take_while(|&byte| byte != 0));
    buffer.extend_from_slice(b".$cmd\0");
    buffer.extend_from_slice(&0_i32.to_le_bytes());
    buffer.extend_from_slice(&(-1_i32).to_le_bytes());
    buffer.extend_from_slice(command);
    fix_length(buffer, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = &[5, 0, 0, 0, 0];

    fn query() -> Vec<u8> {
        let mut buffer = vec![];
        write_command(&mut buffer, 4, flags::SECONDARY_OK, "admin", EMPTY).unwrap();
        buffer
    }

    #[test]
    fn what_is_written_is_read() {
        let buffer = query();
        let parsed = OpQuery::parse(&buffer).unwrap();
        assert_eq!(parsed.header.request_id, 4);
        assert_eq!(parsed.flags, flags::SECONDARY_OK);
        assert_eq!(parsed.full_collection_name, "admin.$cmd");
        assert_eq!(parsed.command_database(), Some("admin"));
        assert_eq!((parsed.number_to_skip, parsed.number_to_return), (0, -1));
        assert_eq!(parsed.query.as_bytes(), EMPTY);
        assert!(parsed.return_fields_selector.is_none());
    }

    #[test]
    fn a_second_document_selects_fields() {
        let mut buffer = query();
        buffer.extend_from_slice(EMPTY);
        fix_length(&mut buffer, 0).unwrap();
        let parsed = OpQuery::parse(&buffer).unwrap();
        assert!(parsed.return_fields_selector.is_some());
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = query();
        for length in HEADER_LENGTH..whole.len() {
            let mut cut = whole[..length].to_vec();
            fix_length(&mut cut, 0).unwrap();
            assert!(OpQuery::parse(&cut).is_err(), "cut at {length}");
        }
    }
}
