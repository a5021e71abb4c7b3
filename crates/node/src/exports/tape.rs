use crate::tape::{Room, Tape};
use crate::text;
use napi::bindgen_prelude::{ArrayBuffer, Buffer, Float64Array, Uint8Array, Unknown};
use napi::{Env, Error, Result};
use napi_derive::napi;
use std::cell::RefCell;

thread_local! {
    /// The tapes of this thread's environment.
    static TAPES: RefCell<Vec<Option<Tape>>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn with_tape<R>(tape: u32, use_it: impl FnOnce(&mut Tape) -> R) -> Result<R> {
    TAPES.with_borrow_mut(|tapes| match tapes.get_mut(tape as usize) {
        Some(Some(tape)) => Ok(use_it(tape)),
        _ => Err(Error::from_reason("the tape's environment has ended")),
    })
}

/// Opens a tape that is written to these.
#[napi(catch_unwind)]
pub fn open_tape(env: Env, numbers: Float64Array, text: Uint8Array) -> Result<u32> {
    let number = TAPES.with_borrow_mut(|tapes| {
        tapes.push(Some(Tape::new(Room::new(numbers, text))));
        tapes.len() - 1
    });
    // While there is an environment to take them back, what it lent is given back.
    env.add_env_cleanup_hook(number, |number| {
        drop(TAPES.with_borrow_mut(|tapes| tapes[number].take()));
    })?;
    Ok(number as u32)
}

/// A function that gives the next chunk of a tape's text.
#[napi(catch_unwind, ts_return_type = "() => string")]
pub fn text_reader(env: Env, tape: u32) -> Result<Unknown<'static>> {
    text::reader(env, tape)
}

/// Lends a tape a buffer that replies will be in; gives its number.
#[napi(catch_unwind)]
pub fn lend_source(tape: u32, source: Uint8Array) -> Result<u32> {
    with_tape(tape, |tape| tape.lend(source))
}

/// Flattens a reply: 0 where BSON has to be decoded, 1 where there is too little room, 2 or 3 when it is on the
/// tape; 3 if all descriptions of before have been forgotten.
#[napi(catch_unwind)]
pub fn flatten(tape: u32, source: u32, offset: u32, length: u32) -> Result<u32> {
    with_tape(tape, |tape| tape.flatten(source, offset, length))
}

/// Flattens a reply that is not in a lent buffer into other room than the tape's.
#[napi(catch_unwind)]
pub fn flatten_in(
    tape: u32,
    body: Uint8Array,
    numbers: Float64Array,
    text: Uint8Array,
) -> Result<u32> {
    let room = Room::new(numbers, text);
    with_tape(tape, |tape| tape.flatten_in(&body, room))
}

/// Flattens some of the documents that stand in a reply from `at` to `end`, as an array's elements: 0, 2 and 3 as `flatten`; 1 where
/// not even the first has room.
#[napi(catch_unwind)]
pub fn flatten_part(tape: u32, body: Uint8Array, at: u32, end: u32) -> Result<u32> {
    with_tape(tape, |tape| tape.flatten_part(&body, at, end))
}

/// How many documents they are; `null` if they are not all documents.
#[napi(catch_unwind)]
pub fn count_documents(tape: u32, body: Uint8Array, at: u32, end: u32) -> Result<Option<u32>> {
    with_tape(tape, |tape| tape.count(&body, at, end))
}

/// A shape by its number: for each field its kind, its key, a NUL.
#[napi(catch_unwind)]
pub fn description(tape: u32, number: u32) -> Result<Option<Buffer>> {
    with_tape(tape, |tape| tape.description(number))
}

/// Frees memory that nothing refers to any more. The engine counts what is large for its own, so that a few replies or bulk writes cause a
/// collection of everything.
#[napi(catch_unwind)]
pub fn free_memory(memory: ArrayBuffer<'_>) {
    // An engine that does not detach it collects it.
    drop(memory.detach());
}
