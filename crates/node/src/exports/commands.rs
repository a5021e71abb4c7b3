use super::{ended, find};
use crate::lane::Place;
use crate::registers;
use napi::Result;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

/// Runs the command whose BSON is in the first `length` bytes of the send buffer. `session` is its number, -1 for none,
/// -2 for one of its own; a negative time-out is the client's, an infinite one none.
#[napi(catch_unwind)]
#[allow(
    clippy::too_many_arguments,
    reason = "numbers cross cheaply, an object does not"
)]
pub fn command(
    lane: u32,
    client: u32,
    database: u32,
    slot: u32,
    length: u32,
    profile: u32,
    session: i32,
    timeout_ms: f64,
) -> Result<()> {
    find(lane)?.command(client, database, slot, length, profile, session, timeout_ms);
    Ok(())
}

/// Runs a command that has a buffer of its own, document sequences (as sections) beside it, or a place where it has to go: the number of a
/// server, -1 for none, -2 for a connection by the halves of its token.
#[napi(catch_unwind)]
#[allow(
    clippy::too_many_arguments,
    reason = "numbers cross cheaply, an object does not"
)]
pub fn command_with(
    lane: u32,
    client: u32,
    database: u32,
    slot: u32,
    length: u32,
    profile: u32,
    session: i32,
    timeout_ms: f64,
    body: Option<Uint8Array>,
    sequences: Option<Uint8Array>,
    server: i32,
    token_low: u32,
    token_high: u32,
) -> Result<()> {
    let place = Place {
        server,
        low: token_low,
        high: token_high,
    };
    find(lane)?.command_with(
        client, database, slot, length, profile, session, timeout_ms, body, sequences, &place,
    );
    Ok(())
}

/// Runs a command on a connection that a user holds, from the send buffer or one of its own.
#[napi(catch_unwind)]
#[allow(
    clippy::too_many_arguments,
    reason = "numbers cross cheaply, an object does not"
)]
pub fn command_on(
    lane: u32,
    client: u32,
    token_low: u32,
    token_high: u32,
    database: u32,
    slot: u32,
    length: u32,
    profile: u32,
    timeout_ms: f64,
    body: Option<Uint8Array>,
) -> Result<()> {
    find(lane)?.command_on(
        client, token_low, token_high, database, slot, length, profile, timeout_ms, body,
    )
}

/// Keeps how commands are treated, as BSON, and says its number. The first five are plain commands of each read preference
/// mode.
#[napi(catch_unwind)]
pub fn add_profile(lane: u32, client: u32, profile: Uint8Array) -> Result<u32> {
    find(lane)?.add_profile(client, &profile)
}

/// Puts what every known server with data accepts where tokens are put: the bytes of a document and of a message, and the writes
/// of a command; `false` while none is known.
#[napi(catch_unwind)]
pub fn limits(lane: u32, client: u32) -> Result<bool> {
    let lane = find(lane)?;
    registers::with(|registers| lane.limits(client, registers)).ok_or_else(ended)
}

/// Puts the halves of the token of a connection that is kept for a cursor where those of connections are put; `false` if it
/// has ended.
#[napi(catch_unwind)]
pub fn kept_for_cursor(lane: u32, server: u32, connection: u32) -> Result<bool> {
    let lane = find(lane)?;
    registers::with(|registers| lane.kept_for_cursor(server, connection, registers))
        .ok_or_else(ended)
}

/// Gives a connection back that was kept for a cursor.
#[napi(catch_unwind)]
pub fn release_cursor(lane: u32, token_low: u32, token_high: u32) -> Result<()> {
    find(lane)?.release_cursor(token_low, token_high);
    Ok(())
}
