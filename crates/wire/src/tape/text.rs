//! The texts of a tape. JavaScript makes one string of a chunk and cuts the strings of documents out of it,
//! which is six times as fast as making each of them.
//!
//! A string that is cut out keeps its chunk alive, unless it is so short that the engine copies it. So a chunk
//! is never much longer than the shortest string that can keep it: who keeps one string keeps
//! little else.

use super::walk::Stop;

/// From this length on, a string that is cut out of another refers to it. Shorter ones are copies.
const REFERS: usize = 13;

/// How much longer than a string its chunk may be: a factor, and units beside it.
const FACTOR: usize = 3;
const SLACK: usize = 21;

/// A chunk of short strings grows to no more than this.
const LONGEST: usize = 4096;

/// The chunks of the reply that is being written: units times two, plus one where a unit has two bytes.
pub(super) type Chunks = Vec<u32>;

#[derive(Debug)]
pub(super) struct Texts<'a> {
    out: &'a mut [u8],
    chunks: &'a mut Chunks,
    open: Open,
}

/// Where writing stands: enough to go back to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    at: usize,
    /// Chunks before the open one.
    closed: usize,
    units: usize,
    limit: usize,
    wide: bool,
}

impl<'a> Texts<'a> {
    pub(super) fn new(out: &'a mut [u8], chunks: &'a mut Chunks) -> Self {
        chunks.clear();
        let open = Open {
            at: 0,
            closed: 0,
            units: 0,
            limit: LONGEST,
            wide: false,
        };
        Self { out, chunks, open }
    }

    #[inline]
    pub(super) fn mark(&self) -> Open {
        self.open
    }

    #[inline]
    pub(super) fn rewind(&mut self, mark: Open) {
        self.open = mark;
        self.chunks.truncate(mark.closed);
    }

    /// Appends a string; gives its length in UTF-16 units.
    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        if !bytes.is_ascii() {
            return self.push_unicode(bytes);
        }
        let units = bytes.len();
        // A short string may stand among wider ones; a long one would take twice the memory for ever.
        if !self.extends(units) || (self.open.wide && units >= REFERS) {
            self.begin(units, false);
        }
        if self.open.wide {
            self.push_wide(bytes.iter().map(|&byte| u16::from(byte)))?;
        } else {
            let end = self.open.at + units;
            let room = self.out.get_mut(self.open.at..end).ok_or(Stop::NoRoom)?;
            room.copy_from_slice(bytes);
            self.open.at = end;
        }
        self.open.units += units;
        Ok(units)
    }

    #[cold]
    fn push_unicode(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        let text = std::str::from_utf8(bytes).map_err(|_| Stop::Unfit)?;
        // Up to U+00FF the lead byte is at most 0xC3, and a unit has one byte.
        let wide = bytes.iter().any(|&byte| byte > 0xc3);
        let units = match wide {
            true => text.encode_utf16().count(),
            false => text.chars().count(),
        };
        if !self.extends(units) || self.open.wide != wide {
            self.begin(units, wide);
        }
        if wide {
            self.push_wide(text.encode_utf16())?;
        } else {
            let end = self.open.at + units;
            let room = self.out.get_mut(self.open.at..end).ok_or(Stop::NoRoom)?;
            for (byte, character) in room.iter_mut().zip(text.chars()) {
                *byte = u32::from(character) as u8;
            }
            self.open.at = end;
        }
        self.open.units += units;
        Ok(units)
    }

    fn push_wide(&mut self, units: impl Iterator<Item = u16>) -> Result<(), Stop> {
        let mut room = self.out.get_mut(self.open.at..).ok_or(Stop::NoRoom)?;
        for unit in units {
            let (two, rest) = room.split_first_chunk_mut::<2>().ok_or(Stop::NoRoom)?;
            *two = unit.to_le_bytes();
            room = rest;
            self.open.at += 2;
        }
        Ok(())
    }

    /// Whether the open chunk takes another string of so many units, and its limit from then on.
    #[inline]
    fn extends(&mut self, units: usize) -> bool {
        if units >= REFERS {
            let limit = self.open.limit.min(FACTOR * units + SLACK);
            if self.open.units + units > limit {
                return false;
            }
            self.open.limit = limit;
            return true;
        }
        self.open.units + units <= self.open.limit
    }

    fn begin(&mut self, units: usize, wide: bool) {
        self.close();
        let Open { at, closed, .. } = self.open;
        let limit = match units {
            ..REFERS => LONGEST,
            _ => FACTOR * units + SLACK,
        };
        self.open = Open {
            at: if wide { at.next_multiple_of(2) } else { at },
            closed,
            units: 0,
            limit,
            wide,
        };
    }

    fn close(&mut self) {
        if self.open.units > 0 {
            let (units, wide) = (self.open.units as u32, u32::from(self.open.wide));
            self.chunks.push(units << 1 | wide);
            self.open.closed = self.chunks.len();
        }
    }

    /// Ends the last chunk; gives all of them.
    pub(super) fn finish(mut self) -> &'a [u32] {
        self.close();
        self.chunks
    }
}
