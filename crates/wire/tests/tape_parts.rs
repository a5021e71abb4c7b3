//! A large batch on the tape, part by part.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_wire::Appender;
use ferropool_wire::tape::{Flattened, Flattener};
use proptest::prelude::*;

/// The elements of an array of documents, with the length before them and the zero behind.
fn batch(texts: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut appender = Appender::begin(&mut bytes);
    for (index, &text) in texts.iter().enumerate() {
        appender.document(&index.to_string(), |document| {
            document
                .int32("_id", index as i32)
                .string("text", &"x".repeat(text));
        });
    }
    appender.finish();
    bytes
}

struct Tape {
    flattener: Flattener,
    numbers: Vec<f64>,
    text: Vec<u8>,
}

impl Tape {
    fn with_room(slots: usize, text: usize) -> Self {
        Self {
            flattener: Flattener::default(),
            numbers: vec![0.0; slots],
            text: vec![0; text],
        }
    }

    fn part(&mut self, bytes: &[u8], at: usize) -> (Flattened, usize, usize) {
        let (numbers, text) = (&mut self.numbers, &mut self.text);
        let end = bytes.len() - 1;
        let flattened = self.flattener.flatten_part(bytes, at, end, numbers, text);
        (
            flattened,
            self.numbers[0] as usize,
            self.numbers[1] as usize,
        )
    }

    /// How many documents each part has.
    fn parts(&mut self, bytes: &[u8]) -> Vec<usize> {
        let (mut at, mut counts) = (4, Vec::new());
        while at < bytes.len() - 1 {
            let (flattened, count, next) = self.part(bytes, at);
            assert_eq!(flattened, Flattened::Whole);
            assert!(count > 0 && next > at);
            (at, _) = (next, counts.push(count));
        }
        assert_eq!(at, bytes.len() - 1);
        counts
    }
}

#[test]
fn a_part_ends_after_so_many_bytes() {
    let bytes = batch(&[10_000; 20]);
    assert_eq!(Tape::with_room(4096, 1 << 20).parts(&bytes), [7, 7, 6]);
}

#[test]
fn a_part_ends_where_there_is_no_more_room() {
    let bytes = batch(&[100; 20]);
    // Once the shape is known, a text of a hundred bytes needs as many.
    let mut tape = Tape::with_room(4096, 350);
    tape.parts(&bytes);
    assert_eq!(tape.parts(&bytes), [3, 3, 3, 3, 3, 3, 2]);
}

#[test]
fn one_that_has_no_room_at_all_is_said() {
    let bytes = batch(&[10, 10, 500]);
    let mut tape = Tape::with_room(4096, 350);
    for _ in 0..4 {
        let (_, count, next) = tape.part(&bytes, 4);
        assert_eq!((count, tape.part(&bytes, next).0), (2, Flattened::NoRoom));
    }
}

#[test]
fn what_is_not_a_document_is_unfit_and_cannot_be_counted() {
    let mut bytes = Vec::new();
    let mut appender = Appender::begin(&mut bytes);
    appender.document("0", |_| {}).int32("1", 1);
    appender.finish();
    let mut tape = Tape::with_room(4096, 350);
    assert_eq!(tape.part(&bytes, 4).0, Flattened::Unfit);
    assert_eq!(tape.flattener.count(&bytes, 4, bytes.len() - 1), None);
}

#[test]
fn a_part_allocates_nothing_once_it_is_warm() {
    let bytes = batch(&[100; 200]);
    let mut tape = Tape::with_room(4096, 1 << 20);
    tape.parts(&bytes);
    let info = allocation_counter::measure(|| {
        assert_eq!(tape.part(&bytes, 4).1, 200);
    });
    assert_eq!(info.count_total, 0);
}

proptest! {
    #[test]
    fn together_they_are_all(texts in prop::collection::vec(0..30_000_usize, 1..40)) {
        let bytes = batch(&texts);
        let mut tape = Tape::with_room(4096, 1 << 20);
        for _ in 0..3 {
            prop_assert_eq!(tape.parts(&bytes).iter().sum::<usize>(), texts.len());
        }
        let count = tape.flattener.count(&bytes, 4, bytes.len() - 1);
        prop_assert_eq!(count, Some(texts.len() as u32));
    }

    #[test]
    fn damage_never_panics(
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        (at, end) in (0..2000_usize, 0..2000_usize),
    ) {
        let mut bytes = batch(&[20; 20]);
        for (at, byte) in damages {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut tape = Tape::with_room(4096, 1 << 16);
        for _ in 0..4 {
            let Tape { flattener, numbers, text } = &mut tape;
            flattener.flatten_part(&bytes, at, end, numbers, text);
            flattener.count(&bytes, at, end);
            tape.part(&bytes, 4);
        }
    }
}
