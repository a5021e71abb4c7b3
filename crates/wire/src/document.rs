//! BSON documents as they stand in a message.
//!
//! A `Document` is a slice whose outer length and terminator are known to be right. Its elements are
//! checked while they are walked; a nested document is checked in the same way, outside first, and is
//! skipped by its length. So neither depth nor size of a hostile document matters to the walk.

use crate::bytes::{cstring_at, i32_at, to_str};
use crate::error::WireError;
use crate::value::{self, Value};

/// The shortest document: its length and its terminator.
const MINIMUM_LENGTH: usize = 5;

/// A BSON document, borrowed; length and terminator are checked, elements are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    bytes: &'a [u8],
}

impl<'a> Document<'a> {
    /// The document that `bytes` are, from the first to the last.
    ///
    /// # Errors
    ///
    /// [`WireError::InvalidDocumentLength`] when the declared length is another than that of `bytes`,
    /// [`WireError::MissingTerminator`] when the last byte is not NUL.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Document<'a>, WireError> {
        match Document::split_first(bytes)? {
            (document, []) => Ok(document),
            (document, _) => Err(WireError::InvalidDocumentLength {
                length: crate::bytes::saturate(document.bytes.len()),
                available: bytes.len(),
            }),
        }
    }

    /// The document at the beginning of `bytes`, and what follows it.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`] when there is no room for a length,
    /// [`WireError::InvalidDocumentLength`] when the declared one is below 5 or beyond `bytes`,
    /// [`WireError::MissingTerminator`] when the last byte is not NUL.
    #[inline]
    pub fn split_first(bytes: &'a [u8]) -> Result<(Document<'a>, &'a [u8]), WireError> {
        let length = i32_at(bytes, 0)?;
        let split = usize::try_from(length)
            .ok()
            .filter(|&length| length >= MINIMUM_LENGTH)
            .and_then(|length| bytes.split_at_checked(length));
        let Some((document, rest)) = split else {
            return Err(WireError::InvalidDocumentLength {
                length,
                available: bytes.len(),
            });
        };
        if document.last() != Some(&0) {
            return Err(WireError::MissingTerminator);
        }
        Ok((Document { bytes: document }, rest))
    }

    /// The document that `bytes` were found to be before.
    #[inline]
    pub(crate) fn from_validated(bytes: &'a [u8]) -> Document<'a> {
        Document { bytes }
    }

    /// The document's bytes, length and terminator included.
    #[inline]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the document has no elements.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == MINIMUM_LENGTH
    }

    /// The elements in their order. The first error ends the walk.
    #[inline]
    pub fn elements(&self) -> Elements<'a> {
        Elements {
            bytes: self.bytes,
            at: 4,
        }
    }

    /// The value of the first element whose key is `name`.
    ///
    /// # Errors
    ///
    /// When an element up to that one is malformed; what follows it is not looked at.
    #[inline]
    pub fn get(&self, name: &str) -> Result<Option<Value<'a>>, WireError> {
        for element in self.elements() {
            let element = element?;
            if element.key == name.as_bytes() {
                return Ok(Some(element.value));
            }
        }
        Ok(None)
    }
}

/// One element of a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Element<'a> {
    /// The key's bytes, without a NUL; UTF-8 unless the sender is broken.
    pub key: &'a [u8],
    /// BSON's type byte.
    pub element_type: u8,
    /// The value.
    pub value: Value<'a>,
    /// The value's bytes as they stand in the document, for copying it unchanged.
    pub value_bytes: &'a [u8],
}

impl<'a> Element<'a> {
    /// The key as text.
    ///
    /// # Errors
    ///
    /// [`WireError::InvalidUtf8`].
    pub fn key_str(&self) -> Result<&'a str, WireError> {
        to_str(self.key)
    }
}

/// The elements of one document.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Elements<'_> {
    /// Where the next element begins, in bytes from the document's beginning.
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // The last byte is the terminator; an element can use those before it.
        let (_, contents) = self.bytes.split_last()?;
        let (&element_type, rest) = contents.get(self.at..)?.split_first()?;
        let element = read_element(element_type, rest);
        self.at = match &element {
            Ok(element) => self.at + 1 + element.key.len() + 1 + element.value_bytes.len(),
            Err(_) => self.bytes.len(),
        };
        Some(element)
    }
}

#[inline]
fn read_element(element_type: u8, rest: &[u8]) -> Result<Element<'_>, WireError> {
    if element_type == 0 {
        return Err(WireError::EarlyTerminator {
            remaining: rest.len() + 1,
        });
    }
    let key = cstring_at(rest, 0)?;
    let rest = rest.get(key.len() + 1..).unwrap_or_default();
    let (value, value_bytes) = value::read(element_type, rest)?;
    Ok(Element {
        key,
        element_type,
        value,
        value_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(elements: &[u8]) -> Vec<u8> {
        let length = i32::try_from(elements.len() + 5).unwrap();
        [&length.to_le_bytes()[..], elements, &[0]].concat()
    }

    #[test]
    fn a_document_is_exactly_as_long_as_it_says() {
        assert!(Document::new(&[5, 0, 0, 0, 0]).unwrap().is_empty());
        for (length, available) in [(6, 5), (4, 5), (0, 5), (-1, 5), (i32::MAX, 5), (5, 6)] {
            let mut bytes = i32::to_le_bytes(length).to_vec();
            bytes.resize(available, 0);
            assert_eq!(
                Document::new(&bytes),
                Err(WireError::InvalidDocumentLength { length, available })
            );
        }
        assert_eq!(
            Document::new(&[5, 0, 0, 0, 1]),
            Err(WireError::MissingTerminator)
        );
    }

    #[test]
    fn elements_are_walked_in_order() {
        let bytes = document(b"\x10a\0\x01\0\0\0\x0ab\0\x08c\0\x01");
        let document = Document::new(&bytes).unwrap();
        let mut elements = document.elements();
        let keys: Vec<_> = elements
            .by_ref()
            .map(|element| element.unwrap().key_str().unwrap())
            .collect();
        assert_eq!(keys, ["a", "b", "c"]);
        assert_eq!(elements.position(), bytes.len() - 1);
        assert_eq!(document.get("c"), Ok(Some(Value::Boolean(true))));
        assert_eq!(document.get("d"), Ok(None));
    }

    #[test]
    fn an_error_ends_the_walk() {
        let bytes = document(b"\x10a\0\x01\0\0\0\x99b\0");
        let document = Document::new(&bytes).unwrap();
        let mut elements = document.elements();
        assert!(elements.next().unwrap().is_ok());
        assert_eq!(
            elements.next(),
            Some(Err(WireError::UnknownElementType { element_type: 0x99 }))
        );
        assert_eq!(elements.next(), None);
        assert!(document.get("a").is_ok());
        assert!(document.get("b").is_err());
    }

    #[test]
    fn a_terminator_cannot_stand_inside() {
        let bytes = document(b"\x0aa\0\0\0");
        let walked: Vec<_> = Document::new(&bytes).unwrap().elements().collect();
        assert_eq!(walked[1], Err(WireError::EarlyTerminator { remaining: 2 }));
    }

    #[test]
    fn the_terminator_is_no_part_of_an_element() {
        // The key's NUL would be the document's own.
        let bytes = document(b"\x0aa");
        let walked: Vec<_> = Document::new(&bytes).unwrap().elements().collect();
        assert_eq!(walked, [Err(WireError::MissingTerminator)]);
    }
}
