use crate::bytes::i64_at;
use crate::value::element_type as t;

/// What a value on the tape is. Numbers are one kind, whatever BSON's type is, unless all are `int32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Any of the others, which stands before the value.
    Any = 0,
    /// An `int32`: one slot.
    Int32 = 1,
    /// A double, or an integer that a double holds: one slot.
    Number = 2,
    /// Its length in UTF-16 units, in the list of texts: one slot.
    Text = 3,
    /// 0 or 1: one slot.
    Boolean = 4,
    /// No slot.
    Null = 5,
    /// No slot.
    Undefined = 6,
    /// Milliseconds since the epoch: one slot.
    DateTime = 7,
    /// Where its bytes are: one slot.
    ObjectId = 8,
    /// A description's number and the fields' values; or 0, and where the bytes are, and how many.
    Document = 9,
    /// How many, the kind of all of them, and their values.
    Array = 10,
    /// An `int64` beyond what a double holds: its lower half and its upper half.
    Int64 = 11,
    /// Its increment and its seconds.
    Timestamp = 12,
    /// Where its bytes are, how many, and the subtype.
    Binary = 13,
    /// Where its bytes are: one slot.
    Decimal128 = 14,
    /// Another value: BSON's type, where its bytes are, how many.
    Other = 15,
}

/// Up to this integer, and down to its negative, a double holds every one.
const SAFE: u64 = 1 << 53;

impl Kind {
    /// The kind of a value of the type, which begins at `at`. What is no type is left to others.
    #[inline]
    pub(super) fn of(element_type: u8, bytes: &[u8], at: usize) -> Kind {
        match element_type {
            t::INT32 => Kind::Int32,
            t::STRING => Kind::Text,
            t::DOUBLE => Kind::Number,
            t::DOCUMENT => Kind::Document,
            t::ARRAY => Kind::Array,
            t::BOOLEAN => Kind::Boolean,
            t::NULL => Kind::Null,
            t::DATE_TIME => Kind::DateTime,
            t::OBJECT_ID => Kind::ObjectId,
            t::INT64 => match i64_at(bytes, at) {
                Ok(number) if number.unsigned_abs() <= SAFE => Kind::Number,
                _ => Kind::Int64,
            },
            t::TIMESTAMP => Kind::Timestamp,
            // Bytes of the old subtype begin with another length.
            t::BINARY if bytes.get(at + 4) != Some(&2) => Kind::Binary,
            t::DECIMAL128 => Kind::Decimal128,
            t::UNDEFINED => Kind::Undefined,
            _ => Kind::Other,
        }
    }

    /// Whether a value of the kind `seen` is written as one of this kind.
    #[inline]
    pub(super) fn holds(self, seen: Kind) -> bool {
        self == seen || self == Kind::Any || (self == Kind::Number && seen == Kind::Int32)
    }

    /// The kind that holds both.
    pub(super) fn join(self, seen: Kind) -> Kind {
        match (self, seen) {
            _ if self.holds(seen) => self,
            (Kind::Int32, Kind::Number) => Kind::Number,
            _ => Kind::Any,
        }
    }
}
