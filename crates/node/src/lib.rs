//! The N-API edge: convert, call, convert.
//!
//! [`exports`] is everything that TypeScript sees, each function one call into a [`lane::Lane`]. That
//! decides nothing: arguments become bytes and numbers, the engine acts, and what completes crosses back
//! through buffers that TypeScript lent.
//!
//! `unsafe` is in six files: `uv.rs` (libuv's functions), `event_loop.rs` and `tokio_lane.rs` (who drives
//! the lane, and who is told when the environment ends), `memory.rs` (what TypeScript lends), `text.rs` (how strings
//! are made), `fork.rs`.

#[cfg(unix)]
mod event_loop;
mod events;
pub mod exports;
mod fork;
mod lane;
mod memory;
mod options;
mod registers;
mod selection_events;
mod shared;
mod tape;
mod text;
mod tokio_lane;
mod topology_events;
#[cfg(unix)]
mod uv;
