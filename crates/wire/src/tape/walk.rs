//! One reply, from BSON to the tape.

mod part;

use super::kind::Kind;
use super::shapes::{Field, Shapes};
use super::text::{Open, Texts};
use crate::document::Document;
use crate::value::{self, element_type as t};
use std::cmp::Ordering;

/// Documents deeper than this stay BSON: who reads the tape goes down as deep.
const MAX_DEPTH: usize = 64;

/// Down to this depth the keys are a server's: the reply, and what is in it.
const ENVELOPE: usize = 2;

/// Why a reply is not on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Unfit,
    NoRoom,
}

pub(super) struct Walk<'a> {
    body: &'a [u8],
    shapes: &'a mut Shapes,
    numbers: &'a mut [f64],
    at: usize,
    texts: Texts<'a>,
}

/// Whether a document is of a shape.
enum Fit {
    Whole,
    OtherKeys,
    OtherKinds,
}

/// Where an array's elements end, or the kind that does not go with the others.
type Elements = Result<usize, Kind>;

impl<'a> Walk<'a> {
    pub(super) fn new(
        body: &'a [u8],
        shapes: &'a mut Shapes,
        numbers: &'a mut [f64],
        texts: Texts<'a>,
    ) -> Self {
        Self {
            body,
            shapes,
            numbers,
            at: 0,
            texts,
        }
    }

    pub(super) fn run(mut self) -> Result<(), Stop> {
        self.shapes.make_room();
        let list = self.reserve()?;
        let mut shape = self.shapes.root;
        let end = self.document(0, self.body.len(), &mut shape, 0)?;
        self.shapes.root = shape;
        // A reply that stays BSON, or that is followed by something, is no use on a tape.
        if end != self.body.len() || self.numbers.get(1) == Some(&0.0) {
            return Err(Stop::Unfit);
        }
        self.set(list, self.at as f64);
        let chunks = self.texts.finish();
        let room = self.numbers.get_mut(self.at..self.at + chunks.len());
        for (slot, &chunk) in room.ok_or(Stop::NoRoom)?.iter_mut().zip(chunks) {
            *slot = f64::from(chunk);
        }
        Ok(())
    }

    /// Writes the document at `start`, whose shape is perhaps `shape`, and is put there. Gives its end.
    fn document(
        &mut self,
        start: usize,
        limit: usize,
        shape: &mut u32,
        depth: usize,
    ) -> Result<usize, Stop> {
        let end = self.extent(start, limit)?;
        let mark = self.mark();
        let slot = self.reserve()?;
        let mut fit = match depth < MAX_DEPTH {
            true => self.fields(*shape, start + 4, end - 1, depth)?,
            false => Fit::OtherKeys,
        };
        if let Fit::OtherKeys = fit
            && depth < MAX_DEPTH
            && let Some(found) = self.shapes.find(self.view(start, end), depth < ENVELOPE)
        {
            *shape = found;
            self.rewind(mark);
            self.reserve()?;
            fit = self.fields(found, start + 4, end - 1, depth)?;
        }
        if let Fit::Whole = fit {
            let number = self.shapes.number(*shape);
            self.set(slot, f64::from(number));
            return Ok(end);
        }
        if let Fit::OtherKinds = fit {
            self.shapes.learn(*shape, self.view(start, end));
        }
        self.rewind(mark);
        self.put(0.0)?;
        self.put_place(start, end - start)?;
        Ok(end)
    }

