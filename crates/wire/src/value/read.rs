//! Reading a value, of which nothing but its type is known.

use super::element_type as t;
use super::{Text, Value};
use crate::bytes::{array_at, cstring_at, i32_at, i64_at};
use crate::document::Document;
use crate::error::WireError;

/// Reads the value at the beginning of `rest`; gives its bytes as well.
#[inline]
pub(crate) fn read(type_byte: u8, rest: &[u8]) -> Result<(Value<'_>, &[u8]), WireError> {
    let (value, length) = match type_byte {
        t::DOUBLE => (Value::Double(f64::from_le_bytes(array_at(rest, 0)?)), 8),
        t::STRING => {
            let bytes = string_at(rest, 0)?;
            (Value::String(Text { bytes }), 4 + bytes.len() + 1)
        }
        t::DOCUMENT => {
            let (document, _) = Document::split_first(rest)?;
            (Value::Document(document), document.as_bytes().len())
        }
        t::ARRAY => {
            let (array, _) = Document::split_first(rest)?;
            (Value::Array(array), array.as_bytes().len())
        }
        t::BINARY => {
            let bytes = counted_at(rest, 0, 5, 0)?;
            let [subtype] = array_at(rest, 4)?;
            (Value::Binary { subtype, bytes }, 5 + bytes.len())
        }
        t::OBJECT_ID => (Value::ObjectId(array_at(rest, 0)?), 12),
        t::BOOLEAN => match array_at(rest, 0)? {
            [value @ 0..=1] => (Value::Boolean(value == 1), 1),
            [value] => return Err(WireError::InvalidBoolean { value }),
        },
        t::DATE_TIME => (Value::DateTime(i64_at(rest, 0)?), 8),
        t::NULL => (Value::Null, 0),
        t::INT32 => (Value::Int32(i32_at(rest, 0)?), 4),
        t::TIMESTAMP => (Value::Timestamp(u64::from_le_bytes(array_at(rest, 0)?)), 8),
        t::INT64 => (Value::Int64(i64_at(rest, 0)?), 8),
        element_type => {
            let length = other_length(element_type, rest)?;
            let bytes = prefix(rest, length)?;
            (
                Value::Other {
                    element_type,
                    bytes,
                },
                length,
            )
        }
    };
    Ok((value, prefix(rest, length)?))
}

/// Length in bytes of a value of one of the types that are not read further.
fn other_length(element_type: u8, rest: &[u8]) -> Result<usize, WireError> {
    Ok(match element_type {
        t::UNDEFINED | t::MIN_KEY | t::MAX_KEY => 0,
        t::REGULAR_EXPRESSION => {
            let pattern = cstring_at(rest, 0)?.len() + 1;
            pattern + cstring_at(rest, pattern)?.len() + 1
        }
        t::DB_POINTER => 4 + string_at(rest, 0)?.len() + 1 + 12,
        t::JAVASCRIPT | t::SYMBOL => 4 + string_at(rest, 0)?.len() + 1,
        t::JAVASCRIPT_WITH_SCOPE => {
            // Its length counts itself: 4, the shortest string and the shortest document.
            counted_at(rest, 0, 0, 14)?.len()
        }
        t::DECIMAL128 => 16,
        element_type => return Err(WireError::UnknownElementType { element_type }),
    })
}

/// The string at `at`, without its length and terminator.
#[inline]
fn string_at(bytes: &[u8], at: usize) -> Result<&[u8], WireError> {
    match counted_at(bytes, at, 4, 1)?.split_last() {
        Some((0, text)) => Ok(text),
        _ => Err(WireError::MissingTerminator),
    }
}

/// As many bytes as the length at `at` says, from `offset` after `at` on; `minimum` of them at least.
#[inline]
fn counted_at(bytes: &[u8], at: usize, offset: usize, minimum: i32) -> Result<&[u8], WireError> {
    let length = i32_at(bytes, at)?;
    let rest = bytes.get(at + offset..).unwrap_or_default();
    usize::try_from(length)
        .ok()
        .filter(|_| length >= minimum)
        .and_then(|length| rest.get(..length))
        .ok_or(WireError::InvalidValueLength {
            length,
            available: rest.len(),
        })
}

#[inline]
fn prefix(bytes: &[u8], length: usize) -> Result<&[u8], WireError> {
    bytes.get(..length).ok_or(WireError::Truncated {
        needed: length,
        available: bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_strings_are_bounded() {
        for length in [-1, 0, 4, i32::MAX] {
            let bytes = [&i32::to_le_bytes(length)[..], b"ab\0"].concat();
            assert_eq!(
                read(t::STRING, &bytes),
                Err(WireError::InvalidValueLength {
                    length,
                    available: 3
                })
            );
        }
        assert_eq!(
            read(t::STRING, b"\x02\0\0\0abc"),
            Err(WireError::MissingTerminator)
        );
    }

    #[test]
    fn deprecated_types_are_skipped_by_their_length() {
        let cases: [(u8, &[u8]); 9] = [
            (t::UNDEFINED, b""),
            (t::MIN_KEY, b""),
            (t::MAX_KEY, b""),
            (t::REGULAR_EXPRESSION, b"a\0i\0"),
            (t::DB_POINTER, b"\x02\0\0\0a\x00123456789012"),
            (t::JAVASCRIPT, b"\x02\0\0\0a\0"),
            (t::SYMBOL, b"\x02\0\0\0a\0"),
            (
                t::JAVASCRIPT_WITH_SCOPE,
                b"\x0e\0\0\0\x01\0\0\0\0\x05\0\0\0\0",
            ),
            (t::DECIMAL128, b"0123456789012345"),
        ];
        for (type_byte, bytes) in cases {
            let longer = [bytes, b"next"].concat();
            let (value, read_bytes) = read(type_byte, &longer).unwrap();
            assert_eq!(read_bytes, bytes);
            let element_type = type_byte;
            assert_eq!(
                value,
                Value::Other {
                    element_type,
                    bytes
                }
            );
            for cut in 0..bytes.len() {
                assert!(read(type_byte, &bytes[..cut]).is_err(), "{type_byte} {cut}");
            }
        }
    }
}
