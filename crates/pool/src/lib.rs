//! The connection pool of the Connection Monitoring and Pooling (CMAP) specification, with no
//! socket and no BSON in it.
//!
//! Read in this order: [`state`] decides, [`pool`] locks, everything else is a part of one of them.
//!
//! **Invariants**
//! - [`State`] never sleeps, locks, spawns or reads a clock: `now` is an argument, and whatever has
//!   to happen outside is appended to the caller's [`Effects`].
//! - `pool.rs` is the only file that locks. Effects are carried out after the lock is released.
//! - This crate knows neither what a connection is nor who waits for it ([`Types`]).

#![forbid(unsafe_code)]

mod chain;
mod clock;
mod deadlines;
mod effects;
mod error;
mod event;
pub mod fork;
mod generation;
mod ids;
mod link;
mod options;
mod permit;
mod pool;
mod queue;
mod records;
mod state;
mod stats;
mod types;

pub use effects::{
    CheckIn, CheckOut, CheckOutResult, CheckedOut, Condition, Effects, Ended, Establish, Request,
    Settled,
};
pub use error::{CheckOutError, Holder, Timeout};
pub use event::{ClosedReason, Event, EventKind, FailedReason};
pub use ids::{ConnectionId, Key, Origin, PoolId, ServiceId, Ticket};
pub use link::{Link, Sever};
pub use options::{Background, PoolOptions};
pub use permit::Permit;
pub use pool::{Connector, Deferred, Pool};
pub use state::{Clears, State};
pub use stats::{Counters, PoolStats, Purpose, Status};
pub use types::Types;
