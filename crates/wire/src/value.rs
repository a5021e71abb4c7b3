//! BSON values: what stands behind an element's key.

mod read;

use std::borrow::Cow;

pub(crate) use read::read;

use crate::bytes::to_str;
use crate::document::Document;
use crate::error::WireError;

/// BSON's type bytes.
pub mod element_type {
    #![allow(missing_docs, reason = "the names are the specification's")]
    pub const DOUBLE: u8 = 0x01;
    pub const STRING: u8 = 0x02;
    pub const DOCUMENT: u8 = 0x03;
    pub const ARRAY: u8 = 0x04;
    pub const BINARY: u8 = 0x05;
    pub const UNDEFINED: u8 = 0x06;
    pub const OBJECT_ID: u8 = 0x07;
    pub const BOOLEAN: u8 = 0x08;
    pub const DATE_TIME: u8 = 0x09;
    pub const NULL: u8 = 0x0a;
    pub const REGULAR_EXPRESSION: u8 = 0x0b;
    pub const DB_POINTER: u8 = 0x0c;
    pub const JAVASCRIPT: u8 = 0x0d;
    pub const SYMBOL: u8 = 0x0e;
    pub const JAVASCRIPT_WITH_SCOPE: u8 = 0x0f;
    pub const INT32: u8 = 0x10;
    pub const TIMESTAMP: u8 = 0x11;
    pub const INT64: u8 = 0x12;
    pub const DECIMAL128: u8 = 0x13;
    pub const MAX_KEY: u8 = 0x7f;
    pub const MIN_KEY: u8 = 0xff;
}

/// A value, borrowed from its document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A 64-bit floating point number.
    Double(f64),
    /// A string, not yet known to be UTF-8.
    String(Text<'a>),
    /// A nested document; its elements are not checked.
    Document(Document<'a>),
    /// An array: a document whose keys are indexes.
    Array(Document<'a>),
    /// Bytes with a subtype; those of the old subtype 2 begin with their inner length.
    Binary {
        /// The subtype byte.
        subtype: u8,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// An ObjectId.
    ObjectId([u8; 12]),
    /// A boolean.
    Boolean(bool),
    /// Milliseconds since the epoch.
    DateTime(i64),
    /// Null.
    Null,
    /// A 32-bit integer.
    Int32(i32),
    /// A 64-bit integer.
    Int64(i64),
    /// Seconds in the upper half, an increment in the lower: the order is that of the number.
    Timestamp(u64),
    /// Every other type, unread: decimal128, regular expressions, keys and what is deprecated.
    Other {
        /// The type byte.
        element_type: u8,
        /// The value's bytes.
        bytes: &'a [u8],
    },
}

impl<'a> Value<'a> {
    /// The number of a double, int32 or int64; a large int64 is rounded.
    #[inline]
    pub fn as_number(&self) -> Option<f64> {
        match *self {
            Value::Double(number) => Some(number),
            Value::Int32(number) => Some(f64::from(number)),
            Value::Int64(number) => Some(number as f64),
            _ => None,
        }
    }

    /// The integer of an int32, an int64 or a double without fraction that an `i64` can hold.
    #[inline]
    pub fn as_integer(&self) -> Option<i64> {
        // 2^63 is the first double beyond i64, -2^63 the last within.
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        match *self {
            Value::Int32(number) => Some(i64::from(number)),
            Value::Int64(number) => Some(number),
            Value::Double(number)
                if number.fract() == 0.0 && (-BEYOND..BEYOND).contains(&number) =>
            {
                Some(number as i64)
            }
            _ => None,
        }
    }

    /// The text of a string; `None` for another type and for text that is not UTF-8.
    ///
    /// Who has to tell those apart matches [`Value::String`] and asks [`Text::as_str`].
    #[inline]
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Value::String(text) => text.as_str().ok(),
            _ => None,
        }
    }

    /// Truth as the server sees it in `ok: 1`: `true`, or a number that is not zero.
    #[inline]
    pub fn as_bool_like(&self) -> bool {
        match *self {
            Value::Boolean(boolean) => boolean,
            Value::Int32(number) => number != 0,
            Value::Int64(number) => number != 0,
            Value::Double(number) => number != 0.0,
            _ => false,
        }
    }

    /// The nested document; `None` for another type, an array too.
    #[inline]
    pub fn as_document(&self) -> Option<Document<'a>> {
        match *self {
            Value::Document(document) => Some(document),
            _ => None,
        }
    }

    /// The array, as a document whose keys are indexes.
    #[inline]
    pub fn as_array(&self) -> Option<Document<'a>> {
        match *self {
            Value::Array(array) => Some(array),
            _ => None,
        }
    }
}

/// The bytes of a string, which are UTF-8 unless the sender is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    /// The text.
    ///
    /// # Errors
    ///
    /// [`WireError::InvalidUtf8`].
    #[inline]
    pub fn as_str(&self) -> Result<&'a str, WireError> {
        to_str(self.bytes)
    }

    /// The bytes, without the terminator.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text with replacement characters where it is not UTF-8, for messages to people.
    pub fn to_string_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_convert_where_nothing_is_lost() {
        assert_eq!(Value::Int32(-3).as_integer(), Some(-3));
        assert_eq!(Value::Int64(i64::MAX).as_integer(), Some(i64::MAX));
        assert_eq!(Value::Double(4.0).as_integer(), Some(4));
        assert_eq!(
            Value::Double(-(2_f64.powi(63))).as_integer(),
            Some(i64::MIN)
        );
        for number in [0.5, 2_f64.powi(63), f64::NAN, f64::INFINITY] {
            assert_eq!(Value::Double(number).as_integer(), None);
        }
        assert_eq!(Value::Boolean(true).as_number(), None);
    }

    #[test]
    fn truth_is_that_of_ok() {
        for truth in [Value::Boolean(true), Value::Int32(1), Value::Double(1.0)] {
            assert!(truth.as_bool_like());
        }
        for falsehood in [Value::Boolean(false), Value::Int64(0), Value::Null] {
            assert!(!falsehood.as_bool_like());
        }
    }

    #[test]
    fn text_is_checked_when_it_is_asked_for() {
        let (value, bytes) = read(element_type::STRING, b"\x03\0\0\0a\xff\0rest").unwrap();
        assert_eq!(bytes.len(), 7);
        assert_eq!(value.as_str(), None);
        let Value::String(text) = value else {
            panic!("{value:?}")
        };
        assert_eq!(
            text.as_str(),
            Err(WireError::InvalidUtf8 { valid_up_to: 1 })
        );
        assert_eq!(text.to_string_lossy(), "a\u{fffd}");
    }
}
