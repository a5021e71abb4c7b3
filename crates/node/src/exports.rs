//! What TypeScript calls. A lane is a number: an object with methods costs ten times as much at each
//! call as a function of numbers.

/// Commands.
pub mod commands;
/// The shortest calls.
pub mod registers;
/// Sessions and transactions.
pub mod sessions;
/// Decoding.
pub mod tape;

use crate::lane::Lane;
use ferropool_client::{Selections, Subscription};
use napi::bindgen_prelude::{Buffer, Float64Array, FnArgs, Function, Int32Array, Uint8Array};
use napi::{Env, Error, Result};
use napi_derive::napi;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    /// The lanes of this thread's environment.
    static LANES: RefCell<Vec<Option<Rc<Lane>>>> = const { RefCell::new(Vec::new()) };
}

const ENDED: &str = "the lane's environment has ended";

/// What runs no JavaScript can borrow its lane, if that is still there.
fn with<R>(lane: u32, call: impl FnOnce(&Lane) -> R) -> Option<R> {
    LANES.with_borrow(|lanes| match lanes.get(lane as usize) {
        Some(Some(lane)) => Some(call(lane)),
        _ => None,
    })
}

fn ended() -> Error {
    Error::from_reason(ENDED)
}

fn find(lane: u32) -> Result<Rc<Lane>> {
    LANES
        .with_borrow(|lanes| lanes.get(lane as usize).cloned().flatten())
        .ok_or_else(ended)
}

/// What TypeScript lends a lane, for as long as it lives.
#[napi(object)]
pub struct LentBuffers {
    /// Two buffers for replies.
    pub slabs: (Uint8Array, Uint8Array),
    /// Two arrays for completions, seven numbers each.
    pub records: (Int32Array, Int32Array),
    /// Where a command's BSON is put before `command` is called.
    pub send: Uint8Array,
    /// For events, nine numbers each, and whether there is no room for the next one's document.
    pub events: Float64Array,
    /// For the documents of events, until other memory is lent for them.
    pub documents: Uint8Array,
}

/// Opens a lane: driven by the environment's event loop, or else by tokio.
#[napi(catch_unwind)]
pub fn open_lane(
    env: Env,
    event_loop: bool,
    lent: LentBuffers,
    on_turn: Function<'_, FnArgs<(u32, u32, bool)>, ()>,
) -> Result<u32> {
    let lane = Rc::new(Lane::new(env, event_loop, lent, on_turn)?);
    let number = LANES.with_borrow_mut(|lanes| {
        lanes.push(Some(lane));
        lanes.len() - 1
    });
    // While there is an environment to take them back, what it lent is given back.
    env.add_env_cleanup_hook(number, |number| {
        drop(LANES.with_borrow_mut(|lanes| lanes[number].take()));
    })?;
    Ok(number as u32)
}

/// Opens a client from a connection string, or a pool from an address. Options are JSON.
#[napi(catch_unwind)]
pub fn open(
    lane: u32,
    monitored: bool,
    target: String,
    options_json: String,
    platform: String,
) -> Result<u32> {
    find(lane)?.open(monitored, target, options_json, platform)
}

/// Forgets a client that is closed.
#[napi(catch_unwind)]
pub fn detach(lane: u32, client: u32) -> Result<()> {
    find(lane)?.detach(client);
    Ok(())
}

/// Where a client's server of this number is, or was.
#[napi(catch_unwind)]
pub fn server_address(lane: u32, client: u32, server: u32) -> Result<String> {
    Ok(find(lane)?.server_address(client, server))
}

/// The address of a client's server.
#[napi(catch_unwind)]
pub fn address(lane: u32, client: u32) -> Result<String> {
    Ok(find(lane)?.address(client))
}

/// Tells servers of a library that wraps a client, from the next handshake on.
#[napi(catch_unwind)]
pub fn append_metadata(
    lane: u32,
    client: u32,
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
) -> Result<()> {
    find(lane)?.append_metadata(client, [name, version, platform])
}

/// Answers a client's request for credentials: JSON, or the text of the error that its callback ended with.
#[napi(catch_unwind)]
pub fn supply(lane: u32, client: u32, request: u32, answer: String, failed: bool) -> Result<()> {
    find(lane)?.supply(client, request, answer, failed);
    Ok(())
}

/// A client's options as JSON, **with their secrets**.
#[napi(catch_unwind)]
pub fn describe(lane: u32, client: u32) -> Result<String> {
    Ok(find(lane)?.describe(client))
}

