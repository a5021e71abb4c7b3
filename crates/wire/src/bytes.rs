//! Little-endian reads that check their bounds.

use crate::error::WireError;

/// The `N` bytes at `at`.
#[inline]
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], WireError> {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk::<N>() {
        Some(chunk) => Ok(*chunk),
        None => Err(WireError::Truncated {
            needed: N,
            available: rest.len(),
        }),
    }
}

#[inline]
pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Result<i32, WireError> {
    array_at(bytes, at).map(i32::from_le_bytes)
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, WireError> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

#[inline]
pub(crate) fn i64_at(bytes: &[u8], at: usize) -> Result<i64, WireError> {
    array_at(bytes, at).map(i64::from_le_bytes)
}

/// The NUL-terminated string at `at`, without its NUL.
#[inline]
pub(crate) fn cstring_at(bytes: &[u8], at: usize) -> Result<&[u8], WireError> {
    let rest = bytes.get(at..).unwrap_or_default();
    // Keys are short: a plain loop beats a vectorised search with its set-up.
    match rest.iter().position(|&byte| byte == 0) {
        Some(length) => Ok(rest.get(..length).unwrap_or_default()),
        None => Err(WireError::MissingTerminator),
    }
}

pub(crate) fn to_str(bytes: &[u8]) -> Result<&str, WireError> {
    std::str::from_utf8(bytes).map_err(|error| WireError::InvalidUtf8 {
        valid_up_to: error.valid_up_to(),
    })
}

/// A length as the wire's `int32`; one that does not fit becomes `i32::MAX`, which no message can have.
#[inline]
pub(crate) fn saturate(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_past_the_end_are_truncated() {
        assert_eq!(
            i32_at(&[1, 0, 0, 0, 9], 1),
            Ok(i32::from_le_bytes([0, 0, 0, 9]))
        );
        assert_eq!(
            i32_at(&[1, 0, 0, 0], 1),
            Err(WireError::Truncated {
                needed: 4,
                available: 3
            })
        );
        assert_eq!(
            i64_at(&[], usize::MAX),
            Err(WireError::Truncated {
                needed: 8,
                available: 0
            })
        );
    }

    #[test]
    fn a_cstring_needs_its_terminator() {
        assert_eq!(cstring_at(b"_ab\0c", 1), Ok(&b"ab"[..]));
        assert_eq!(cstring_at(b"ab", 0), Err(WireError::MissingTerminator));
    }
}
