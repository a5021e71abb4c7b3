//! Documents one after another.

use crate::document::Document;
use crate::error::WireError;

/// Documents one after another, as a sequence or a reply holds them; the items are their bytes.
///
/// Lengths and terminators were checked when it was made.
#[derive(Debug, Clone)]
pub struct Documents<'a> {
    rest: &'a [u8],
}

impl<'a> Documents<'a> {
    /// The documents that make up `bytes`.
    ///
    /// # Errors
    ///
    /// Those of [`Document::split_first`], for any of them.
    pub fn new(bytes: &'a [u8]) -> Result<Documents<'a>, WireError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            (_, rest) = Document::split_first(rest)?;
        }
        Ok(Documents { rest: bytes })
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // `new` has been through all of them: only the end is an error here.
        let (document, rest) = Document::split_first(self.rest).ok()?;
        self.rest = rest;
        Some(document.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = &[8, 0, 0, 0, 0x0a, b'a', 0, 0, 5, 0, 0, 0, 0];

    #[test]
    fn documents_follow_one_another() {
        let documents: Vec<_> = Documents::new(TWO).unwrap().collect();
        assert_eq!(documents, [&TWO[..8], &TWO[8..]]);
    }

    #[test]
    fn the_last_one_is_checked_too() {
        assert!(Documents::new(&TWO[..TWO.len() - 1]).is_err());
        assert_eq!(Documents::new(&[]).unwrap().next(), None);
    }
}