/// What was ignored of a client's options.
#[napi(catch_unwind)]
pub fn warnings(lane: u32, client: u32) -> Result<Vec<String>> {
    Ok(find(lane)?.warnings(client))
}

/// A number for a database's name.
#[napi(catch_unwind)]
pub fn intern_database(lane: u32, name: String) -> Result<u32> {
    Ok(find(lane)?.intern_database(name))
}

/// Says whether somebody listens to a client's pools, commands and topology, and to selections: 0 for no, 1 for those
/// that wait, 2 for all steps.
#[napi(catch_unwind)]
pub fn subscribe(
    lane: u32,
    client: u32,
    pools: bool,
    commands: bool,
    topology: bool,
    selections: u32,
) -> Result<()> {
    let to = Subscription {
        pools,
        commands,
        topology,
        selections: match selections {
            0 => Selections::None,
            1 => Selections::Waiting,
            _ => Selections::All,
        },
    };
    find(lane)?.subscribe(client, to);
    Ok(())
}

/// Completes with a text when the client's server can be used; a negative time-out is the client's, an infinite one none.
#[napi(catch_unwind)]
pub fn connect(lane: u32, client: u32, slot: u32, timeout_ms: f64) -> Result<()> {
    find(lane)?.connect(client, slot, timeout_ms);
    Ok(())
}

/// Completes with a text when so many connections are established; a negative number is
/// `minPoolSize`.
#[napi(catch_unwind)]
pub fn warm(lane: u32, client: u32, slot: u32, connections: i32) -> Result<()> {
    find(lane)?.warm(client, slot, connections);
    Ok(())
}

/// Completes with a text when the client is closed; a negative drain time is no limit.
#[napi(catch_unwind)]
pub fn close(lane: u32, client: u32, slot: u32, drain_ms: f64) -> Result<()> {
    find(lane)?.close(client, slot, drain_ms);
    Ok(())
}

/// Completes with a connection.
#[napi(catch_unwind)]
pub fn check_out(
    lane: u32,
    client: u32,
    slot: u32,
    preference: u32,
    timeout_ms: f64,
) -> Result<()> {
    find(lane)?.check_out(client, slot, preference, timeout_ms);
    Ok(())
}

/// Gives an operation up.
#[napi(catch_unwind)]
pub fn cancel(lane: u32, slot: u32) -> Result<()> {
    find(lane)?.cancel(slot);
    Ok(())
}

/// Marks a pool as ready.
#[napi(catch_unwind)]
pub fn ready(lane: u32, client: u32) -> Result<()> {
    find(lane)?.ready(client);
    Ok(())
}

/// Clears a pool, or one service of it.
#[napi(catch_unwind)]
pub fn clear(
    lane: u32,
    client: u32,
    interrupt_in_use: bool,
    service_id: Option<Uint8Array>,
) -> Result<()> {
    find(lane)?.clear(client, interrupt_in_use, service_id);
    Ok(())
}

/// A pool's statistics as JSON.
#[napi(catch_unwind)]
pub fn stats(lane: u32, client: u32) -> Result<String> {
    Ok(find(lane)?.stats(client))
}

/// Operations that have not completed.
#[napi(catch_unwind)]
pub fn in_flight(lane: u32) -> Result<u32> {
    Ok(find(lane)?.in_flight())
}

/// A reply that no slab could hold, once: the last bytes of what this gives, as many as the completion said. The memory is its own.
#[napi(catch_unwind)]
pub fn take_large(lane: u32, number: u32) -> Result<Option<Buffer>> {
    Ok(find(lane)?.take_large(number))
}

/// Puts the next events and their documents into the buffers that were lent for them, and says how many. Behind the events stands 1 if
/// there are more, and other memory is needed for their documents.
#[napi(catch_unwind)]
pub fn drain_events(lane: u32) -> Result<u32> {
    with(lane, Lane::drain_events).ok_or_else(ended)
}

/// Lends a lane other memory for the documents of events. What it was lent before it writes to no more.
#[napi(catch_unwind)]
pub fn lend_documents(lane: u32, documents: Uint8Array) -> Result<()> {
    with(lane, |lane| lane.lend_documents(documents)).ok_or_else(ended)
}

/// The text of an event of the last drain.
#[napi(catch_unwind)]
pub fn event_text(lane: u32, index: u32) -> Result<Option<String>> {
    Ok(find(lane)?.event_text(index))
}

/// A document of an event of the last drain that had no room among the others, once.
#[napi(catch_unwind)]
pub fn event_document(lane: u32, index: u32) -> Result<Option<Buffer>> {
    Ok(find(lane)?.event_document(index))
}
