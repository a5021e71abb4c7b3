//! Parsing allocates nothing, whatever the lengths claim; writing to a warm buffer neither.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ferropool_wire::op_msg::{self, flags};
use ferropool_wire::{Appender, Document, OpMsg, frame_length};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; the counter is a thread-local without
// destructor and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn write(buffer: &mut Vec<u8>, document: &[u8], sequences: usize) {
    buffer.clear();
    let start = op_msg::begin(buffer, 1, flags::CHECKSUM_PRESENT);
    op_msg::push_body(buffer, document);
    for _ in 0..sequences {
        op_msg::push_sequence(buffer, "documents", [document, document]);
    }
    op_msg::finish(buffer, start).unwrap();
}

fn document(buffer: &mut Vec<u8>) {
    buffer.clear();
    let mut appender = Appender::begin(buffer);
    appender.double("ok", 1.0).document("cursor", |cursor| {
        cursor
            .int64("id", 0)
            .array("firstBatch", [1, 2], |batch, index, item| {
                batch.int32(index, item);
            });
    });
    appender.finish();
}

#[test]
fn writing_and_parsing_in_warm_buffers() {
    let (mut body, mut message) = (Vec::with_capacity(1024), Vec::with_capacity(4096));
    for sequences in [0, 3] {
        let count = allocations(|| {
            document(&mut body);
            write(&mut message, &body, sequences);
            let parsed = OpMsg::parse(&message).unwrap();
            assert_eq!(parsed.sequences().count(), sequences);
            let reply = parsed.document();
            assert!(reply.get("ok").unwrap().unwrap().as_bool_like());
            assert_eq!(reply.elements().count(), 2);
        });
        assert_eq!(count, 0);
    }
}

#[test]
fn hostile_lengths() {
    let hostile = i32::MAX.to_le_bytes();
    let mut document = vec![16, 0, 0, 0, 0x02, b'a', 0];
    document.extend(hostile);
    document.resize(16, 0);
    let mut message = vec![];
    let start = op_msg::begin(&mut message, 1, 0);
    message.push(1);
    message.extend(hostile);
    op_msg::finish(&mut message, start).unwrap();

    let count = allocations(|| {
        assert!(frame_length(&hostile, 48_000_000).is_err());
        assert!(OpMsg::parse(&message).is_err());
        assert!(Document::new(&hostile).is_err());
        assert!(Document::new(&document).unwrap().get("b").is_err());
    });
    assert_eq!(count, 0);
}
