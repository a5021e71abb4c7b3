//! The 16 bytes in front of every message.

use crate::bytes::i32_at;
use crate::error::WireError;

/// Length of a message header in bytes.
pub const HEADER_LENGTH: usize = 16;

/// Numbers that say what follows a header.
pub mod op_code {
    /// The server's answer to OP_QUERY.
    pub const OP_REPLY: i32 = 1;
    /// The legacy query, still used for the first `hello` of a connection.
    pub const OP_QUERY: i32 = 2004;
    /// A compressed message of another kind.
    pub const OP_COMPRESSED: i32 = 2012;
    /// Requests and replies of every current server.
    pub const OP_MSG: i32 = 2013;
}

/// A message header, as found on the wire: no field is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Length of the whole message in bytes, the header included.
    pub message_length: i32,
    /// The sender's identifier of this message.
    pub request_id: i32,
    /// The `request_id` of the request that this message answers; 0 in requests.
    pub response_to: i32,
    /// One of [`op_code`], or something unknown.
    pub op_code: i32,
}

impl Header {
    /// Reads the header at the beginning of `bytes`.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`] when there are fewer than [`HEADER_LENGTH`] bytes.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Header, WireError> {
        if bytes.len() < HEADER_LENGTH {
            return Err(WireError::Truncated {
                needed: HEADER_LENGTH,
                available: bytes.len(),
            });
        }
        Ok(Header {
            message_length: i32_at(bytes, 0)?,
            request_id: i32_at(bytes, 4)?,
            response_to: i32_at(bytes, 8)?,
            op_code: i32_at(bytes, 12)?,
        })
    }

    /// Appends the header to `buffer`.
    #[inline]
    pub fn write(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.to_bytes());
    }

    /// The header as it stands on the wire.
    #[inline]
    pub fn to_bytes(&self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        let fields = [
            self.message_length,
            self.request_id,
            self.response_to,
            self.op_code,
        ];
        for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    /// The header of `message`, which has to be complete and of the kind `expected`.
    pub(crate) fn parse_whole(message: &[u8], expected: i32) -> Result<Header, WireError> {
        let header = Header::parse(message)?;
        if usize::try_from(header.message_length) != Ok(message.len()) {
            return Err(WireError::MessageLengthMismatch {
                declared: header.message_length,
                available: message.len(),
            });
        }
        if header.op_code != expected {
            return Err(WireError::UnexpectedOpCode {
                found: header.op_code,
                expected,
            });
        }
        Ok(header)
    }
}

/// Fills in the length of the message that begins at `start` and ends `buffer`.
pub(crate) fn fix_length(buffer: &mut [u8], start: usize) -> Result<usize, WireError> {
    let length = buffer.len().saturating_sub(start);
    let Ok(wire_length) = i32::try_from(length) else {
        return Err(WireError::MessageTooLong {
            length,
            limit: i32::MAX as usize,
        });
    };
    match buffer.get_mut(start..start + 4) {
        Some(place) => place.copy_from_slice(&wire_length.to_le_bytes()),
        None => {
            return Err(WireError::BufferTooSmall {
                needed: HEADER_LENGTH,
                available: length,
            });
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        message_length: 16,
        request_id: -2,
        response_to: 7,
        op_code: op_code::OP_MSG,
    };

    #[test]
    fn what_is_written_is_read() {
        let mut buffer = vec![];
        HEADER.write(&mut buffer);
        assert_eq!(buffer.len(), HEADER_LENGTH);
        assert_eq!(Header::parse(&buffer), Ok(HEADER));
    }

    #[test]
    fn fifteen_bytes_are_no_header() {
        assert_eq!(
            Header::parse(&HEADER.to_bytes()[..15]),
            Err(WireError::Truncated {
                needed: 16,
                available: 15
            })
        );
    }

    #[test]
    fn a_whole_message_has_its_declared_length_and_kind() {
        let bytes = HEADER.to_bytes();
        assert_eq!(Header::parse_whole(&bytes, op_code::OP_MSG), Ok(HEADER));
        assert_eq!(
            Header::parse_whole(&bytes, op_code::OP_REPLY),
            Err(WireError::UnexpectedOpCode {
                found: 2013,
                expected: 1
            })
        );
        let mut longer = bytes.to_vec();
        longer.push(0);
        assert_eq!(
            Header::parse_whole(&longer, op_code::OP_MSG),
            Err(WireError::MessageLengthMismatch {
                declared: 16,
                available: 17
            })
        );
    }
}
