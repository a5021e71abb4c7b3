//! Appending BSON to the end of a buffer.
//!
//! An `Appender` borrows the buffer and knows where its document begins; a nested one continues in the
//! same buffer. Nothing is built elsewhere and copied.

use crate::bytes::saturate;
use crate::document::Document;
use crate::error::WireError;
use crate::value::element_type as t;

/// Appends elements to the document that ends a buffer.
///
/// The document is complete only after [`Appender::finish`]. A key ends at its first NUL, should it
/// contain one, so that no key can end a document early. A document of 2 GiB gets the length `i32::MAX`,
/// and the message around it cannot be finished.
#[derive(Debug)]
#[must_use = "a document is incomplete before it is finished"]
pub struct Appender<'a> {
    buffer: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Appender<'a> {
    /// Begins a new document at the end of `buffer`.
    #[inline]
    pub fn begin(buffer: &'a mut Vec<u8>) -> Appender<'a> {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; 4]);
        Appender { buffer, start }
    }

    /// Takes the terminator from the document that begins at `document_start` and ends `buffer`, so that
    /// elements can be appended to it.
    ///
    /// # Errors
    ///
    /// Those of [`Document::new`] for the bytes from `document_start` on; the buffer is then unchanged.
    #[inline]
    pub fn reopen(
        buffer: &'a mut Vec<u8>,
        document_start: usize,
    ) -> Result<Appender<'a>, WireError> {
        Document::new(buffer.get(document_start..).unwrap_or_default())?;
        buffer.pop();
        Ok(Appender {
            buffer,
            start: document_start,
        })
    }

    /// Writes the terminator and the length.
    #[inline]
    pub fn finish(self) {
        self.buffer.push(0);
        let length = saturate(self.buffer.len() - self.start);
        if let Some(place) = self.buffer.get_mut(self.start..self.start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// Appends a string.
    #[inline]
    pub fn string(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(t::STRING, key)
            .bytes(&saturate(value.len() + 1).to_le_bytes())
            .bytes(value.as_bytes())
            .bytes(&[0])
    }

    /// Appends a 32-bit integer.
    #[inline]
    pub fn int32(&mut self, key: &str, value: i32) -> &mut Self {
        self.key(t::INT32, key).bytes(&value.to_le_bytes())
    }

    /// Appends a 64-bit integer.
    #[inline]
    pub fn int64(&mut self, key: &str, value: i64) -> &mut Self {
        self.key(t::INT64, key).bytes(&value.to_le_bytes())
    }

    /// Appends a 64-bit floating point number.
    #[inline]
    pub fn double(&mut self, key: &str, value: f64) -> &mut Self {
        self.key(t::DOUBLE, key).bytes(&value.to_le_bytes())
    }

    /// Appends a boolean.
    #[inline]
    pub fn boolean(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(t::BOOLEAN, key).bytes(&[u8::from(value)])
    }

    /// Appends a null.
    #[inline]
    pub fn null(&mut self, key: &str) -> &mut Self {
        self.key(t::NULL, key)
    }

    /// Appends a point in time, in milliseconds since the epoch.
    #[inline]
    pub fn date_time(&mut self, key: &str, milliseconds: i64) -> &mut Self {
        self.key(t::DATE_TIME, key)
            .bytes(&milliseconds.to_le_bytes())
    }

    /// Appends a timestamp: seconds in the upper half, an increment in the lower.
    #[inline]
    pub fn timestamp(&mut self, key: &str, value: u64) -> &mut Self {
        self.key(t::TIMESTAMP, key).bytes(&value.to_le_bytes())
    }

    /// Appends an ObjectId.
    #[inline]
    pub fn object_id(&mut self, key: &str, value: &[u8; 12]) -> &mut Self {
        self.key(t::OBJECT_ID, key).bytes(value)
    }

    /// Appends bytes with a subtype: 0 for anything, 4 for a UUID.
    #[inline]
    pub fn binary(&mut self, key: &str, subtype: u8, value: &[u8]) -> &mut Self {
        self.key(t::BINARY, key)
            .bytes(&saturate(value.len()).to_le_bytes())
            .bytes(&[subtype])
            .bytes(value)
    }

    /// Appends a whole BSON document that exists already.
    #[inline]
    pub fn raw_document(&mut self, key: &str, document: &[u8]) -> &mut Self {
        self.raw(key, t::DOCUMENT, document)
    }

    /// Appends a value of any type as its bytes, which are taken as they are.
    ///
    /// [`Element`](crate::Element) has both, for copying a value from another document.
    #[inline]
    pub fn raw(&mut self, key: &str, element_type: u8, value_bytes: &[u8]) -> &mut Self {
        self.key(element_type, key).bytes(value_bytes)
    }

    /// Appends a document that `build` writes.
    pub fn document(&mut self, key: &str, build: impl FnOnce(&mut Appender<'_>)) -> &mut Self {
        self.key(t::DOCUMENT, key);
        let mut nested = Appender::begin(self.buffer);
        build(&mut nested);
        nested.finish();
        self
    }

    /// Appends an array: `each` appends one item under the key it is given.
    ///
    /// ```
    /// # use ferropool_wire::Appender;
    /// # let mut buffer = vec![];
    /// # let mut appender = Appender::begin(&mut buffer);
    /// appender.array("compression", ["zstd", "zlib"], |array, index, name| {
    ///     array.string(index, name);
    /// });
    /// # appender.finish();
    /// ```
    pub fn array<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Appender<'_>, &str, T),
    ) -> &mut Self {
        self.key(t::ARRAY, key);
        let mut nested = Appender::begin(self.buffer);
        for (index, item) in items.into_iter().enumerate() {
            let mut digits = [0; MAX_DIGITS];
            each(&mut nested, decimal(index, &mut digits), item);
        }
        nested.finish();
        self
    }

    #[inline]
    fn key(&mut self, element_type: u8, key: &str) -> &mut Self {
        let key = key.as_bytes();
        let end = key.iter().position(|&byte| byte == 0).unwrap_or(key.len());
        self.bytes(&[element_type])
            .bytes(key.get(..end).unwrap_or_default())
            .bytes(&[0])
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.buffer.extend_from_slice(bytes);
        self
    }
}

const MAX_DIGITS: usize = 20;

/// An array's key, written without a `String`.
fn decimal(mut number: usize, digits: &mut [u8; MAX_DIGITS]) -> &str {
    let mut start = MAX_DIGITS;
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        // The remainder is below 10.
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start = at;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(digits.get(start..).unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn a_new_document_is_empty() {
        let mut buffer = vec![9];
        Appender::begin(&mut buffer).finish();
        assert_eq!(buffer, [9, 5, 0, 0, 0, 0]);
    }

    #[test]
    fn a_reopened_document_continues() {
        let mut at_once = vec![];
        let mut appender = Appender::begin(&mut at_once);
        appender.int32("a", 1).string("b", "two");
        appender.finish();

        let mut in_two = vec![7, 7];
        let mut appender = Appender::begin(&mut in_two);
        appender.int32("a", 1);
        appender.finish();
        let mut appender = Appender::reopen(&mut in_two, 2).unwrap();
        appender.string("b", "two");
        appender.finish();
        assert_eq!(in_two[2..], at_once);
    }

    #[test]
    fn only_a_document_at_the_end_can_be_reopened() {
        let mut buffer = vec![5, 0, 0, 0, 0, 1];
        assert!(Appender::reopen(&mut buffer, 0).is_err());
        assert!(Appender::reopen(&mut buffer, 100).is_err());
        assert_eq!(buffer, [5, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_key_cannot_smuggle_a_nul() {
        let mut buffer = vec![];
        let mut appender = Appender::begin(&mut buffer);
        appender.int32("a\0b", 1);
        appender.finish();
        let document = Document::new(&buffer).unwrap();
        assert_eq!(document.get("a"), Ok(Some(Value::Int32(1))));
        assert_eq!(document.elements().count(), 1);
    }

    #[test]
    fn indexes_are_decimal() {
        for number in [0, 9, 10, 4096, usize::MAX] {
            assert_eq!(decimal(number, &mut [0; MAX_DIGITS]), number.to_string());
        }
    }
}
