//! A large batch, some documents at a time.

use super::{ENVELOPE, Stop, Walk};
use crate::value::element_type as t;

/// A part ends with the document that makes it as long as this, in bytes of BSON: few enough that what is made of it is
/// looked at, and mostly forgotten, before the next is made.
const PART: usize = 64 << 10;

impl Walk<'_> {
    /// Writes documents of an array, from the element at `at` on. Before them stands how many they are, and where the next
    /// element is.
    pub(in crate::tape) fn part(mut self, mut at: usize, end: usize) -> Result<(), Stop> {
        self.shapes.make_room();
        let (count, next) = (self.reserve()?, self.reserve()?);
        let enough = end.min(at.saturating_add(PART));
        let mut shape = self.shapes.element;
        let mut documents = 0;
        while at < enough {
            let (element_type, value) = self.element_at(at, end)?;
            if element_type != t::DOCUMENT {
                return Err(Stop::Unfit);
            }
            let mark = self.mark();
            match self.document(value, end, &mut shape, ENVELOPE) {
                Ok(behind) => at = behind,
                Err(Stop::NoRoom) if documents > 0 => {
                    self.rewind(mark);
                    break;
                }
                Err(stop) => return Err(stop),
            }
            documents += 1;
        }
        self.shapes.element = shape;
        self.set(count, f64::from(documents));
        self.set(next, at as f64);
        self.texts.finish();
        Ok(())
    }

    /// How many elements an array has between `at` and `end`, where all of them are documents.
    pub(in crate::tape) fn count(&self, mut at: usize, end: usize) -> Option<u32> {
        let mut documents = 0;
        while at < end {
            let (element_type, value) = self.element_at(at, end).ok()?;
            if element_type != t::DOCUMENT {
                return None;
            }
            at = self.extent(value, end).ok()?;
            documents += 1;
        }
        Some(documents)
    }
}
