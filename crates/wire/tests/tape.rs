//! What reaches the tape, and that nothing makes the writer panic or, once it is warm, allocate.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_wire::Appender;
use ferropool_wire::tape::{Flattened, Flattener, Kind};
use proptest::prelude::*;

/// A flattener and its room.
struct Tape {
    flattener: Flattener,
    numbers: Vec<f64>,
    text: Vec<u8>,
}

impl Tape {
    fn new() -> Self {
        Self::with_room(4096, 1 << 16)
    }

    fn with_room(slots: usize, text: usize) -> Self {
        Self {
            flattener: Flattener::default(),
            numbers: vec![0.0; slots],
            text: vec![0; text],
        }
    }

    fn flatten(&mut self, body: &[u8]) -> Flattened {
        self.flattener
            .flatten(body, &mut self.numbers, &mut self.text)
    }

    /// The slots of a document, when it has been met often enough.
    fn slots(&mut self, body: &[u8]) -> Vec<f64> {
        for _ in 0..4 {
            self.flatten(body);
        }
        assert_eq!(self.flatten(body), Flattened::Whole);
        self.numbers[1..self.numbers[0] as usize].to_vec()
    }
}

fn document(write: impl FnOnce(&mut Appender<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut appender = Appender::begin(&mut bytes);
    write(&mut appender);
    appender.finish();
    bytes
}

/// A reply with documents in its batch.
fn reply(documents: usize, write: impl Fn(&mut Appender<'_>, usize)) -> Vec<u8> {
    document(|reply| {
        reply
            .document("cursor", |cursor| {
                cursor
                    .array("firstBatch", 0..documents, |batch, index, number| {
                        batch.document(index, |document| write(document, number));
                    })
                    .int64("id", 0)
                    .string("ns", "shop.orders");
            })
            .double("ok", 1.0);
    })
}

fn order(document: &mut Appender<'_>, number: usize) {
    document
        .int32("_id", number as i32)
        .string("name", &format!("the name of {number}"))
        .double("total", 1.5)
        .boolean("paid", true)
        .array("tags", ["a", "b"], |tags, index, tag| {
            tags.string(index, tag);
        });
}

#[test]
fn values_stand_in_their_order_behind_a_number() {
    let mut tape = Tape::new();
    let body = document(|reply| {
        reply
            .int32("n", -7)
            .string("text", "text")
            .null("nothing")
            .int64("long", 1 << 53)
            .int64("longer", (1 << 53) + 1)
            .boolean("yes", true);
    });
    let slots = tape.slots(&body);
    assert_eq!(
        slots[1..],
        [-7.0, 4.0, 9_007_199_254_740_992.0, 1.0, 2_097_152.0, 1.0]
    );
    let expected = [
        (Kind::Int32, "n"),
        (Kind::Text, "text"),
        (Kind::Null, "nothing"),
        (Kind::Number, "long"),
        (Kind::Int64, "longer"),
        (Kind::Boolean, "yes"),
    ];
    let expected: Vec<u8> = expected
        .iter()
        .flat_map(|(kind, key)| [&[*kind as u8], key.as_bytes(), &[0]].concat())
        .collect();
    let description = tape.flattener.description(slots[0] as u32);
    assert_eq!(description, Some(&expected[..]));
    assert_eq!(&tape.text[..4], b"text");
}

#[test]
fn a_field_of_two_kinds_says_which() {
    let mut tape = Tape::new();
    let (text, null) = (
        document(|reply| {
            reply.string("a", "x");
        }),
        document(|reply| {
            reply.null("a");
        }),
    );
    let first = tape.slots(&text)[0];
    let slots = tape.slots(&null);
    assert_eq!(slots[1..], [f64::from(Kind::Null as u8)]);
    assert_eq!(tape.slots(&text)[1..], [f64::from(Kind::Text as u8), 1.0]);
    assert_ne!(first, slots[0]);
    assert_eq!(tape.slots(&text)[0], slots[0]);
}

#[test]
fn text_is_latin_or_wide() {
    let mut tape = Tape::new();
    let body = document(|reply| {
        reply.string("a", "naïve").string("b", "東京 😀");
    });
    let slots = tape.slots(&body);
    assert_eq!(slots[1..], [5.0, 5.0]);
    assert_eq!(&tape.text[..5], b"na\xefve");
    let wide: Vec<u8> = "東京 😀"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(&tape.text[6..16], wide);
    let chunks = tape.numbers[0] as usize;
    assert_eq!(tape.numbers[chunks..chunks + 2], [10.0, 11.0]);
}

#[test]
fn a_chunk_is_little_longer_than_its_shortest_string() {
    let mut tape = Tape::with_room(1 << 16, 1 << 20);
    let lengths = [2, 14, 20, 20, 300, 14, 5, 5000, 40, 1, 90];
    let body = document(|reply| {
        reply.array("a", lengths, |array, index, length| {
            array.string(index, &"x".repeat(length));
        });
    });
    tape.slots(&body);
    let mut chunk = tape.numbers[0] as usize;
    let (mut left, mut units) = (0, 0);
    for length in lengths {
        if left == 0 {
            units = tape.numbers[chunk] as usize >> 1;
            (left, chunk) = (units, chunk + 1);
        }
        assert!(length < 13 || units <= 3 * length + 21, "{length} {units}");
        left -= length;
    }
    assert_eq!(left, 0);
}

#[test]
fn keys_that_are_data_and_references_stay_bson() {
    let mut tape = Tape::new();
    for key in ["$ref", "$id", "$db"] {
        let body = document(|reply| {
            reply.int32(key, 1);
        });
        for _ in 0..5 {
            assert_eq!(tape.flatten(&body), Flattened::Unfit);
        }
    }
    for number in 0..5000 {
        let key = format!("user{number}");
        let body = reply(1, |document, _| {
            document.int32(&key, 1);
        });
        assert_eq!(tape.flatten(&body), Flattened::Whole);
        // Its number, how many, that they are documents, and 0: the place of its bytes.
        let batch = &tape.numbers[3..6];
        assert_eq!(batch, [1.0, f64::from(Kind::Document as u8), 0.0]);
    }
}

#[test]
fn too_little_room_is_said() {
    let body = reply(20, order);
    let mut tape = Tape::new();
    tape.slots(&body);
    let slots = tape.numbers[0] as usize;
    for length in 0..slots {
        let Tape {
            flattener,
            numbers,
            text,
        } = &mut tape;
        assert_eq!(
            flattener.flatten(&body, &mut numbers[..length], text),
            Flattened::NoRoom
        );
        assert_eq!(
            flattener.flatten(&body, numbers, &mut text[..length]),
            Flattened::NoRoom
        );
    }
    assert_eq!(tape.flatten(&body), Flattened::Whole);
}

#[test]
fn a_warm_tape_allocates_nothing() {
    let mut tape = Tape::with_room(1 << 16, 1 << 20);
    let body = reply(100, order);
    tape.slots(&body);
    let info = allocation_counter::measure(|| {
        assert_eq!(tape.flatten(&body), Flattened::Whole);
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_reply_without_its_end_is_unfit() {
    let body = reply(3, order);
    let mut tape = Tape::new();
    tape.slots(&body);
    for length in 0..body.len() {
        assert_eq!(tape.flatten(&body[..length]), Flattened::Unfit);
        let mut cut = body[..length].to_vec();
        if let (Some(head), Ok(length)) = (cut.first_chunk_mut(), i32::try_from(length)) {
            *head = length.to_le_bytes();
        }
        assert_eq!(tape.flatten(&cut), Flattened::Unfit);
    }
    assert_eq!(tape.flatten(&[&body[..], &[0]].concat()), Flattened::Unfit);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut tape = Tape::new();
        for _ in 0..4 {
            tape.flatten(&bytes);
        }
    }

    #[test]
    fn a_damaged_reply_never_panics(damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut tape = Tape::new();
        let mut body = reply(3, order);
        tape.slots(&body);
        for (at, byte) in damages {
            let at = at.index(body.len());
            body[at] = byte;
            for _ in 0..4 {
                tape.flatten(&body);
            }
        }
    }
}
