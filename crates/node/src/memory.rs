use ferropool_lane::Outbox;
use napi::bindgen_prelude::{Int32Array, Uint8Array};

/// The buffers that TypeScript lent for completions: two of each, so that nothing that JavaScript may
/// still be reading is written.
pub(crate) struct Buffers {
    pairs: [(Uint8Array, Int32Array); 2],
    next: usize,
}

impl Buffers {
    pub(crate) fn new(slabs: [Uint8Array; 2], records: [Int32Array; 2]) -> Self {
        let [a, b] = slabs;
        let [c, d] = records;
        Self {
            pairs: [(a, c), (b, d)],
            next: 0,
        }
    }

    /// The pair whose turn it is, and its number.
    #[allow(unsafe_code, reason = "writing to lent memory")]
    pub(crate) fn next<R>(&mut self, write: impl FnOnce(&mut Outbox<'_>) -> R) -> (R, u32) {
        let number = self.next;
        self.next ^= 1;
        let (slab, records) = &mut self.pairs[number];
        // SAFETY: the memory belongs to array buffers that the TypeScript module keeps to itself, never
        // detaches, and reads only inside the callback that this pair is announced with. That callback
        // runs on this thread, after `write` has returned.
        let (slab, records) = unsafe { (slab.as_mut(), records.as_mut()) };
        (write(&mut Outbox::new(slab, records)), number as u32)
    }
}