    fn view(&self, start: usize, end: usize) -> Document<'a> {
        Document::from_validated(self.body.get(start..end).unwrap_or_default())
    }

    /// Where the document at `start` ends.
    #[inline]
    fn extent(&self, start: usize, limit: usize) -> Result<usize, Stop> {
        let length = self.length(start)?;
        let end = start + length;
        match self.body.get(end.wrapping_sub(1)) {
            Some(0) if length >= 5 && end <= limit => Ok(end),
            _ => Err(Stop::Unfit),
        }
    }

    /// Writes the fields between `at` and `end`, if they are those of `shape`.
    fn fields(&mut self, shape: u32, mut at: usize, end: usize, depth: usize) -> Result<Fit, Stop> {
        let Some(known) = self.shapes.get(shape) else {
            return Ok(Fit::OtherKeys);
        };
        let mut fit = Fit::Whole;
        for index in known.first..known.first + known.count {
            let (Some(&field), Some(rest)) = (self.shapes.field(index), self.body.get(at..)) else {
                return Ok(Fit::OtherKeys);
            };
            let Some((&element_type, rest)) = rest.split_first() else {
                return Ok(Fit::OtherKeys);
            };
            if at >= end || !self.shapes.is_key(&field, rest) {
                return Ok(Fit::OtherKeys);
            }
            at += 1 + usize::from(field.length);
            // What is most frequent is decided at once.
            at = match (field.kind, element_type) {
                (Kind::Int32, t::INT32) => self.int32(at)?,
                (Kind::Text, t::STRING) => self.text(at, end)?,
                (Kind::Number, t::DOUBLE) => self.double(at)?,
                (expected, _) => {
                    let kind = Kind::of(element_type, self.body, at);
                    if expected == Kind::Any {
                        self.put(f64::from(kind as u8))?;
                    } else if !expected.holds(kind) {
                        fit = Fit::OtherKinds;
                    }
                    match kind {
                        Kind::Document | Kind::Array => {
                            self.nested(kind, at, end, (index, &field), depth)?
                        }
                        _ => self.value(kind, element_type, at, end)?,
                    }
                }
            };
        }
        // Beyond the end, a value took what is not the document's.
        match at.cmp(&end) {
            Ordering::Equal => Ok(fit),
            Ordering::Less => Ok(Fit::OtherKeys),
            Ordering::Greater => Err(Stop::Unfit),
        }
    }

    fn nested(
        &mut self,
        kind: Kind,
        at: usize,
        end: usize,
        (index, field): (u32, &Field),
        depth: usize,
    ) -> Result<usize, Stop> {
        let (mut shape, mut elements) = (field.shape, field.elements);
        let next = match kind {
            Kind::Document => self.document(at, end, &mut shape, depth + 1)?,
            _ => self.array(at, end, &mut shape, &mut elements, depth + 1)?,
        };
        if let Some(field) = self.shapes.field_mut(index) {
            (field.shape, field.elements) = (shape, elements);
        }
        Ok(next)
    }

    /// Writes the array at `start`; its elements are perhaps of the kind `elements` and the shape `shape`.
    fn array(
        &mut self,
        start: usize,
        limit: usize,
        shape: &mut u32,
        elements: &mut Kind,
        depth: usize,
    ) -> Result<usize, Stop> {
        let end = self.extent(start, limit)?;
        let count = self.reserve()?;
        let kind = self.reserve()?;
        if end - start == 5 {
            self.set(count, 0.0);
            self.set(kind, 0.0);
            return Ok(end);
        }
        let mark = self.mark();
        let (first, value) = self.element_at(start + 4, end - 1)?;
        let first = Kind::of(first, self.body, value);
        if *elements == Kind::Any || !elements.holds(first) {
            *elements = first;
        }
        loop {
            let counted = self.elements(start + 4, end - 1, *elements, shape, depth)?;
            match counted {
                Ok(elements_written) => {
                    self.set(count, elements_written as f64);
                    self.set(kind, f64::from(*elements as u8));
                    return Ok(end);
                }
                Err(seen) => {
                    self.rewind(mark);
                    *elements = elements.join(seen);
                }
            }
        }
    }

    /// An element's type, and where its value begins: keys of arrays do not matter.
    #[inline]
    fn element_at(&self, at: usize, end: usize) -> Result<(u8, usize), Stop> {
        let contents = self.body.get(at..end).unwrap_or_default();
        let (&element_type, rest) = contents.split_first().ok_or(Stop::Unfit)?;
        let key = rest.iter().position(|&byte| byte == 0);
        Ok((element_type, at + 1 + key.ok_or(Stop::Unfit)? + 1))
    }

    fn elements(
        &mut self,
        mut at: usize,
        end: usize,
        common: Kind,
        shape: &mut u32,
        depth: usize,
    ) -> Result<Elements, Stop> {
        let mut count = 0;
        while at < end {
            let (element_type, value) = self.element_at(at, end)?;
            let kind = Kind::of(element_type, self.body, value);
            if common == Kind::Any {
                self.put(f64::from(kind as u8))?;
            } else if !common.holds(kind) {
                return Ok(Err(kind));
            }
            at = match kind {
                Kind::Document => self.document(value, end, shape, depth)?,
                Kind::Array if depth < MAX_DEPTH => {
                    let mut elements = Kind::Any;
                    self.array(value, end, shape, &mut elements, depth + 1)?
                }
                // What reads the tape would go too deep.
                Kind::Array => return Err(Stop::Unfit),
                Kind::Text => self.text(value, end)?,
                _ => self.value(kind, element_type, value, end)?,
            };
            count += 1;
        }
        Ok(Ok(count))
    }

    #[inline(always)]
    fn read<const N: usize>(&self, at: usize) -> Result<[u8; N], Stop> {
        let bytes = self.body.get(at..).and_then(<[u8]>::first_chunk);
        bytes.copied().ok_or(Stop::Unfit)
    }

    /// The length that stands at `at`.
    #[inline(always)]
    fn length(&self, at: usize) -> Result<usize, Stop> {
        let length = i32::from_le_bytes(self.read(at)?);
        usize::try_from(length).map_err(|_| Stop::Unfit)
    }

    #[inline(always)]
    fn int32(&mut self, at: usize) -> Result<usize, Stop> {
        let number = i32::from_le_bytes(self.read(at)?);
        self.put(f64::from(number))?;
        Ok(at + 4)
    }

    #[inline(always)]
    fn double(&mut self, at: usize) -> Result<usize, Stop> {
        let number = f64::from_le_bytes(self.read(at)?);
        self.put(number)?;
        Ok(at + 8)
    }

    #[inline(always)]
    fn text(&mut self, at: usize, end: usize) -> Result<usize, Stop> {
        let next = at + 4 + self.length(at)?;
        let Some((0, text)) = self.body.get(at + 4..next).and_then(<[u8]>::split_last) else {
            return Err(Stop::Unfit);
        };
        if next > end {
            return Err(Stop::Unfit);
        }
        let units = self.texts.push(text)?;
        self.put(units as f64)?;
        Ok(next)
    }

    /// Writes a value that is neither a document nor an array. Gives its end.
    fn value(
        &mut self,
        kind: Kind,
        element_type: u8,
        at: usize,
        end: usize,
    ) -> Result<usize, Stop> {
        let next = match kind {
            Kind::Int32 => self.int32(at)?,
            Kind::Text => self.text(at, end)?,
            Kind::Number if element_type == t::DOUBLE => self.double(at)?,
            Kind::Number | Kind::DateTime => {
                let number = i64::from_le_bytes(self.read(at)?);
                self.put(number as f64)?;
                at + 8
            }
            Kind::Boolean => {
                let [value @ 0..=1] = self.read(at)? else {
                    return Err(Stop::Unfit);
                };
                self.put(f64::from(value))?;
                at + 1
            }
            Kind::Null | Kind::Undefined => at,
            Kind::ObjectId => {
                self.put(at as f64)?;
                at + 12
            }
            Kind::Decimal128 => {
                self.put(at as f64)?;
                at + 16
            }
            Kind::Int64 => {
                self.put(f64::from(i32::from_le_bytes(self.read(at)?)))?;
                self.put(f64::from(i32::from_le_bytes(self.read(at + 4)?)))?;
                at + 8
            }
            Kind::Timestamp => {
                self.put(f64::from(u32::from_le_bytes(self.read(at)?)))?;
                self.put(f64::from(u32::from_le_bytes(self.read(at + 4)?)))?;
                at + 8
            }
            Kind::Binary => {
                let length = self.length(at)?;
                let [subtype] = self.read(at + 4)?;
                self.put_place(at + 5, length)?;
                self.put(f64::from(subtype))?;
                at + 5 + length
            }
            Kind::Other | Kind::Any | Kind::Document | Kind::Array => {
                let rest = self.body.get(at..end).unwrap_or_default();
                let (_, bytes) = value::read(element_type, rest).map_err(|_| Stop::Unfit)?;
                self.put(f64::from(element_type))?;
                self.put_place(at, bytes.len())?;
                at + bytes.len()
            }
        };
        match next > end {
            true => Err(Stop::Unfit),
            false => Ok(next),
        }
    }

    #[inline]
    fn put(&mut self, number: f64) -> Result<(), Stop> {
        let slot = self.numbers.get_mut(self.at).ok_or(Stop::NoRoom)?;
        *slot = number;
        self.at += 1;
        Ok(())
    }

    fn put_place(&mut self, at: usize, length: usize) -> Result<(), Stop> {
        self.put(at as f64)?;
        self.put(length as f64)
    }

    /// A slot that is written later.
    #[inline]
    fn reserve(&mut self) -> Result<usize, Stop> {
        self.put(0.0)?;
        Ok(self.at - 1)
    }

    #[inline]
    fn set(&mut self, slot: usize, number: f64) {
        if let Some(slot) = self.numbers.get_mut(slot) {
            *slot = number;
        }
    }

    fn mark(&self) -> (usize, Open) {
        (self.at, self.texts.mark())
    }

    fn rewind(&mut self, (at, texts): (usize, Open)) {
        self.at = at;
        self.texts.rewind(texts);
    }
}
