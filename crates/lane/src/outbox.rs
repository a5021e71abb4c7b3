/// Where one turn's completions go: buffers that the driver lends for the turn and reads after it.
#[derive(Debug)]
pub struct Outbox<'a> {
    slab: &'a mut [u8],
    used: usize,
    records: &'a mut [i32],
    count: usize,
}

/// One completion, as six numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The operation.
    pub slot: u32,
    /// What the bytes are; the lane does not look at it.
    pub kind: i32,
    /// Where they begin: in the slab, or the number of a buffer of their own.
    pub offset: u32,
    /// How many there are.
    pub length: u32,
    /// Two more numbers that belong to the kind.
    pub extra: [i32; 3],
}

impl Record {
    /// Numbers in a record.
    pub const WIDTH: usize = 7;
}

impl<'a> Outbox<'a> {
    /// Replies are read into the slab where at least this much of it is left, in bytes.
    const READ: usize = 64 << 10;

    /// An empty outbox over lent buffers. The slab needs at least 64 KiB.
    pub fn new(slab: &'a mut [u8], records: &'a mut [i32]) -> Self {
        Self {
            slab,
            used: 0,
            records,
            count: 0,
        }
    }

    /// Completions so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bytes of the slab that are used so far.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Whether another reply can be read into the slab and recorded. Otherwise the turn ends, and
    /// level triggering resumes it.
    pub fn has_room(&self) -> bool {
        self.slab.len() - self.used >= Self::READ && self.has_record()
    }

    /// Whether another completion can be recorded.
    pub fn has_record(&self) -> bool {
        (self.count + 1) * Record::WIDTH <= self.records.len()
    }

    /// Room for `length` bytes, if there is that much.
    pub fn fits(&self, length: usize) -> bool {
        self.slab.len() - self.used >= length
    }

    /// The unused part of the slab.
    pub fn spare(&mut self) -> &mut [u8] {
        &mut self.slab[self.used..]
    }

    /// Keeps the first `length` bytes of the spare part, and says where they begin.
    pub fn keep(&mut self, length: usize) -> u32 {
        let offset = self.used;
        // Aligned, so that a reader may look at it as numbers.
        self.used = (self.used + length)
            .next_multiple_of(8)
            .min(self.slab.len());
        offset as u32
    }

    /// Copies `bytes`, which must fit, into the slab.
    pub fn copy(&mut self, bytes: &[u8]) -> u32 {
        self.spare()[..bytes.len()].copy_from_slice(bytes);
        self.keep(bytes.len())
    }

    /// Records a completion, for which there must be room.
    pub fn record(&mut self, record: Record) {
        let at = self.count * Record::WIDTH;
        self.records[at..at + Record::WIDTH].copy_from_slice(&[
            record.slot as i32,
            record.kind,
            record.offset as i32,
            record.length as i32,
            record.extra[0],
            record.extra[1],
            record.extra[2],
        ]);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Outbox, Record};

    #[test]
    fn bytes_and_records_are_where_it_says() {
        let (mut slab, mut records) = (vec![0; 70 << 10], [0; 14]);
        let mut outbox = Outbox::new(&mut slab, &mut records);
        for slot in 0..2 {
            assert!(outbox.has_record());
            let offset = outbox.copy(&[slot; 5]);
            outbox.record(Record {
                slot: slot.into(),
                kind: 9,
                offset,
                length: 5,
                extra: [1, 2, 3],
            });
        }
        assert!(!outbox.has_record() && !outbox.has_room() && outbox.fits(1));
        assert_eq!(records, [0, 9, 0, 5, 1, 2, 3, 1, 9, 8, 5, 1, 2, 3]);
        assert_eq!(&slab[8..14], [1, 1, 1, 1, 1, 0]);
    }
}
