use crate::memory::{LentBytes, LentNumbers};
use ferropool_wire::tape::{Flattened, Flattener};
use napi::bindgen_prelude::{Buffer, Float64Array, Uint8Array};

/// An environment's tape: replies are flattened when TypeScript decodes them, on its own thread, into buffers
/// that it lent. See `ts/decode/tape.ts`.
pub(crate) struct Tape {
    flattener: Flattener,
    epoch: u32,
    room: Room,
    /// Where replies are.
    sources: Vec<Uint8Array>,
    /// The next chunk of text to be read, and where it is.
    chunk: usize,
    at: usize,
}

/// A chunk of text: of one byte for each unit, or of two.
pub(crate) enum Chunk<'a> {
    Latin1(&'a [u8]),
    Utf16(&'a [u8]),
}

/// Where a tape is written.
pub(crate) struct Room {
    numbers: LentNumbers,
    text: LentBytes,
}

impl Room {
    pub(crate) fn new(numbers: Float64Array, text: Uint8Array) -> Self {
        Self {
            numbers: LentNumbers(numbers),
            text: LentBytes(text),
        }
    }
}

/// What TypeScript is told: as [`Flattened`], and whether earlier descriptions have been forgotten.
const UNFIT: u32 = 0;
const NO_ROOM: u32 = 1;
const WHOLE: u32 = 2;
const WHOLE_ANEW: u32 = 3;

impl Tape {
    pub(crate) fn new(room: Room) -> Self {
        Self {
            flattener: Flattener::default(),
            epoch: 0,
            room,
            sources: Vec::new(),
            chunk: 0,
            at: 0,
        }
    }

    /// Takes a buffer that replies will be in; gives its number.
    pub(crate) fn lend(&mut self, source: Uint8Array) -> u32 {
        self.sources.push(source);
        (self.sources.len() - 1) as u32
    }

    /// Flattens the reply that is in a lent buffer.
    pub(crate) fn flatten(&mut self, source: u32, offset: u32, length: u32) -> u32 {
        let (start, end) = (offset as usize, offset as usize + length as usize);
        let source = self.sources.get(source as usize);
        let Some(body) = source.and_then(|source| source.get(start..end)) else {
            return UNFIT;
        };
        (self.chunk, self.at) = (0, 0);
        let Room { numbers, text } = &mut self.room;
        let flattened = self
            .flattener
            .flatten(body, numbers.as_mut(), text.as_mut());
        self.tell(flattened)
    }

    /// Flattens a reply that has a buffer of its own, into room of its own.
    pub(crate) fn flatten_in(&mut self, body: &[u8], mut room: Room) -> u32 {
        let (numbers, text) = (room.numbers.as_mut(), room.text.as_mut());
        let flattened = self.flattener.flatten(body, numbers, text);
        self.tell(flattened)
    }

    /// Flattens some documents of an array in a reply that has a buffer of its own.
    pub(crate) fn flatten_part(&mut self, body: &[u8], at: u32, end: u32) -> u32 {
        (self.chunk, self.at) = (0, 0);
        let (at, end) = (at as usize, end as usize);
        let Room { numbers, text } = &mut self.room;
        let (numbers, text) = (numbers.as_mut(), text.as_mut());
        let flattened = self.flattener.flatten_part(body, at, end, numbers, text);
        self.tell(flattened)
    }

    /// How many documents such an array has.
    pub(crate) fn count(&mut self, body: &[u8], at: u32, end: u32) -> Option<u32> {
        self.flattener.count(body, at as usize, end as usize)
    }

    /// The next chunk of the text that was flattened into the tape's own room.
    pub(crate) fn next_chunk(&mut self) -> Chunk<'_> {
        let chunk = self.flattener.chunks().get(self.chunk);
        let &chunk = chunk.unwrap_or(&0);
        self.chunk += 1;
        let (units, wide) = (chunk as usize >> 1, chunk & 1 == 1);
        let start = if wide {
            self.at.next_multiple_of(2)
        } else {
            self.at
        };
        self.at = start + if wide { 2 * units } else { units };
        let bytes = self.room.text.0.get(start..self.at).unwrap_or_default();
        match wide {
            true => Chunk::Utf16(bytes),
            false => Chunk::Latin1(bytes),
        }
    }

    pub(crate) fn description(&self, number: u32) -> Option<Buffer> {
        self.flattener.description(number).map(Buffer::from)
    }

    fn tell(&mut self, flattened: Flattened) -> u32 {
        match flattened {
            Flattened::Unfit => UNFIT,
            Flattened::NoRoom => NO_ROOM,
            Flattened::Whole if self.epoch == self.flattener.epoch() => WHOLE,
            Flattened::Whole => {
                self.epoch = self.flattener.epoch();
                WHOLE_ANEW
            }
        }
    }
}
