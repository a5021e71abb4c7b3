//! The tape: a reply flattened into numbers and text, from which JavaScript builds its values faster than
//! from BSON. `ts/decode` reads it.
//!
//! **Numbers.** The first slot says where the list of texts begins. The reply's document follows, and every
//! document is written the same way: the number of its description, then its values in their order. A
//! value is a few slots, as its [`Kind`] says; where a field has been of more than one kind, the kind stands
//! before them. An array is a loop: how many there are, the kind of all of them, their values.
//!
//! **Shapes.** A shape is the keys of one document, in order; nested documents have their own. It is
//! recognised by comparing with the one that stood there last, key by key. A shape with the kinds of its fields has a
//! description and a number, for which JavaScript compiles a factory once.
//!
//! **What stays BSON.** A document that is met for the first time, whose keys look like data, or whose fields
//! are still found to be of new kinds is written as the place of its bytes. So is what only a
//! BSON library knows how to build. Bytes that are not valid are [`Flattened::Unfit`] as a whole: whoever
//! decodes BSON says what is wrong with them.

mod kind;
mod shapes;
mod text;
mod walk;

pub use kind::Kind;

use shapes::Shapes;
use text::{Chunks, Texts};
use walk::{Stop, Walk};

/// Flattens replies, and remembers their shapes.
#[derive(Debug, Default)]
pub struct Flattener {
    shapes: Shapes,
    chunks: Chunks,
}

/// What became of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flattened {
    /// It is on the tape.
    Whole,
    /// It is for a BSON library: its shape is not known yet, or it is not valid.
    Unfit,
    /// The tape is too short.
    NoRoom,
}

impl Flattener {
    /// Writes the document that `body` is as numbers and text.
    pub fn flatten(&mut self, body: &[u8], numbers: &mut [f64], text: &mut [u8]) -> Flattened {
        told(self.walk(body, numbers, text).run())
    }

    /// Writes some documents of an array whose elements are in `body` between `at` and `end`. The first slot is how many,
    /// the second where the next element is, and documents are as in a reply.
    ///
    /// There is too little room only if the first one does not fit, and if one of them is not valid, none is written.
    pub fn flatten_part(
        &mut self,
        body: &[u8],
        at: usize,
        end: usize,
        numbers: &mut [f64],
        text: &mut [u8],
    ) -> Flattened {
        told(self.walk(body, numbers, text).part(at, end))
    }

    /// How many elements such an array has. `None` where they are not all documents, or not as long as they say.
    pub fn count(&mut self, body: &[u8], at: usize, end: usize) -> Option<u32> {
        self.walk(body, &mut [], &mut []).count(at, end)
    }

    fn walk<'a>(
        &'a mut self,
        body: &'a [u8],
        numbers: &'a mut [f64],
        text: &'a mut [u8],
    ) -> Walk<'a> {
        let texts = Texts::new(text, &mut self.chunks);
        Walk::new(body, &mut self.shapes, numbers, texts)
    }

    /// The chunks of text of the last reply, in order: their UTF-16 units times two, plus one where a unit has
    /// two bytes. Those begin at an even place.
    pub fn chunks(&self) -> &[u32] {
        &self.chunks
    }

    /// A description by its number: for each field its kind, its key, a NUL.
    pub fn description(&self, number: u32) -> Option<&[u8]> {
        self.shapes.description(number)
    }

    /// Changes when shapes and descriptions have been forgotten; numbers begin at 1 again.
    pub fn epoch(&self) -> u32 {
        self.shapes.epoch()
    }
}

fn told(written: Result<(), Stop>) -> Flattened {
    match written {
        Ok(()) => Flattened::Whole,
        Err(Stop::Unfit) => Flattened::Unfit,
        Err(Stop::NoRoom) => Flattened::NoRoom,
    }
}
