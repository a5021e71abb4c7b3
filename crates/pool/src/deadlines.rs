//! The one store of deadlines beside a pool: an indexed binary heap, so that a deadline that is met
//! leaves nothing behind.

use slab::Slab;
use std::time::Instant;

/// A place in [`Deadlines`], valid until it is removed or popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeadlineId(u32);

/// Deadlines by instant, each with what it is the deadline of.
#[derive(Debug)]
pub(crate) struct Deadlines<T> {
    entries: Slab<Entry<T>>,
    /// Keys of `entries`, ordered as a binary min-heap by `Entry::at`.
    heap: Vec<u32>,
}

#[derive(Debug)]
struct Entry<T> {
    at: Instant,
    of: T,
    position: u32,
}

impl<T: Copy> Deadlines<T> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Slab::new(),
            heap: Vec::new(),
        }
    }

    /// The earliest deadline.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.heap.first().map(|key| self.entries[*key as usize].at)
    }

    pub(crate) fn insert(&mut self, at: Instant, of: T) -> DeadlineId {
        let position = self.heap.len();
        let key = self.entries.insert(Entry {
            at,
            of,
            position: position as u32,
        }) as u32;
        self.heap.push(key);
        self.rise(position);
        DeadlineId(key)
    }

    pub(crate) fn remove(&mut self, id: DeadlineId) -> T {
        let entry = self.entries.remove(id.0 as usize);
        let position = entry.position as usize;
        self.heap.swap_remove(position);
        if position < self.heap.len() {
            self.entries[self.heap[position] as usize].position = position as u32;
            self.rise(position);
            self.sink(position);
        }
        entry.of
    }

    /// The earliest deadline if it is due, taken out.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T> {
        let first = *self.heap.first()?;
        (self.entries[first as usize].at <= now).then(|| self.remove(DeadlineId(first)))
    }

    fn at(&self, position: usize) -> Instant {
        self.entries[self.heap[position] as usize].at
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.entries[self.heap[a] as usize].position = a as u32;
        self.entries[self.heap[b] as usize].position = b as u32;
    }

    fn rise(&mut self, mut position: usize) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.at(parent) <= self.at(position) {
                return;
            }
            self.swap(parent, position);
            position = parent;
        }
    }

    fn sink(&mut self, mut position: usize) {
        loop {
            let child = 2 * position + 1;
            if child >= self.heap.len() {
                return;
            }
            let sibling = child + 1;
            let smaller = match sibling < self.heap.len() && self.at(sibling) < self.at(child) {
                true => sibling,
                false => child,
            };
            if self.at(position) <= self.at(smaller) {
                return;
            }
            self.swap(position, smaller);
            position = smaller;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Deadlines;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    proptest! {
        #[test]
        fn pops_in_order_whatever_was_removed(times in prop::collection::vec((0u64..50, any::<bool>()), 0..60)) {
            let base = Instant::now();
            let mut deadlines = Deadlines::new();
            let ids: Vec<_> = times.iter().map(|(ms, _)| deadlines.insert(base + Duration::from_millis(*ms), *ms)).collect();
            for (id, (ms, keep)) in ids.into_iter().zip(&times) {
                if !keep {
                    prop_assert_eq!(deadlines.remove(id), *ms);
                }
            }
            let mut expected: Vec<u64> = times.iter().filter(|(_, keep)| *keep).map(|(ms, _)| *ms).collect();
            expected.sort_unstable();
            prop_assert_eq!(deadlines.earliest(), expected.first().map(|ms| base + Duration::from_millis(*ms)));
            let popped: Vec<u64> = std::iter::from_fn(|| deadlines.pop_due(base + Duration::from_secs(1))).collect();
            prop_assert_eq!(popped, expected);
            prop_assert_eq!(deadlines.earliest(), None);
        }
    }

    #[test]
    fn what_is_not_due_stays() {
        let base = Instant::now();
        let mut deadlines = Deadlines::new();
        deadlines.insert(base + Duration::from_millis(2), 'b');
        deadlines.insert(base + Duration::from_millis(1), 'a');
        assert_eq!(deadlines.pop_due(base), None);
        assert_eq!(
            deadlines.pop_due(base + Duration::from_millis(1)),
            Some('a')
        );
        assert_eq!(deadlines.pop_due(base + Duration::from_millis(1)), None);
    }
}
