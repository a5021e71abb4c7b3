//! Memory that TypeScript lent a lane for as long as it lives, or until it lends other in its place. The buffers belong to one
//! instance of the TypeScript module, which keeps them to itself and never detaches them; it and the addon take turns on
//! one thread.

#![allow(unsafe_code, reason = "writing to lent memory")]

use crate::registers::Registers;
#[cfg(unix)]
use ferropool_lane::Outbox;
use napi::bindgen_prelude::{Float64Array, Int32Array, Uint8Array};

#[cfg(unix)]
/// The buffers that TypeScript lent for completions: two of each, so that nothing that JavaScript may
/// still be reading is written.
pub(crate) struct Buffers {
    pairs: [(Uint8Array, Int32Array); 2],
    next: usize,
}

#[cfg(unix)]
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

/// Numbers that the shortest calls take and leave.
pub(crate) struct LentRegisters(Int32Array);

impl LentRegisters {
    /// `None` where there are not five.
    pub(crate) fn new(lent: Int32Array) -> Option<Self> {
        (lent.len() == 5).then_some(Self(lent))
    }

    pub(crate) fn values(&mut self) -> &mut Registers {
        // SAFETY: see the head of this file; TypeScript is suspended in the call that reads and writes.
        let lent = unsafe { self.0.as_mut() };
        lent.try_into().expect("BUG: there are five")
    }
}

/// Numbers that TypeScript reads after the call that writes them.
pub(crate) struct LentNumbers(pub(crate) Float64Array);

impl LentNumbers {
    pub(crate) fn as_mut(&mut self) -> &mut [f64] {
        // SAFETY: see the head of this file; TypeScript is suspended in the call that writes.
        unsafe { self.0.as_mut() }
    }
}

/// Bytes that TypeScript reads after the call that writes them.
pub(crate) struct LentBytes(pub(crate) Uint8Array);

impl LentBytes {
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: see the head of this file; TypeScript is suspended in the call that writes.
        unsafe { self.0.as_mut() }
    }
}
