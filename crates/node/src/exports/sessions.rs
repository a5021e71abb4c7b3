use super::find;
use ferropool_client::SessionOptions;
use napi::Result;
use napi::bindgen_prelude::{Buffer, Uint8Array};
use napi_derive::napi;

/// Starts a session, and says its number.
#[napi(catch_unwind)]
pub fn start_session(
    lane: u32,
    client: u32,
    implicit: bool,
    causal: bool,
    snapshot: bool,
) -> Result<u32> {
    let options = SessionOptions {
        implicit,
        causal,
        snapshot,
    };
    Ok(find(lane)?.start_session(client, options))
}

/// Ends a session.
#[napi(catch_unwind)]
pub fn end_session(lane: u32, client: u32, session: u32) -> Result<()> {
    find(lane)?.end_session(client, session);
    Ok(())
}

/// A session as BSON: `lsid`, `state`, `isDirty`, `isPinned` and what there is of `server`, `operationTime`, `clusterTime`,
/// `snapshotTime`, `recoveryToken`.
#[napi(catch_unwind)]
pub fn describe_session(lane: u32, client: u32, session: u32) -> Result<Buffer> {
    find(lane)?.describe_session(client, session)
}

/// Advances a session's times to those in a BSON document.
#[napi(catch_unwind)]
pub fn advance_session(lane: u32, client: u32, session: u32, to: Uint8Array) -> Result<()> {
    find(lane)?.advance_session(client, session, &to)
}

/// Starts a transaction, with options as BSON.
#[napi(catch_unwind)]
pub fn start_transaction(lane: u32, client: u32, session: u32, options: Uint8Array) -> Result<()> {
    find(lane)?.start_transaction(client, session, &options)
}

/// Commits a transaction, or aborts it. Completes with the reply, or as written where no server knows of it.
#[napi(catch_unwind)]
pub fn end_transaction(
    lane: u32,
    client: u32,
    slot: u32,
    session: u32,
    commits: bool,
    timeout_ms: f64,
) -> Result<()> {
    find(lane)?.end_transaction(client, slot, session, commits, timeout_ms);
    Ok(())
}
