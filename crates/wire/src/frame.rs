//! Where a message ends in a stream of bytes.

use crate::bytes::saturate;
use crate::error::WireError;
use crate::header::HEADER_LENGTH;

/// The largest message in bytes, for a server that has not said otherwise (`maxMessageSizeBytes`).
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 48_000_000;

/// The length in bytes of the message that begins with `prefix`, or `None` while its first four bytes
/// are not all there.
///
/// It looks at those four bytes alone, so that it may be asked at any point of a stream, and so that a
/// hostile length is refused before a byte is reserved for it.
///
/// # Errors
///
/// [`WireError::MessageTooShort`] for a length that has no room for a header (a negative one too),
/// [`WireError::MessageTooLong`] for one above `limit`, in bytes.
#[inline]
pub fn frame_length(prefix: &[u8], limit: usize) -> Result<Option<usize>, WireError> {
    let Some(first) = prefix.first_chunk::<4>() else {
        return Ok(None);
    };
    let declared = i32::from_le_bytes(*first);
    let length = usize::try_from(declared).unwrap_or(0);
    if length < HEADER_LENGTH {
        return Err(WireError::MessageTooShort {
            length: declared,
            minimum: HEADER_LENGTH,
        });
    }
    if length > limit {
        return Err(WireError::MessageTooLong { length, limit });
    }
    Ok(Some(length))
}

/// The first message of `stream` if all of it is there.
///
/// # Errors
///
/// Those of [`frame_length`].
#[inline]
pub fn first_frame(stream: &[u8], limit: usize) -> Result<Option<&[u8]>, WireError> {
    Ok(frame_length(stream, limit)?.and_then(|length| stream.get(..length)))
}

/// How many bytes are missing until the first message of `stream` is complete; 0 when it is.
///
/// Before the length is known, it is what the length field lacks. A reader sizes its next read with it.
///
/// # Errors
///
/// Those of [`frame_length`].
pub fn missing(stream: &[u8], limit: usize) -> Result<usize, WireError> {
    let whole = frame_length(stream, limit)?.unwrap_or(4);
    Ok(whole.saturating_sub(stream.len()))
}

/// The limit as a length field can express it.
///
/// A server may state a `maxMessageSizeBytes` that is negative or absurd; this keeps it between a
/// header's length and `i32::MAX`.
pub fn clamp_limit(limit: i64) -> usize {
    let limit = usize::try_from(limit).unwrap_or(0).max(HEADER_LENGTH);
    // Never negative: `saturate` gives at most i32::MAX, at least HEADER_LENGTH.
    usize::try_from(saturate(limit)).unwrap_or(HEADER_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_unknown_before_four_bytes() {
        assert_eq!(frame_length(&[], 100), Ok(None));
        assert_eq!(frame_length(&[16, 0, 0], 100), Ok(None));
        assert_eq!(frame_length(&[16, 0, 0, 0], 100), Ok(Some(16)));
    }

    #[test]
    fn a_length_below_a_header_is_refused() {
        for declared in [15, 0, -1, i32::MIN] {
            assert_eq!(
                frame_length(&declared.to_le_bytes(), 100),
                Err(WireError::MessageTooShort {
                    length: declared,
                    minimum: 16
                })
            );
        }
    }

    #[test]
    fn a_length_above_the_limit_is_refused() {
        assert_eq!(frame_length(&100_i32.to_le_bytes(), 100), Ok(Some(100)));
        let error = frame_length(&101_i32.to_le_bytes(), 100).unwrap_err();
        assert_eq!(
            error,
            WireError::MessageTooLong {
                length: 101,
                limit: 100
            }
        );
        assert_eq!(
            error.to_string(),
            "message length 101 exceeds the limit of 100"
        );
    }

    #[test]
    fn missing_counts_down_to_zero() {
        let mut stream = 20_i32.to_le_bytes().to_vec();
        assert_eq!(missing(&stream[..1], 100), Ok(3));
        assert_eq!(missing(&stream, 100), Ok(16));
        stream.resize(20, 0);
        assert_eq!(missing(&stream, 100), Ok(0));
        assert_eq!(first_frame(&stream, 100).unwrap().unwrap().len(), 20);
    }

    #[test]
    fn absurd_limits_are_clamped() {
        assert_eq!(clamp_limit(-5), 16);
        assert_eq!(clamp_limit(48_000_000), 48_000_000);
        assert_eq!(clamp_limit(i64::MAX), i32::MAX as usize);
    }
}
